import { readdirSync } from 'node:fs';
import { expect, inject, it } from 'vitest';
import { bundle, bundleName } from '../lib/tools/deploy/bundle.ts';

it('no deployed bundle holds a file of tools/, nor the SDK where nothing is stored', async () => {
  const names = Object.values(inject('service').functions).map(({ handler }) => bundleName(handler));
  const { metafile } = await bundle(names, { deployed: true });
  const inputsOf = (name: string) => Object.keys(metafile.outputs[`dist/${name}.js`]?.inputs ?? {});
  for (const name of names) {
    const inputs = inputsOf(name);
    expect(inputs).toContain(`handlers/${name}.ts`);
    expect(inputs.filter((input) => input.includes('lib/tools/'))).toEqual([]);
  }
  const usesStore = (name: string) => inputsOf(name).includes('lib/dynamodb/store.ts');
  const usesSdk = (name: string) => inputsOf(name).some((input) => /node_modules\/@(aws-sdk|smithy)\//.test(input));
  expect(names.filter(usesStore)).toEqual(['callback', 'streams']);
  expect(names.filter(usesSdk)).toEqual(['callback', 'streams']);
});

it('every function of serverless.yml has its handler, and every handler its function', () => {
  const names = Object.values(inject('service').functions).map(({ handler }) => `handlers/${bundleName(handler)}.ts`);
  const files = readdirSync(new URL('../handlers', import.meta.url)).map((name) => `handlers/${name}`);
  expect(files.sort()).toEqual(names.sort());
});
