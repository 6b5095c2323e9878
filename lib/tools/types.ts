import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DOCUMENT } from '../openapi/document.ts';
import { exitWithReader } from './stop.ts';

/**
 * `npm run types [-- FILE]`: TypeScript types of the API, out of its OpenAPI document. The generator needs a compiler
 * with an API, which TypeScript 7 has not, so both are fetched for this one run.
 */
const PACKAGES = ['typescript@5.9', 'openapi-typescript@7.13.0'];
const HEADER = `/**
 * Types of the API, for programs that read it: copy this file. \`npm run types\` makes it, do not change it by hand.
 */

`;

exitWithReader();
const [file = 'docs/zego-live-list.d.ts'] = process.argv.slice(2);
// Outside of the project, where npx would find its TypeScript.
const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-types-'));
try {
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(DOCUMENT));
  const { status, stdout } = runGenerator(folder);
  if (status !== 0) {
    throw new Error(
      `npm could not run the generator; ${file} is unchanged. Let npm reach its registry, and try again.`,
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

/** With the npm that runs this script. npx alone is a batch file on Windows, which only a shell starts. */
function runGenerator(cwd: string) {
  const options: SpawnSyncOptionsWithStringEncoding = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] };
  const npm = process.env.npm_execpath;
  // `-p` is npx's alone.
  const args = ['-y', ...PACKAGES.flatMap((name) => ['--package', name]), '--', 'openapi-typescript', 'openapi.json'];
  if (npm?.endsWith('npm-cli.js')) return spawnSync(process.execPath, [npm, 'exec', ...args], options);
  return spawnSync(['npx', ...args].join(' '), { ...options, shell: true });
}
