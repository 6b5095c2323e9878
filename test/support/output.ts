import { vi } from 'vitest';
import { REASONS as FINER_REASONS, PROBLEMS } from '../../lib/errors.ts';
import { LOG_FIELDS, type LogLine } from '../../lib/runtime/log.ts';
import { METRICS } from '../../lib/runtime/metrics.ts';

/** The closed set of reasons. */
export const REASONS = [...Object.keys(PROBLEMS), ...Object.keys(FINER_REASONS)];

const FIELDS = Object.keys(LOG_FIELDS);

/** Catches what is written from now on, by whatever way it would reach Lambda's log; ended by `vi.restoreAllMocks`. */
export function captureOutput() {
  const written: string[] = [];
  const write = (text: unknown) => {
    written.push(String(text));
    return true;
  };
  for (const stream of [process.stdout, process.stderr]) vi.spyOn(stream, 'write').mockImplementation(write);
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => {
      write(`${values.map(String).join(' ')}\n`);
    });
  }
  return {
    text: () => written.join(''),
    /** Every line, each of which must be a log line with known fields. */
    lines: (): LogLine[] =>
      written
        .join('')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => {
          const parsed = JSON.parse(line);
          const unknown = Object.keys(parsed).filter((field) => !FIELDS.includes(field) && !(field in METRICS));
          if (unknown.length > 0) throw new Error(`unknown fields in a log line: ${unknown}`);
          return parsed;
        }),
  };
}
