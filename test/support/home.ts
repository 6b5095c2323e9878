import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A home folder without settings of a person, until this process exits. */
export function temporaryHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'zego-live-list-home-'));
  // npm would ask its registry for its newest version.
  writeFileSync(join(home, '.npmrc'), 'update-notifier=false\n');
  process.once('exit', () => rmSync(home, { recursive: true, force: true }));
  return home;
}
