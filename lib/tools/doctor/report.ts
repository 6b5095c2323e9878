import { count } from '../terminal.ts';
import type { Finding } from './finding.ts';

/** A line of the table. */
export interface Row extends Finding {
  name: string;
}

const SIGNS = { fine: '✓', fault: '✗', remark: '!', skipped: '–' } as const;

/** One line, and one more where there is something to do. */
export function rowLines({ name, state, note, advice, ms }: Row): string[] {
  const duration = ms === undefined ? '' : `${Math.round(ms)} ms`;
  const line = `${SIGNS[state]} ${name.padEnd(27)} ${duration.padStart(8)}  ${note}`;
  return advice === undefined ? [line] : [line, `  → ${advice}`];
}

/** The last line, which says it all in one. */
export function verdict(rows: readonly Row[]): string {
  const of = (state: Finding['state']) => rows.filter((row) => row.state === state);
  const made = rows.length - of('skipped').length;
  const hints = missingOptions(rows).map((option) => `give ${option}`);
  const why = hints.length === 0 ? '.' : `: ${hints.join(', ')}.`;
  const left = of('skipped').length === 0 ? '' : ` ${count(of('skipped').length, 'was', 'were')} not made${why}`;
  const faults = of('fault').map(({ name }) => name);
  if (faults.length > 0) {
    return `${faults.length} of ${count(made, 'check', 'checks')} failed: ${faults.join(', ')}.${left}`;
  }
  const remarks = of('remark').length === 0 ? '' : `, ${count(of('remark').length, 'remark', 'remarks')}`;
  return `All ${count(made, 'check', 'checks')} passed${remarks}.${left}`;
}

/** The options without which checks were skipped, such as `--secret`. */
export function missingOptions(rows: readonly Row[]): string[] {
  const skipped = rows.filter(({ state }) => state === 'skipped');
  return [...new Set(skipped.flatMap(({ note }) => /(?<=^|\bgive )--(secret|token|appid)\b/.exec(note)?.[0] ?? []))];
}

/** Whether nothing is wrong; remarks, and what was not checked, aside. */
export function isFine(rows: readonly Row[]): boolean {
  return rows.every(({ state }) => state !== 'fault');
}
