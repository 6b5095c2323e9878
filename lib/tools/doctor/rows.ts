import { type Color, count } from '../terminal.ts';
import type { DoctorOptions } from './doctor-options.ts';
import type { Row } from './examination.ts';

const SIGNS = { pass: '✓', fail: '✗', warn: '!', skip: '–' } as const;

/** Of the sign before a row, on a terminal. */
export const COLORS = { pass: 'green', fail: 'red', warn: 'yellow', skip: 'gray' } as const satisfies Record<
  Row['state'],
  Color
>;

/** One line, and one more where there is something to do. */
export function rowLines({ name, state, note, advice, ms }: Row): string[] {
  const duration = ms === undefined ? '' : `${Math.round(ms)} ms`;
  const line = `${SIGNS[state]} ${name.padEnd(27)} ${duration.padStart(8)}  ${note}`;
  return advice === undefined ? [line] : [line, `  → ${advice}`];
}

/** The last line, which says it all in one. */
export function verdict(rows: readonly Row[]): string {
  const of = (state: Row['state']) => rows.filter((row) => row.state === state);
  const made = rows.length - of('skip').length;
  const hints = missingOptions(rows).map((option) => `give ${option}`);
  const why = hints.length === 0 ? '.' : `: ${hints.join(', ')}.`;
  const left = of('skip').length === 0 ? '' : ` ${count(of('skip').length, 'was', 'were')} not made${why}`;
  const failed = of('fail').map(({ name }) => name);
  if (failed.length > 0) {
    return `${failed.length} of ${count(made, 'check', 'checks')} failed: ${failed.join(', ')}.${left}`;
  }
  const warnings = of('warn').length === 0 ? '' : `, ${count(of('warn').length, 'remark', 'remarks')}`;
  return `All ${count(made, 'check', 'checks')} passed${warnings}.${left}`;
}

/** The options without which checks were skipped, such as `--secret`. */
function missingOptions(rows: readonly Row[]): string[] {
  const skipped = rows.filter(({ state }) => state === 'skip');
  return [...new Set(skipped.flatMap(({ note }) => /(?<=^|\bgive )--(secret|token|appid)\b/.exec(note)?.[0] ?? []))];
}

/** What `--json` prints. `ok`: nothing is wrong, and no check lacked an option, unless that is allowed. */
export function summarize({ url, appid, allowSkipped }: DoctorOptions, rows: readonly Row[]) {
  const missing = missingOptions(rows);
  const ok = rows.every(({ state }) => state !== 'fail') && (allowSkipped || missing.length === 0);
  return { url, appid, ok, missing, checks: rows };
}
