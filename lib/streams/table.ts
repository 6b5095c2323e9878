import { createHash } from 'node:crypto';
import { invalidField } from '../errors.ts';
import { TIME_MS_DIGITS } from '../limits.ts';
import type { CloseFact, CreateFact, Head, Room, RoomFacts, Session, SessionKey, Standing } from './session.ts';

/**
 * How sessions and the facts of rooms lie in their tables. serverless.yml defines the tables and indexes,
 * docs/storage.md explains every attribute.
 */
export const INDEX = { siblings: 'siblings', live: 'live', room: 'room' } as const;

/** DynamoDB's limit for the sort key of an index. */
export const MAX_SORT_KEY_BYTES = 1024;

/** An item as lib-dynamodb reads and writes it. */
export type Item = Record<string, unknown>;

/** `$` and the 36 characters below it move up by this much, behind a `$`: 0 to T. */
const ESCAPED = 0x30;

/**
 * Makes an id fit for a key that joins several with `#`: what sorts below `%` is escaped by `$` and a character that
 * keeps its order. So the joined keys sort as their parts do, and no two sets of parts give one key. What ZEGO
 * documents for `stream_id` is left as it is; a `room_id` may hold `#`.
 */
function escapeId(id: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these sort below `#` too
  return id.replace(/[\u0000-$]/g, (character) => `$${String.fromCharCode(character.charCodeAt(0) + ESCAPED)}`);
}

function time(ms: number | null): string {
  return String(ms ?? 0).padStart(TIME_MS_DIGITS, '0');
}

/** Sorts by `create_time_ms`, then `stream_id`, then `stream_sid`: total, so a page position *is* a `live_key`. */
export function liveKey({
  create_time_ms,
  stream_id,
  stream_sid,
}: SessionKey & Pick<Standing, 'create_time_ms'>): string {
  return sortKey('stream_sid', `${time(create_time_ms)}#${escapeId(stream_id)}#${escapeId(stream_sid)}`);
}

/** The `create_time_ms` in a `live_key`. */
export function liveTime(live_key: string): number {
  return Number(live_key.slice(0, TIME_MS_DIGITS));
}

/** What the sibling keys of one app's room begin with; 13 digits of `create_time_ms` follow. */
export function siblingPrefix({ appid, room_id }: Room): string {
  return `${appid}#${escapeId(room_id)}#`;
}

/** What a sibling key has in common with those of its room. */
export function roomPart(sibling_key = ''): string {
  return sibling_key.slice(0, -TIME_MS_DIGITS);
}

export function siblingKey(standing: Room & Pick<Standing, 'create_time_ms'>): string {
  return sortKey('room_id', siblingPrefix(standing) + time(standing.create_time_ms));
}

/** Escapes can make a key of odd ids longer than DynamoDB takes: nothing could hold such a session. */
export function sortKey(field: string, key: string): string {
  if (Buffer.byteLength(key) > MAX_SORT_KEY_BYTES) throw invalidField(field, 'is too long for a key.');
  return key;
}

/**
 * @throws Problem `invalid-field` when a key of the event's session would be too long, whatever is stored of it: so an
 * event is refused or taken in every order
 */
export function checkKeys(event: SessionKey & Room & Pick<Standing, 'create_time_ms'>): void {
  liveKey(event);
  siblingKey(event);
}

/** Which of the live index's partitions a session goes to. */
export function shardOf(stream_sid: string, shards: number): number {
  return createHash('sha1').update(stream_sid).digest().readUInt32BE() % shards;
}

/** Every attribute of an item but its keys and `version`; undefined: the item does not have it. */
export function sessionAttributes(session: Session): Item {
  return {
    appid: session.appid,
    room_id: session.room_id,
    room_session_id: session.room_session_id ?? undefined,
    sibling_key: siblingKey(session),
    create_seq: session.create_seq ?? undefined,
    close_seq: session.close_seq ?? undefined,
    stored_ms: session.stored_ms ?? undefined,
    create: toRegister(session.create),
    close: toRegister(session.close),
    ...viewAttributes(session),
  };
}

export function viewAttributes(standing: Standing): Item {
  const live = standing.live_shard !== null;
  return {
    live_shard: standing.live_shard ?? undefined,
    live_key: live ? liveKey(standing) : undefined,
    live_room: live ? standing.room_id : undefined,
    expires_at: standing.expires_at,
  };
}

