import type { Problem, Reason } from './errors.ts';

/**
 * One line of JSON for an invocation: how it went, and why. Nothing in it repeats a value that somebody sent:
 * secrets, tokens, signatures and URLs cannot reach it.
 */
export interface LogLine {
  level: 'INFO' | 'WARN' | 'ERROR';
  message: 'callback' | 'list' | 'openapi';
  request_id: string;
  status: number;
  /** `refused`: what was sent is at fault; `failed`: we or the store are. */
  result: 'ok' | 'applied' | 'unchanged' | 'ignored' | 'refused' | 'failed';
  duration_ms: number;
  event?: string;
  /** Which of the configured CallbackSecrets matched, from 1: a rotation is done when the old one no longer shows up. */
  secret?: number;
  reason?: Reason;
  /** Names the field at fault. */
  detail?: string;
  /** What the store or the runtime called its fault: `TimeoutError`, `ECONNREFUSED`. */
  fault?: string;
  /** Where a fault of our own happened; its message is left out, as it may quote what was sent. */
  frames?: string[];
}

/** What the log says of a problem. */
export function problemFields({
  code,
  reason,
  message,
  status,
  cause,
}: Problem): Omit<LogLine, 'message' | 'request_id' | 'status' | 'duration_ms'> {
  // Elsewhere the detail may name what somebody sent: a parameter that is unknown.
  if (status < 500)
    return { level: 'WARN', result: 'refused', reason, ...(code === 'invalid-field' ? { detail: message } : {}) };
  const { name = 'Error', code: fault = name } = (cause ?? {}) as { name?: string; code?: unknown };
  return {
    level: 'ERROR',
    result: 'failed',
    reason,
    fault: String(fault),
    ...(reason === 'internal-error' ? { frames: framesOf(cause) } : {}),
  };
}

/** Where an error was thrown. Its message is cut off first: a line of it may look like a frame. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack = '' } = error;
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return frames.filter((line) => /^\s+at /.test(line));
}

/** What ZEGO may send to the one URL. The signature does not cover the name, so no other is repeated. */
const EVENTS = [
  'stream_create',
  'stream_close',
  'room_create',
  'room_close',
  'room_login',
  'room_logout',
  'mix_start',
  'mix_stop',
];

export function eventName(event: string): string {
  return EVENTS.includes(event) ? event : 'other';
}

/** Past `console`, which Lambda would wrap into a line of its own. */
export function writeLog(line: LogLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
