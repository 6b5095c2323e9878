import { invalidField, Problem } from '../errors.ts';
import { isAppid, MAX_BYTES, MAX_TIME_MS, MAX_TIME_SECONDS } from '../limits.ts';
import type { ZegoRecord } from './body.ts';
import { integerDigits } from './json.ts';
import type { Verified } from './signature.ts';

/** What both events of a stream tell about one publishing of it. null and empty arrays: not told. */
export interface StreamFields {
  appid: string;
  stream_id: string;
  stream_sid: string;
  /** Counts the changes of the room's stream list. Within one `stream_sid`, the larger one is the newer event. */
  stream_seq: number;
  room_id: string;
  /** An unsigned 64-bit integer, therefore a string. */
  room_session_id: string | null;
  user_id: string | null;
  user_name: string | null;
  /** ZEGO documents these four as equal to `room_id`, `stream_id`, `user_id` and `user_name`. null: equal, or not told. */
  channel_id: string | null;
  stream_alias: string | null;
  publish_id: string | null;
  publish_name: string | null;
  title: string | null;
  stream_attr: string | null;
  codec: Codec | null;
  extra_info: string | null;
  recreate: number | null;
  /** Unix time in s. */
  create_time: number | null;
  /** Unix time in ms. */
  create_time_ms: number | null;
  rtmp_url: readonly string[];
  hls_url: readonly string[];
  hdl_url: readonly string[];
  pic_url: readonly string[];
}

export interface StreamCreate extends StreamFields {
  event: 'stream_create';
  create_time_ms: number;
}

export interface StreamClose extends StreamFields {
  event: 'stream_close';
  /** Why the stream ended, null when ZEGO told no `type`. */
  end_reason: string | null;
  /** When it ended, Unix time in ms. */
  end_time_ms: number;
}

/** A room that opened. Its id and its session name it: `room_session_id` is another one whenever it opens again. */
export interface RoomCreate {
  event: 'room_create';
  appid: string;
  room_id: string;
  room_session_id: string;
  /** Unix time in ms. */
  room_create_time: number;
}

export interface RoomClose {
  event: 'room_close';
  appid: string;
  room_id: string;
  room_session_id: string;
  /** Unix time in ms. */
  room_close_time: number;
}

export type StreamEvent = StreamCreate | StreamClose;
export type RoomEvent = RoomCreate | RoomClose;

/** When what an event tells of happened, Unix time in ms, as ZEGO has it. */
export function timeOf(event: StreamEvent | RoomEvent): number {
  switch (event.event) {
    case 'stream_create':
      return event.create_time_ms;
    case 'stream_close':
      return event.end_time_ms;
    case 'room_create':
      return event.room_create_time;
    case 'room_close':
      return event.room_close_time;
  }
}

/** An event that is none of ours to keep: a value, not an error, since ZEGO sends all of a group to one URL. */
export interface NotKept {
  event: 'not-kept';
}

export type Codec = 'H.264' | 'H.264 SVC' | 'VP8' | 'H.265';

/** `cid` of `stream_attr`. Source: ZEGO, stream_create, `stream_attr`. */
const CODECS: readonly Codec[] = ['H.264', 'H.264 SVC', 'VP8', 'H.265'];

/** `type` of `stream_close`. Source: ZEGO, stream_close, `type`. */
const END_REASONS: Readonly<Record<string, string>> = {
  0: 'stopped',
  1: 'heartbeat_timeout',
  2: 'relogin',
  3: 'kicked',
  4: 'disconnected',
  5: 'room_cleared',
  100: 'deleted',
};

/** What identifies the stream or the room of a callback. */
export type Ids = Partial<Record<'appid' | 'room_id' | 'stream_id' | 'stream_sid' | 'stream_seq', string>>;

/** The ids of a verified callback for the log, as far as they are readable: also those of one that is refused. */
export function idsOf(record: ZegoRecord): Ids {
  const digits = (value: unknown) => (typeof value === 'string' && /^\d+$/.test(value) ? value : undefined);
  // The one that counts; of those that are too long, the first.
  const oneOf = (maxBytes: number, ...values: unknown[]) =>
    values.map((value) => key(value, maxBytes)).find(Boolean) ?? values.map(text).find(Boolean);
  const ids = {
    // Only digits: what else is there is not an id.
    appid: digits(record.appid),
    room_id: oneOf(MAX_BYTES.room_id, record.room_id, record.channel_id),
    stream_id: oneOf(MAX_BYTES.stream_id, record.stream_id, record.stream_alias),
    stream_sid: text(record.stream_sid),
    stream_seq: digits(record.stream_seq),
  };
  return Object.fromEntries(Object.entries(ids).filter(([, id]) => id !== undefined));
}

