import { vi } from 'vitest';
import type { Reason } from '../../lib/errors.ts';
import type { LogLine } from '../../lib/runtime/log.ts';
import { METRICS } from '../../lib/runtime/metrics.ts';

/** The closed set of reasons. */
export const REASONS = Object.keys({
  'body-too-large': true,
  'unreadable-body': true,
  'invalid-field': true,
  'bad-signature': true,
  'timestamp-outside-window': true,
  'timestamp-too-old': true,
  'timestamp-too-far-ahead': true,
  'unknown-appid': true,
  'store-unavailable': true,
  'store-timeout': true,
  'secret-unavailable': true,
  'secret-malformed': true,
  'token-required': true,
  'token-missing': true,
  'token-wrong': true,
  'invalid-parameter': true,
  'invalid-cursor': true,
  'stream-not-found': true,
  'internal-error': true,
} satisfies Record<Reason, true>);

const FIELDS = Object.keys({
  level: true,
  message: true,
  timestamp: true,
  service: true,
  sampling_rate: true,
  xray_trace_id: true,
  request_id: true,
  status: true,
  result: true,
  duration_ms: true,
  store_ms: true,
  conflicts: true,
  event: true,
  event_lag_ms: true,
  callback_lag_ms: true,
  secret: true,
  reason: true,
  detail: true,
  fault: true,
  frames: true,
  _aws: true,
} satisfies Record<keyof LogLine, true>);

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
