import { isDeepStrictEqual } from 'node:util';
import type { StreamCallback } from '../zego/callbacks.ts';
import { shownBy } from '../zego/callbacks.ts';
import { type Encode, encode, type Fields } from '../zego/encoding.ts';

/** Everything that ZEGO is known to send, and JSON numbers where `room_*` has them. */
export const WAYS: Record<string, Encode> = {
  JSON: (fields) => encode(fields, 'json'),
  'JSON with numbers': (fields) => encode(withNumbers(fields), 'json'),
  // API Gateway hands it on in base64.
  'JSON as bytes': (fields) => ({ ...encode(fields, 'json'), type: 'application/octet-stream' }),
  'JSON, URL-encoded': (fields) => encode(fields, 'urlencoded'),
  'form, rtmp_url[0]': (fields) => encode(fields, 'form', 'numbered'),
  'form, rtmp_url[]': (fields) => encode(fields, 'form', 'plain'),
};

const NUMBERS = ['appid', 'timestamp', 'room_session_id', 'stream_seq', 'recreate', 'create_time', 'create_time_ms'];

function withNumbers(fields: Fields): Fields {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, NUMBERS.includes(name) ? BigInt(String(value)) : value]),
  );
}

/** The names of what is not shown as it was sent. */
export function wrongFields(shown: unknown, callback: StreamCallback): string[] {
  const fields = (shown ?? {}) as Record<string, unknown>;
  return Object.entries(shownBy(callback)).flatMap(([name, value]) =>
    isDeepStrictEqual(fields[name], value) ? [] : [name],
  );
}

/** Whether the id of the room session went through a double. */
export function lostDigits(shown: unknown, { fields }: StreamCallback): boolean {
  const { room_session_id } = (shown ?? {}) as Record<string, unknown>;
  const isOther = room_session_id !== fields.room_session_id;
  return isOther && Number(room_session_id) === Number(fields.room_session_id);
}
