import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { refusal } = createRequire(import.meta.url)('../../lib/tools/requirements.cjs') as {
  refusal: (version: string, range: string) => string | undefined;
};

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const RANGE: string = manifest.engines.node;

describe('the version of Node', () => {
  it.each([
    ...['v20.19.0', 'v20.20.2', 'v22.13.0', 'v22.23.1', 'v24.0.0', 'v24.21.0', 'v25.0.0', 'v26.1.0', 'v100.0.0'],
    ...['v25.0.0-nightly2026112812ab34', 'v24.0.0-rc.1', 'v22.13.0-rc.2', '24.0.0'],
  ])('%s works', (version) => {
    expect(refusal(version, RANGE)).toBeUndefined();
  });

  it.each([
    ...['v16.20.2', 'v18.20.8', 'v19.9.0', 'v20.0.0', 'v20.18.3', 'v21.7.3', 'v22.0.0', 'v22.12.0', 'v23.11.0'],
    ...['v22.12.0-rc.1', 'v23.0.0-nightly2024', 'v2.20.0'],
  ])('%s is refused with one sentence, which names it and those that work', (version) => {
    expect(refusal(version, RANGE)).toBe(
      `Node ${version.slice(1)} is not supported: install Node 20 (20.19 or later), 22 (22.13 or later), or 24 or later.`,
    );
  });

  it('takes a range with a least minor version of the last one, and refuses a range that it cannot read', () => {
    expect(refusal('v24.1.0', '>=24.2')).toBe('Node 24.1.0 is not supported: install Node 24.2 or later.');
    expect(refusal('v25.0.0', '>=24.2')).toBeUndefined();
    expect(() => refusal('v24.0.0', '20.x')).toThrow('"20.x"');
  });

  it('is the same for all: in package-lock.json, and for the Serverless Framework', () => {
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    expect(packages[''].engines.node).toBe(RANGE);
    const withoutZeros = (range: string) => range.replaceAll(/(\.\d+)\.0\b/g, '$1');
    expect(withoutZeros(packages['node_modules/serverless'].engines.node)).toBe(RANGE);
  });
});

it('every package that is installed runs on the oldest Node of each supported line', () => {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { engines?: { node?: string } }>;
  };
  // Ranges such as `>=20.0.0`, as those of the AWS SDK: its releases from January 2027 say `>=22`.
  const tooNew = Object.entries(packages).flatMap(([name, { engines }]) => {
    const [, major = 0, minor = 0] = /^>= ?(\d+)(?:\.(\d+))?/.exec(engines?.node ?? '') ?? [];
    return Number(major) * 1000 + Number(minor) > 20_019 ? [`${name} requires Node ${engines?.node}`] : [];
  });
  expect(tooNew).toEqual([]);
});

it.each(Object.entries<string>(manifest.scripts))('npm script %s checks what it needs first', (_, command) => {
  expect(command).toMatch(/^node lib\/tools\/requirements\.cjs (?:"[^"]+" )?&& /);
});

describe('the packages', () => {
  /** Runs the check in a project in which only these packages are installed. */
  async function run(...installed: string[]) {
    const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const packages = { dependencies: { a: '1' }, devDependencies: { b: '1', '@c/d': '1', e: '1', f: '1' } };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ engines: { node: '>=18' }, ...packages }));
    cpSync(join(ROOT, 'lib/tools/requirements.cjs'), join(folder, 'lib/tools/requirements.cjs'));
    for (const name of installed) mkdirSync(join(folder, 'node_modules', name), { recursive: true });
    const {
      code = 0,
      stdout,
      stderr,
    } = await promisify(execFile)(process.execPath, ['lib/tools/requirements.cjs'], {
      cwd: folder,
    }).catch((error) => error);
    return { code, stdout, stderr };
  }

  it('are all there: it says nothing', async () => {
    expect(await run('a', 'b', '@c/d', 'e', 'f')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('were not installed', async () => {
    const stderr = 'The packages are not installed: run npm install.\n';
    expect(await run()).toEqual({ code: 1, stdout: '', stderr });
  });

  it.each([
    ['a', 'b, @c/d and 2 more'],
    ['a b', '@c/d, e, f'],
    ['a b @c/d e', 'f'],
  ])('are missing in part: %s is installed', async (installed, named) => {
    const why = 'as after NODE_ENV=production, --omit=dev or an update';
    const stderr = `Packages are missing (${named}), ${why}: run npm install --include=dev.\n`;
    expect(await run(...installed.split(' '))).toEqual({ code: 1, stdout: '', stderr });
  });
});