/**
 * Types the record of a verified callback.
 * @param appids the appids that are ours; empty: any
 * @throws Problem `unknown-appid`, or `invalid-field` that names the first field that is missing or malformed
 */
export function parseEvent(
  record: ZegoRecord,
  verified: Verified,
  appids: readonly string[],
): StreamEvent | RoomEvent | NotKept {
  if (verified.pascalCase) return { event: 'not-kept' };
  // ZEGO's chat product (ZIM) has a `room_create` too, of another shape: its rooms have no sessions.
  if (verified.event.startsWith('room_') && isEmpty(record.room_session_id)) return { event: 'not-kept' };
  switch (verified.event) {
    case 'stream_create':
      return streamCreate(record, acceptedAppid(record, appids));
    case 'stream_close':
      return streamClose(record, acceptedAppid(record, appids), verified.timestampMs);
    case 'room_create':
      return roomCreate(record, acceptedAppid(record, appids));
    case 'room_close':
      return roomClose(record, acceptedAppid(record, appids), verified.timestampMs);
    default:
      return { event: 'not-kept' };
  }
}

function acceptedAppid(record: ZegoRecord, appids: readonly string[]): string {
  const appid = text(record.appid);
  if (appid === undefined || !isAppid(appid)) throw invalidField('appid', 'must be 1 to 20 digits.');
  if (appids.length > 0 && !appids.includes(appid)) {
    throw new Problem('unknown-appid', 'appid is none of those configured in ZEGO_APP_ID.');
  }
  return appid;
}

function streamCreate(record: ZegoRecord, appid: string): StreamCreate {
  const fields = streamFields(record, appid);
  if (fields.create_time_ms === null) throw invalidField('create_time_ms', 'must be a Unix time in ms.');
  return { ...fields, event: 'stream_create', create_time_ms: fields.create_time_ms };
}

function streamClose(record: ZegoRecord, appid: string, timestampMs: number): StreamClose {
  const fields = streamFields(record, appid);
  const type = integer(record.type);
  return {
    ...fields,
    event: 'stream_close',
    end_reason: type === undefined ? null : (END_REASONS[type] ?? `close_type_${type}`),
    end_time_ms: endMs(record, 'destroy_timemillis', timestampMs),
  };
}

function roomCreate(record: ZegoRecord, appid: string): RoomCreate {
  const fields = roomFields(record, appid);
  const room_create_time = timeMs(record.room_create_time);
  if (room_create_time === undefined) throw invalidField('room_create_time', 'must be a Unix time in ms.');
  return { ...fields, event: 'room_create', room_create_time };
}

function roomClose(record: ZegoRecord, appid: string, timestampMs: number): RoomClose {
  const fields = roomFields(record, appid);
  return { ...fields, event: 'room_close', room_close_time: endMs(record, 'room_close_time', timestampMs) };
}

function roomFields(record: ZegoRecord, appid: string): Pick<RoomEvent, 'appid' | 'room_id' | 'room_session_id'> {
  return {
    appid,
    room_id: required('room_id', key(record.room_id, MAX_BYTES.room_id)),
    room_session_id: required('room_session_id', roomSessionId(record)),
  };
}

/** When something ended: as told, else when the callback was made. */
function endMs(record: ZegoRecord, field: string, timestampMs: number): number {
  const ms = timeMs(record[field]) ?? timestampMs;
  if (ms > MAX_TIME_MS) throw invalidField(field, 'must be a Unix time in ms.');
  return ms;
}

