import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOCUMENT } from '../http/openapi.ts';

/**
 * `npm run types [-- FILE]`: TypeScript types of the API, out of its OpenAPI document. The generator needs a compiler
 * with an API, which TypeScript 7 has not, so both are fetched for this one run.
 */
const GENERATOR = ['-p', 'typescript@5.9', '-p', 'openapi-typescript@7.13.0', 'openapi-typescript'];
const HEADER = `/**
 * Types of the API, for programs that read it: copy this file. \`npm run types\` makes it, do not change it by hand.
 */

`;

const [file = 'docs/zego-live-list.d.ts'] = process.argv.slice(2);
// Outside of the project, where npx would find its TypeScript.
const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-types-'));
try {
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(DOCUMENT));
  const { status, stdout } = spawnSync('npx', ['-y', ...GENERATOR, 'openapi.json'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) {
    throw new Error(
      `npx could not run the generator, and ${file} is as it was. Let npm reach its registry, and try again.`,
    );
  }
  writeFileSync(file, HEADER + stdout.slice(stdout.indexOf('export ')));
  process.stdout.write(`${file}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
