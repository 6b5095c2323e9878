import { createHash } from 'node:crypto';
import { invalidField } from '../errors.ts';
import { MAX_SORT_KEY_BYTES, MAX_TIME_MS, TIME_MS_DIGITS } from '../limits.ts';
import type { Head, Room, SessionKey, Standing } from '../streams/session.ts';

/**
 * The keys of both tables and their indexes. serverless.yml defines tables and indexes, docs/storage.md explains every
 * attribute.
 */
export const INDEX = { siblings: 'siblings', live: 'live', room: 'room' } as const;

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

function unescapeId(escaped: string): string {
  return escaped.replace(/\$(.)/gs, (_, character: string) => String.fromCharCode(character.charCodeAt(0) - ESCAPED));
}

function padTime(ms: number | null): string {
  return String(ms ?? 0).padStart(TIME_MS_DIGITS, '0');
}

/** Escapes can make a key of odd ids longer than DynamoDB takes: nothing could hold such a session. */
function sortKey(field: string, key: string): string {
  if (Buffer.byteLength(key) > MAX_SORT_KEY_BYTES) throw invalidField(field, 'is too long for a key.');
  return key;
}

type Start = Pick<Standing, 'create_time_ms'>;

/** Sorts by `create_time_ms`, then `stream_id`, then `stream_sid`: total, so a page position *is* a `live_key`. */
export function liveKey({ create_time_ms, stream_id, stream_sid }: SessionKey & Start): string {
  return sortKey('stream_sid', `${padTime(create_time_ms)}#${escapeId(stream_id)}#${escapeId(stream_sid)}`);
}

/** The `create_time_ms` in a `live_key`. */
export function liveTime(live_key: string): number | null {
  return Number(live_key.slice(0, TIME_MS_DIGITS)) || null;
}

/** What the sibling keys of one app's room begin with; 13 digits of `create_time_ms` follow. */
function siblingPrefix({ appid, room_id }: Room): string {
  return `${appid}#${escapeId(room_id)}#`;
}

/** Sorts the sessions of a stream by app, then room, then `create_time_ms`. */
export function siblingKey(standing: Room & Start): string {
  return sortKey('room_id', siblingPrefix(standing) + padTime(standing.create_time_ms));
}

export function fromSiblingKey(sibling_key: string): Room & Start {
  const [appid = '', room = '', ms = ''] = sibling_key.split('#');
  return { appid, room_id: unescapeId(room), create_time_ms: Number(ms) || null };
}

/** What a sibling key has in common with those of its room. */
export function roomPart(sibling_key: string): string {
  return sibling_key.slice(0, -TIME_MS_DIGITS);
}

/** Sibling keys from `low` to `high`, both included. */
export interface SiblingRange {
  low: string;
  high: string;
}

/** All sibling keys of a room. */
export function roomRange(room: Room): SiblingRange {
  return { low: `${siblingPrefix(room)}0`, high: sortKey('room_id', siblingPrefix(room) + MAX_TIME_MS) };
}

/** The sibling keys of every room, of one app or of all. In ASCII `#` and `$` come before the digits, `:` after them. */
export function appRange(appid: string | undefined): SiblingRange {
  return appid === undefined ? { low: '0', high: ':' } : { low: `${appid}#`, high: `${appid}$` };
}

/** Which of the live index's partitions a session goes to. */
export function shardOf(stream_sid: string, shards: number): number {
  return createHash('sha1').update(stream_sid).digest().readUInt32BE() % shards;
}

/** Key of one fact of a room in the table of rooms. An appid is digits, so the room needs no escape. */
export interface FactKey {
  room: string;
  fact: string;
}

const HEAD = 'head';
const CLOSED = 'closed#';

export function headKey({ appid, room_id }: Room): FactKey {
  return { room: `${appid}#${room_id}`, fact: HEAD };
}

/** Closed sessions of one room stand beside each other: a late create of any of them must find its own. */
export function closedKey(room: Room, room_session_id: string): FactKey {
  return { ...headKey(room), fact: CLOSED + room_session_id };
}

export function isHead({ fact }: Pick<FactKey, 'fact'>): boolean {
  return fact === HEAD;
}

/** @returns the room session that a fact says is closed; undefined for another fact */
export function closedRoomSession({ fact }: Pick<FactKey, 'fact'>): string | undefined {
  return fact.startsWith(CLOSED) ? fact.slice(CLOSED.length) : undefined;
}

/**
 * Orders heads as one string: by `room_create_time`, at equal times by `room_session_id` as a number, which an unsigned
 * 64-bit one is too large for; and where zeros before it are all that differs, as text.
 */
export function headRank({ room_create_time, room_session_id }: Head): string {
  return `${padTime(room_create_time)}#${room_session_id.padStart(64, '0')}#${room_session_id}`;
}