/** The fields that both events may carry. */
function streamFields(record: ZegoRecord, appid: string): StreamFields {
  const stream_id =
    key(record.stream_id, MAX_BYTES.stream_id) ?? required('stream_id', key(record.stream_alias, MAX_BYTES.stream_id));
  const stream_sid = required('stream_sid', key(record.stream_sid, MAX_BYTES.stream_sid));
  const stream_seq = integer(record.stream_seq);
  if (stream_seq === undefined) throw invalidField('stream_seq', 'must be a non-negative integer up to 2^53-1.');
  const room_id =
    key(record.room_id, MAX_BYTES.room_id) ?? required('room_id', key(record.channel_id, MAX_BYTES.room_id));

  const create_time = timeSeconds(record.create_time) ?? null;
  const user_id = text(record.user_id) ?? text(record.publish_id) ?? null;
  const user_name = text(record.user_name) ?? text(record.publish_name) ?? null;
  const stream_attr = text(record.stream_attr) ?? null;
  return {
    appid,
    stream_id,
    stream_sid,
    stream_seq,
    room_id,
    room_session_id: roomSessionId(record) ?? null,
    user_id,
    user_name,
    channel_id: unlessEqual(text(record.channel_id), room_id),
    stream_alias: unlessEqual(text(record.stream_alias), stream_id),
    publish_id: unlessEqual(text(record.publish_id), user_id),
    publish_name: unlessEqual(text(record.publish_name), user_name),
    title: text(record.title) ?? null,
    stream_attr,
    codec: codecOf(stream_attr),
    extra_info: text(record.extra_info) ?? null,
    recreate: integer(record.recreate) ?? null,
    create_time,
    create_time_ms: timeMs(record.create_time_ms) ?? (create_time === null ? null : create_time * 1000),
    rtmp_url: urls(record.rtmp_url),
    hls_url: urls(record.hls_url),
    hdl_url: urls(record.hdl_url),
    pic_url: urls(record.pic_url),
  };
}

/** `stream_attr` is JSON in a string, `{"cid":0}`. */
function codecOf(stream_attr: string | null): Codec | null {
  try {
    const cid: unknown = JSON.parse(stream_attr ?? 'null')?.cid;
    const known = typeof cid === 'number' ? cid : integer(cid);
    return known === undefined ? null : (CODECS[known] ?? null);
  } catch {
    return null;
  }
}

function unlessEqual(value: string | undefined, twin: string | null): string | null {
  return value === undefined || value === twin ? null : value;
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function required<T>(field: string, value: T | undefined): T {
  if (value === undefined) throw invalidField(field, 'is needed: a string or a number, not empty, within its length.');
  return value;
}

/**
 * A scalar of ZEGO's as a string: `json.ts` has made strings of numbers. undefined: absent or malformed.
 * A lone surrogate, which JSON can escape and UTF-8 cannot carry, becomes U+FFFD: DynamoDB would refuse the item.
 */
function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value.toWellFormed() : undefined;
}

function key(value: unknown, maxBytes: number): string | undefined {
  const found = text(value);
  return found !== undefined && Buffer.byteLength(found) <= maxBytes ? found : undefined;
}

/** A number in `room_*` and a string in `stream_*`: both must give the same id, however a gateway has rewritten them. */
function roomSessionId({ room_session_id }: ZegoRecord): string | undefined {
  const id = key(room_session_id, MAX_BYTES.room_session_id);
  return id === undefined ? undefined : integerDigits(id);
}

function integer(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d+$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function timeMs(value: unknown): number | undefined {
  const ms = integer(value);
  return ms !== undefined && ms <= MAX_TIME_MS ? ms : undefined;
}

function timeSeconds(value: unknown): number | undefined {
  const seconds = integer(value);
  return seconds !== undefined && seconds <= MAX_TIME_SECONDS ? seconds : undefined;
}

/** A scheme, `//` and at least one character of a host: `rtmp://…`, `https://…`, `webrtc://…`. */
const URL_START = /^[a-z][a-z\d+.-]*:\/\/[^\s/?#]/i;

/**
 * Reads the URLs of a field, byte for byte. ZEGO sends an array. A single URL is read as an array too, and so is a JSON
 * array in a string, which some senders put into a form. Anything but a URL is dropped: players use these fields as is.
 */
function urls(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).flatMap(jsonArray).flatMap((entry) => {
    const url = text(entry);
    return url !== undefined && URL_START.test(url) && URL.canParse(url) ? url : [];
  });
}

/** Returns the entries of a JSON array in a string, none if that JSON is broken, or else the value itself. */
function jsonArray(value: unknown): readonly unknown[] {
  if (typeof value !== 'string' || !/^\s*\[/.test(value)) return [value];
  try {
    return JSON.parse(value);
  } catch {
    return [];
  }
}
