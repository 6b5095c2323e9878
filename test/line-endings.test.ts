import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Whether this is a checkout: not an unpacked archive, and not a folder in somebody's other repository. */
function isCheckout(): boolean {
  try {
    return execFileSync('git', ['rev-parse', '--show-prefix'], { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }) === '\n';
  } catch {
    return false;
  }
}

it.skipIf(!isCheckout())('a checkout has LF only, also where git is configured for CRLF, as on Windows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  const crlf = ['-c', 'core.autocrlf=true', '-c', 'core.eol=crlf'];
  git('clone', '--quiet', ...crlf, ROOT, '.');
  // Of each file what is committed, what is checked out, and its name: `i/lf w/lf attr/text=auto eol=lf <tab> README.md`
  const files = git('ls-files', '--eol').trimEnd().split('\n');
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => /\b[iw]\/(crlf|mixed) /.test(file))).toEqual([]);
  expect(readFileSync(join(folder, 'README.md'), 'utf8')).not.toContain('\r');
});