/** A register as a map of what was told: null and empty arrays are left out, and come back by `fromRegister`. */
export function toRegister(fact: CreateFact | CloseFact | null): Item | undefined {
  if (fact === null) return undefined;
  const register: Item = {};
  for (const [name, value] of Object.entries(fact)) {
    if (value !== null && !(Array.isArray(value) && value.length === 0)) register[name] = value;
  }
  return register;
}

const NOTHING_TOLD: Omit<CreateFact, 'create_time_ms'> = {
  user_id: null,
  user_name: null,
  channel_id: null,
  stream_alias: null,
  publish_id: null,
  publish_name: null,
  title: null,
  stream_attr: null,
  codec: null,
  extra_info: null,
  recreate: null,
  create_time: null,
  rtmp_url: [],
  hls_url: [],
  hdl_url: [],
  pic_url: [],
};

function fromRegister<Fact>(register: unknown, nothingTold: Partial<Fact>): Fact | null {
  return register === undefined ? null : ({ ...nothingTold, ...(register as Item) } as Fact);
}

/** @param item an item of the table, whole */
export function toSession(item: Item): Session {
  const create = fromRegister<CreateFact>(item.create, NOTHING_TOLD);
  const close = fromRegister<CloseFact>(item.close, { ...NOTHING_TOLD, create_time_ms: null, end_reason: null });
  return { ...toStanding(item), create_time_ms: (create ?? close)?.create_time_ms ?? null, create, close };
}

/** @param item an item of the table or of the index `siblings` */
export function toStanding(item: Item): Standing {
  return {
    stream_id: item.stream_id as string,
    stream_sid: item.stream_sid as string,
    ...fromSiblingKey(item.sibling_key as string),
    room_session_id: (item.room_session_id as string | undefined) ?? null,
    create_seq: (item.create_seq as number | undefined) ?? null,
    close_seq: (item.close_seq as number | undefined) ?? null,
    stored_ms: (item.stored_ms as number | undefined) ?? null,
    live_shard: (item.live_shard as number | undefined) ?? null,
    version: item.version as number,
    expires_at: item.expires_at as number,
  };
}

function fromSiblingKey(key: string): Room & Pick<Standing, 'create_time_ms'> {
  const [appid = '', room = '', ms = ''] = key.split('#');
  const room_id = room.replace(/\$(.)/gs, (_, character: string) =>
    String.fromCharCode(character.charCodeAt(0) - ESCAPED),
  );
  return { appid, room_id, create_time_ms: Number(ms) || null };
}

/** Key of one fact of a room in the table of rooms. An appid is digits, so the room needs no escape. */
export interface FactKey {
  room: string;
  fact: string;
}

type FactItem = FactKey & Head & { room_close_time: number };

const HEAD = 'head';
const CLOSED = 'closed#';

export function headKey({ appid, room_id }: Room): FactKey {
  return { room: `${appid}#${room_id}`, fact: HEAD };
}

/** Closed sessions of one room stand beside each other: a late create of any of them must find its own. */
export function closedKey(room: Room, room_session_id: string): FactKey {
  return { ...headKey(room), fact: CLOSED + room_session_id };
}

/**
 * Orders heads as one string: by `room_create_time`, at equal times by `room_session_id` as a number, which an unsigned
 * 64-bit one is too large for; and where zeros before it are all that differs, as text.
 */
export function headRank({ room_create_time, room_session_id }: Head): string {
  return `${time(room_create_time)}#${room_session_id.padStart(64, '0')}#${room_session_id}`;
}

/** @param items of one room */
export function toRoomFacts(items: readonly Item[]): RoomFacts {
  let head: Head | null = null;
  const closed = new Map<string, number>();
  for (const item of items) {
    const { fact, room_session_id, room_create_time, room_close_time } = item as unknown as FactItem;
    if (fact === HEAD) head = { room_session_id, room_create_time };
    else closed.set(fact.slice(CLOSED.length), room_close_time);
  }
  return { head, closed };
}

/** Whether TTL should have removed an item: it deletes late and in no order, so what is past its time counts as absent. */
export function isPast(item: Item, nowMs: number): boolean {
  return (item.expires_at as number) * 1000 <= nowMs;
}
