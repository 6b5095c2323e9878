import { asProblem, Problem } from '../errors.ts';
import type { Ids } from '../zego/event.ts';
import { withDeadline } from './deadline.ts';
import { type LogLine, problemFields } from './log.ts';

type Noted = Partial<
  Pick<
    LogLine,
    'result' | 'event' | 'secret' | 'event_lag_ms' | 'callback_lag_ms' | 'store_ms' | 'conflicts' | keyof Ids
  >
>;

/** What the work of one invocation is given, whatever has triggered it. */
export interface Invocation {
  /** Our clock at the start, in ms. */
  nowMs: number;
  /** Aborts at the deadline. */
  signal: AbortSignal;
  /** Adds what is known by now to the invocation's log line. */
  note: (fields: Noted) => void;
  /** Adds to the log line how long `work` took, and how often it reported a conflict. */
  measured: <T>(work: (onConflict: () => void) => Promise<T>) => Promise<T>;
}

/** How an invocation went. */
export interface Outcome<T> {
  nowMs: number;
  /** What the work returned, or why it did not. */
  value: T | Problem;
  /** For its log line. */
  fields: Noted & Pick<LogLine, 'level' | 'reason' | 'detail' | 'fault' | 'frames'>;
  durationMs: number;
}

/** Runs work that must have ended within `deadlineMs`. Never throws: whatever the work throws becomes a Problem. */
export async function runInvocation<T>(
  deadlineMs: number,
  work: (invocation: Invocation) => Promise<T>,
): Promise<Outcome<T>> {
  const nowMs = Date.now();
  let fields: Outcome<T>['fields'] = { level: 'INFO', result: 'ok' };
  const note: Invocation['note'] = (more) => {
    fields = { ...fields, ...more };
  };
  const value = await withDeadline(deadlineMs, async (signal) => {
    const measured: Invocation['measured'] = (asking) => {
      const startMs = Date.now();
      let conflicts = 0;
      const measure = () => note({ store_ms: Date.now() - startMs, conflicts });
      // At the deadline the line is written, and nobody waits for what comes finally.
      signal.addEventListener('abort', measure);
      return asking(() => conflicts++).finally(measure);
    };
    return work({ nowMs, signal, note, measured });
  }).catch(asProblem);
  if (value instanceof Problem) fields = { ...fields, ...problemFields(value) };
  return { nowMs, value, fields, durationMs: Date.now() - nowMs };
}
