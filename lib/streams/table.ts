import { createHash } from 'node:crypto';
import { invalidField } from '../errors.ts';
import type { StreamClose } from '../zego/event.ts';
import {
  blankSession,
  type CloseFact,
  type CreateFact,
  merge,
  type Session,
  type SessionKey,
  type Standing,
  toSeconds,
} from './session.ts';

/**
 * The table of sessions: how a session lies in it, and the expressions that read and write it. serverless.yml defines
 * the table and its indexes; `docs/storage.md` explains every attribute.
 */
export const INDEX = { siblings: 'siblings', live: 'live', room: 'room' } as const;

/** DynamoDB's limit for the sort key of an index. */
const MAX_SORT_KEY_BYTES = 1024;

/** An item as lib-dynamodb reads and writes it. */
export type Item = Record<string, unknown>;

/** An UpdateItem, but for its table. */
export interface Update {
  Key: SessionKey;
  UpdateExpression: string;
  ConditionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, unknown>;
}

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
  return String(ms ?? 0).padStart(13, '0');
}

/** Sorts by `create_time_ms`, then `stream_id`, then `stream_sid`: total, so a page position *is* a `live_key`. */
export function liveKey({
  create_time_ms,
  stream_id,
  stream_sid,
}: SessionKey & Pick<Standing, 'create_time_ms'>): string {
  return sortKey('stream_sid', `${time(create_time_ms)}#${escapeId(stream_id)}#${escapeId(stream_sid)}`);
}

/** What the sibling keys of one app's room begin with; 13 digits of `create_time_ms` follow. */
function siblingPrefix({ appid, room_id }: Pick<Standing, 'appid' | 'room_id'>): string {
  return `${appid}#${escapeId(room_id)}#`;
}

function siblingKey(standing: Pick<Standing, 'appid' | 'room_id' | 'create_time_ms'>): string {
  return sortKey('room_id', siblingPrefix(standing) + time(standing.create_time_ms));
}

/** Escapes can make a key of odd ids longer than DynamoDB takes: nothing could hold such a session. */
function sortKey(field: string, key: string): string {
  if (Buffer.byteLength(key) > MAX_SORT_KEY_BYTES) throw invalidField(field, 'is too long for a key.');
  return key;
}

/** Which of the live index's partitions a session goes to. */
export function shardOf(stream_sid: string, shards: number): number {
  return createHash('sha1').update(stream_sid).digest().readUInt32BE() % shards;
}

