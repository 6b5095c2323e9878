import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DOCUMENT } from '../../lib/http/openapi.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run types -- FILE`, with a program of the test's own as npx. */
async function run(npx: string) {
  const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, 'npx'), `#!/bin/sh\n${npx}\n`);
  chmodSync(join(folder, 'npx'), 0o755);
  const file = join(folder, 'types.d.ts');
  writeFileSync(file, 'before');
  const { code = 0, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', 'lib/tools/types.ts', file],
    { cwd: ROOT, env: { PATH: [folder, dirname(process.execPath), '/bin', '/usr/bin'].join(':') } },
  ).catch((error) => error);
  return { code, stderr, text: readFileSync(file, 'utf8') };
}

describe('npm run types', () => {
  it('gives the document to the generator, and writes what it makes', async () => {
    const { code, text } = await run('echo "// version"; echo "export type A ="; cat openapi.json');
    expect(code).toBe(0);
    expect(text).toMatch(/^\/\*\*\n \* Types of the API[^/]*\*\/\n\nexport type A =\n/);
    expect(JSON.parse(text.split('export type A =')[1] ?? '')).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
  });

  it('says what to do when npx fails, and leaves the file as it was', async () => {
    const { code, stderr, text } = await run('echo "export type A = 1"; exit 1');
    expect({ code, text }).toEqual({ code: 1, text: 'before' });
    expect(stderr).toMatch(/^npx could not .* try again\.\n$/);
  });
});

it('docs/zego-live-list.d.ts has every operation and every schema', () => {
  const text = readFileSync(join(ROOT, 'docs/zego-live-list.d.ts'), 'utf8');
  const operations = Object.values(DOCUMENT.paths).flatMap((methods) => Object.values(methods));
  for (const { operationId } of operations) expect(text).toContain(`operations["${operationId}"]`);
  for (const name of Object.keys(DOCUMENT.components.schemas)) expect(text).toMatch(new RegExp(`^ {8}${name}: `, 'm'));
});
