import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DOCUMENT } from '../../lib/openapi/document.ts';
import { startCommand } from '../support/command.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run types -- FILE`, with a program of the test's own as npm. */
async function run(npm: string) {
  const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const npm_execpath = join(folder, 'npm-cli.js');
  writeFileSync(npm_execpath, npm);
  const file = join(folder, 'types.d.ts');
  writeFileSync(file, 'before');
  const program = join(ROOT, 'lib/tools/types.ts');
  const { ended } = startCommand(program, [file], { npm_execpath }, folder);
  const { code, stderr } = await ended;
  return { code, stderr, text: readFileSync(file, 'utf8') };
}

describe('npm run types', () => {
  it('passes the document to the generator, and writes its output', async () => {
    const { code, text } = await run(`
      const [command, ...args] = process.argv.slice(2);
      console.log('// version');
      console.log('export type A =');
      console.log(require('node:fs').readFileSync(args.at(-1), 'utf8'));
      process.exitCode = command === 'exec' && args.at(-2) === 'openapi-typescript' ? 0 : 1;`);
    expect(code).toBe(0);
    expect(text).toMatch(/^\/\*\*\n \* Types of the API[^/]*\*\/\n\nexport type A =\n/);
    expect(JSON.parse(text.split('export type A =')[1] ?? '')).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
  });

  it('says what to do when npm fails, and leaves the file unchanged', async () => {
    const { code, stderr, text } = await run("console.log('export type A = 1'); process.exitCode = 1;");
    expect({ code, text }).toEqual({ code: 1, text: 'before' });
    expect(stderr).toMatch(/^npm could not .* try again\.\n$/);
  });
});

it('docs/zego-live-list.d.ts has every operation and every schema', () => {
  const text = readFileSync(join(ROOT, 'docs/zego-live-list.d.ts'), 'utf8');
  const operations = Object.values(DOCUMENT.paths).flatMap((methods) => Object.values(methods));
  for (const { operationId } of operations) expect(text).toContain(`operations["${operationId}"]`);
  for (const name of Object.keys(DOCUMENT.components.schemas)) expect(text).toMatch(new RegExp(`^ {8}${name}: `, 'm'));
});