/** Every attribute of an item but its keys and `version`; undefined: the item does not have it. */
function attributes(session: Session): Item {
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

function viewAttributes(standing: Standing): Item {
  const live = standing.live_shard !== null;
  return {
    live_shard: standing.live_shard ?? undefined,
    live_key: live ? liveKey(standing) : undefined,
    live_room: live ? standing.room_id : undefined,
    expires_at: standing.expires_at,
  };
}

/** A register as a map of what was told: null and empty arrays are left out, and come back by `fromRegister`. */
function toRegister(fact: CreateFact | CloseFact | null): Item | undefined {
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

function fromSiblingKey(key: string): Pick<Standing, 'appid' | 'room_id' | 'create_time_ms'> {
  const [appid = '', room = '', ms = ''] = key.split('#');
  const room_id = room.replace(/\$(.)/gs, (_, character: string) =>
    String.fromCharCode(character.charCodeAt(0) - ESCAPED),
  );
  return { appid, room_id, create_time_ms: Number(ms) || null };
}

/** Whether TTL should have removed an item: it deletes late and in no order, so what is past its time counts as absent. */
export function isPast(item: Item, nowMs: number): boolean {
  return (item.expires_at as number) * 1000 <= nowMs;
}

/**
 * Writes a session whole, if its item is still as it was read.
 *
 *     version    0: no item may be there    n: the item must be the one that was read
 *
 * Without this a write could undo what another callback stored in between.
 */
export function sessionUpdate(session: Session): Update {
  return update(session, attributes(session), unchangedSince(session));
}

/** Writes the view of a session alone, on the same condition: what its registers hold was not read. */
export function viewUpdate(standing: Standing): Update {
  return update(standing, viewAttributes(standing), unchangedSince(standing));
}

/** A Query, but for its table. */
export interface KeyQuery {
  IndexName: string;
  KeyConditionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, string | number>;
  FilterExpression?: string;
  ScanIndexForward: boolean;
  ConsistentRead?: true;
  Limit: number;
}

/** The newest siblings: sessions of one stream in one app's room. */
export function siblingsQuery(stream_id: string, room: Pick<Standing, 'appid' | 'room_id'>, limit: number): KeyQuery {
  const prefix = siblingPrefix(room);
  return siblingRange(stream_id, `${prefix}0`, sortKey('room_id', prefix + '9'.repeat(13)), limit);
}

/**
 * The sessions of one stream in every room, of one app or of all.
 * @param below a sibling key: only rooms that sort before its own
 */
export function standingsQuery(
  stream_id: string,
  appid: string | undefined,
  below: string | undefined,
  limit: number,
): KeyQuery {
  // An appid is digits, and in ASCII `#` and `$` come before them and `:` after. A prefix alone is no key, so an upper
  // bound that is one excludes all that begins with it.
  const low = appid === undefined ? '0' : `${appid}#`;
  const high = appid === undefined ? ':' : `${appid}$`;
  return siblingRange(stream_id, low, below === undefined ? high : below.slice(0, -13), limit);
}

function siblingRange(stream_id: string, low: string, high: string, limit: number): KeyQuery {
  return {
    IndexName: INDEX.siblings,
    KeyConditionExpression: '#stream_id = :stream_id AND #sibling_key BETWEEN :low AND :high',
    ExpressionAttributeNames: { '#stream_id': 'stream_id', '#sibling_key': 'sibling_key' },
    ExpressionAttributeValues: { ':stream_id': stream_id, ':low': low, ':high': high },
    ScanIndexForward: false,
    ConsistentRead: true,
    Limit: limit,
  };
}

/** A part of the live list: what comes after a position in one partition of an index. */
export interface LivePart {
  /** A partition of the live index, or a room. */
  partition: { live_shard: number } | { live_room: string };
  order: 'newest' | 'oldest';
  /** A `live_key`: only what comes after it in this order. */
  after: string | undefined;
  appid: string | undefined;
}

export function liveQuery({ partition, order, after, appid }: LivePart, limit: number): KeyQuery {
  const [[name, value]] = Object.entries(partition) as [[string, string | number]];
  const beyond = order === 'newest' ? '<' : '>';
  return {
    IndexName: 'live_room' in partition ? INDEX.room : INDEX.live,
    KeyConditionExpression: `#partition = :partition${after === undefined ? '' : ` AND #live_key ${beyond} :after`}`,
    ...(appid === undefined ? {} : { FilterExpression: '#appid = :appid' }),
    ExpressionAttributeNames: {
      '#partition': name,
      ...(after === undefined ? {} : { '#live_key': 'live_key' }),
      ...(appid === undefined ? {} : { '#appid': 'appid' }),
    },
    ExpressionAttributeValues: {
      ':partition': value,
      ...(after === undefined ? {} : { ':after': after }),
      ...(appid === undefined ? {} : { ':appid': appid }),
    },
    ScanIndexForward: order === 'oldest',
    Limit: limit,
  };
}

interface Condition {
  expression: string;
  /** Attributes that it names beside those that are written. */
  names?: string[];
  values: Record<string, unknown>;
}

function unchangedSince({ version }: Standing): Condition {
  return version === 0
    ? { expression: 'attribute_not_exists(#version)', values: {} }
    : { expression: '#version = :read', values: { ':read': version } };
}

/**
 * The close of a known session, in one write and without a read.
 *
 *     create known, not newer   `create_seq <= :close_seq`: the close ends the session, whatever else is stored
 *     close is news             no close yet, or one with a smaller seq
 *     not forgotten             an item past its time counts as absent, though TTL has not deleted it yet
 *
 * It cannot end a sibling that its create did not already end, so nobody else needs to be read.
 */
export function closeUpdate(event: StreamClose, nowMs: number, retentionMs: number): Update {
  const closed = merge(blankSession(event), event, nowMs);
  return update(
    event,
    {
      close: toRegister(closed.close),
      close_seq: event.stream_seq,
      expires_at: toSeconds(nowMs + retentionMs),
      live_shard: undefined,
      live_key: undefined,
      live_room: undefined,
    },
    {
      expression:
        '#create_seq <= :close_seq AND (attribute_not_exists(#close_seq) OR #close_seq < :close_seq) AND #expires_at > :now',
      names: ['create_seq'],
      values: { ':now': nowMs / 1000 },
    },
  );
}

/**
 * SETs what has a value, REMOVEs what has none, and raises `version`. Every name goes through a placeholder: `create`
 * and `close` are reserved words.
 */
function update(key: SessionKey, attributes: Item, condition: Condition): Update {
  let set = '';
  let remove = '';
  const names: Record<string, string> = { '#version': 'version' };
  const values: Record<string, unknown> = { ':zero': 0, ':one': 1, ...condition.values };
  for (const name of condition.names ?? []) names[`#${name}`] = name;
  for (const [name, value] of Object.entries(attributes)) {
    names[`#${name}`] = name;
    if (value === undefined) {
      remove += `${remove === '' ? ' REMOVE ' : ', '}#${name}`;
    } else {
      set += `#${name} = :${name}, `;
      values[`:${name}`] = value;
    }
  }
  return {
    Key: { stream_id: key.stream_id, stream_sid: key.stream_sid },
    UpdateExpression: `SET ${set}#version = if_not_exists(#version, :zero) + :one${remove}`,
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
}
