import { readFileSync } from 'node:fs';
import type { ZegoRecord } from '../../lib/zego/body.ts';
import {
  parseEvent,
  type RoomClose,
  type RoomCreate,
  type StreamClose,
  type StreamCreate,
} from '../../lib/zego/event.ts';
import { sign } from '../../lib/zego/signature.ts';

/** Not that of the documentation, which draws a warning. */
export const SECRET = '5f0c9d1e7ab34826b8d2e6f413a790cd';

/** A sample of ZEGO's documentation. */
export function sample(name: 'stream_create' | 'stream_close' | 'room_create' | 'room_close'): Record<string, unknown> {
  return JSON.parse(readFileSync(new URL(`../../lib/zego/samples/${name}.json`, import.meta.url), 'utf8'));
}

/** ZEGO's sample create, as readers get it, in the documented order. */
export { LIVE as SAMPLE_ANSWER } from '../../lib/openapi/examples.ts';

/** Signs a callback's fields afresh. */
export function signed(fields: ZegoRecord, { secret = SECRET, nowMs = Date.now() } = {}): Record<string, unknown> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const nonce = '7254119327986670314';
  return { ...fields, timestamp, nonce, signature: sign({ secret, timestamp, nonce }) };
}

/** A typed event, by default as ZEGO's sample tells it. */
export function createEvent(fields: object = {}): StreamCreate {
  return typed({ ...sample('stream_create'), ...fields }) as StreamCreate;
}

export function closeEvent(fields: object = {}): StreamClose {
  return typed({ ...sample('stream_close'), ...fields }) as StreamClose;
}

export function roomCreateEvent(fields: object = {}): RoomCreate {
  return typed({
    ...sample('room_create'),
    appid: '1',
    room_session_id: '858012925204410368',
    ...fields,
  }) as RoomCreate;
}

export function roomCloseEvent(fields: object = {}): RoomClose {
  return typed({ ...sample('room_close'), appid: '1', room_session_id: '858012925204410368', ...fields }) as RoomClose;
}

function typed(record: Record<string, unknown>) {
  return parseEvent(
    record,
    { event: String(record.event), timestampMs: Number(record.timestamp) * 1000, pascalCase: false, secret: 1 },
    [],
  );
}

/** A callback as a form, its arrays as `k[0]`. */
export function form(fields: Record<string, unknown>): string {
  const text = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const pairs = Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    Array.isArray(value) ? value.map((entry, i) => [`${name}[${i}]`, text(entry)]) : [[name, text(value)]],
  );
  return new URLSearchParams(pairs).toString();
}
