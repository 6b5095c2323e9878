import { Logger } from '@aws-lambda-powertools/logger';
import { readConfig } from '../config.ts';
import type { Problem, Reason } from '../errors.ts';
import { embedded, type Measured } from './metrics.ts';

/**
 * One line of JSON for an invocation: how it went, and why. Of what was sent it repeats the ids of a verified
 * callback alone: secrets, tokens, signatures, names and URLs cannot reach it.
 */
export interface LogLine {
  level: 'INFO' | 'WARN' | 'ERROR';
  /** `cache`: no request, but how many answers of the list were kept ones. */
  message: 'callback' | 'list' | 'openapi' | 'cache';
  /** ISO 8601. */
  timestamp: string;
  service: string;
  /** Powertools' own: it leaves no line out. */
  sampling_rate: 0;
  xray_trace_id?: string;
  request_id?: string;
  status?: number;
  /** `refused`: what was sent is at fault; `failed`: we or the store are. */
  result?: 'ok' | 'applied' | 'unchanged' | 'ignored' | 'refused' | 'failed';
  duration_ms?: number;
  /** How much of it the store took. */
  store_ms?: number;
  /** Number of write conflicts after which the callback was processed again. */
  conflicts?: number;
  event?: string;
  /** What identifies the stream or the room, once the callback is verified: `printable`. */
  appid?: string;
  room_id?: string;
  stream_id?: string;
  stream_sid?: string;
  stream_seq?: string;
  /** From what the event tells of to us: `create_time_ms`, `destroy_timemillis`, … Negative when clocks differ. */
  event_lag_ms?: number;
  /** From the callback's `timestamp`, which has whole seconds, to us. */
  callback_lag_ms?: number;
  /** Which of the configured CallbackSecrets matched, from 1: a rotation is done when the old one no longer shows up. */
  secret?: number;
  reason?: Reason;
  /** Names the field at fault. */
  detail?: string;
  /** What the store or the runtime called its fault: `TimeoutError`, `ECONNREFUSED`. */
  fault?: string;
  /** Where a fault of our own happened; its message is left out, as it may quote what was sent. */
  frames?: string[];
  /** What CloudWatch makes metrics of; their values stand beside it. */
  _aws?: object;
}

/** What each field of a line means. Markdown, as docs/configuration.md has it. */
export const LOG_FIELDS = {
  level: '`INFO`; `WARN`: refused; `ERROR`: failed',
  message: '`callback`, `list` or `openapi`; `cache`: how many answers of the list were kept ones, once a minute',
  timestamp: 'when the line was written',
  service: 'the stack: service and stage',
  sampling_rate: 'always 0: Powertools leaves no line out',
  xray_trace_id: "Lambda's trace id of the invocation",
  request_id: "API Gateway's id of the request",
  status: 'the HTTP status of the answer',
  duration_ms: 'how long it took',
  store_ms: 'how much of it DynamoDB took',
  conflicts: 'number of write conflicts after which the callback was processed again',
  result: '`applied`, `unchanged`, `ignored`; `refused`: what was sent is at fault; `failed`: the store or we are',
  event:
    "the callback's event, once its signature and its age were right; `other` where it is none of ZEGO's stream, room and mix events",
  appid: "the callback's, once its signature and its age were right, as far as it is readable, also when it is refused",
  room_id: 'the same; this and the ids below are cut at 128 characters',
  stream_id: 'the same',
  stream_sid: 'the same',
  stream_seq: 'the same',
  event_lag_ms: 'from the event at ZEGO (`create_time_ms`, `destroy_timemillis`, …) to us; negative when clocks differ',
  callback_lag_ms: "from the callback's `timestamp`, which has whole seconds, to us",
  secret: 'which CallbackSecret matched, from 1',
  reason: "why it was refused or failed: a problem's [code](api.md#problems), or one of the finer ones below",
  detail: 'for `invalid-field`: a sentence that names the field at fault',
  fault: 'what the store or the runtime called its fault, such as `TimeoutError`',
  frames: 'where in the code an `internal-error` happened',
  _aws: 'what CloudWatch makes [metrics](operating.md#metrics) of; their values stand beside it',
} as const satisfies Record<keyof LogLine, string>;

/** What is left to say when the logger has said its part. */
export type Line = Omit<LogLine, 'timestamp' | 'service' | 'sampling_rate' | 'xray_trace_id' | '_aws'>;

/** What the log says of a problem. */
export function problemFields({
  code,
  reason,
  message,
  status,
  cause,
}: Problem): Pick<LogLine, 'level' | 'result' | 'reason' | 'detail' | 'fault' | 'frames'> {
  // Elsewhere the detail may name what somebody sent: a parameter that is unknown.
  if (status < 500)
    return { level: 'WARN', result: 'refused', reason, ...(code === 'invalid-field' ? { detail: message } : {}) };
  const { name, code: fault } = (cause ?? {}) as { name?: unknown; code?: unknown };
  return {
    level: 'ERROR',
    result: 'failed',
    reason,
    fault: [fault, name].find(isWord) ?? 'Error',
    ...(reason === 'internal-error' ? { frames: framesOf(cause) } : {}),
  };
}

/** The SDK makes `code` of whatever an answer calls so: no more than a name is repeated. */
function isWord(text: unknown): text is string {
  return typeof text === 'string' && /^[\w.:-]{1,64}$/.test(text);
}

/** Where an error was thrown. Its message is cut off first: a line of it may look like a frame. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  try {
    const { message, stack = '' } = error;
    const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
    return frames.filter((line) => /^\s+at /.test(line));
  } catch {
    // Reading the stack of an error whose message is a symbol throws.
    return [];
  }
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

/** The event's name for the log; `other`: none of those. */
export function eventName(event: string): string {
  return EVENTS.includes(event) ? event : 'other';
}

let logger: Logger | undefined;

/** @param measured becomes metrics in CloudWatch by way of this line */
export function writeLog({ level, ...line }: Line, measured: Measured = {}): void {
  const write = { INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  try {
    logger ??= openLogger();
    logger[write[level]]({ ...line, ...printableIds(line), ...embedded(measured) });
  } catch {
    // Powertools throws on variables of its own that are malformed. The request has its answer all the same.
    process.stderr.write(`${JSON.stringify({ level, ...line, ...printableIds(line) })}\n`);
  }
}

const IDS = ['appid', 'room_id', 'stream_id', 'stream_sid', 'stream_seq'] as const;
const MAX_ID_CHARACTERS = 128;

/** Ids as a terminal can show them: whoever has a signature can put anything into a field. */
function printableIds(line: Pick<Line, (typeof IDS)[number]>): Partial<Record<(typeof IDS)[number], string>> {
  return Object.fromEntries(IDS.flatMap((name) => (line[name] === undefined ? [] : [[name, printable(line[name])]])));
}

function printable(id: string): string {
  const cut = [...id].slice(0, MAX_ID_CHARACTERS).join('');
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`);
}

/** Its own variables, such as LOG_LEVEL, would make lines vanish, and their metrics with them. */
function openLogger(): Logger {
  const { POWERTOOLS_SERVICE_NAME: serviceName } = readConfig(['POWERTOOLS_SERVICE_NAME']);
  return new Logger({ serviceName, logLevel: 'INFO', sampleRateValue: 0 });
}
