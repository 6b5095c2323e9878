import { MAX_TIME_MS } from '../limits.ts';
import type { RoomClose, RoomCreate, StreamClose } from '../zego/event.ts';
import { blankSession, merge, type Room, type Session, type SessionKey, type Standing, toSeconds } from './session.ts';
import {
  closedKey,
  type FactKey,
  headKey,
  headRank,
  INDEX,
  type Item,
  sessionAttributes,
  siblingKey,
  siblingPrefix,
  sortKey,
  toRegister,
  viewAttributes,
} from './table.ts';

// What the store sends, as pure functions: here no engine is needed to see what a command says.

/** An UpdateItem, but for its table. */
export interface Update<Key = SessionKey> {
  Key: Key;
  UpdateExpression: string;
  ConditionExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  ExpressionAttributeValues: Record<string, unknown>;
}

/**
 * Writes a session whole, if its item is still as it was read.
 *
 *     version    0: no item may be there    n: the item must be the one that was read
 *
 * Without this a write could undo what another callback stored in between.
 */
export function sessionUpdate(session: Session): Update {
  return sessionWrite(session, sessionAttributes(session), unchangedSince(session));
}

/** Writes the view of a session alone, on the same condition: what its registers hold was not read. */
export function viewUpdate(standing: Standing): Update {
  return sessionWrite(standing, viewAttributes(standing), unchangedSince(standing));
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
  return sessionWrite(
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
 * A room session was closed.
 *
 *     news        not known yet, or told with an earlier time (a retry may renew `timestamp`): the earliest counts
 *     forgotten   an item past its time counts as absent
 */
export function closedUpdate(event: RoomClose, nowMs: number, keptMs: number): Update<FactKey> {
  const { room_close_time } = event;
  return update(
    closedKey(event, event.room_session_id),
    { room_close_time, expires_at: toSeconds(nowMs + keptMs) },
    {
      expression:
        'attribute_not_exists(#room_close_time) OR #room_close_time > :room_close_time OR #expires_at <= :now',
      values: { ':now': nowMs / 1000 },
    },
  );
}

/**
 * A room was opened.
 *
 *     newer       the newest counts, whatever comes first
 *     forgotten   an item past its time counts as absent
 */
export function headUpdate(event: RoomCreate, nowMs: number, keptMs: number): Update<FactKey> {
  const { room_session_id, room_create_time } = event;
  return update(
    headKey(event),
    { room_session_id, room_create_time, rank: headRank(event), expires_at: toSeconds(nowMs + keptMs) },
    {
      expression: 'attribute_not_exists(#rank) OR #rank < :rank OR #expires_at <= :now',
      values: { ':now': nowMs / 1000 },
    },
  );
}

/** A write of a session raises `version`: that is what other writes rest on. */
function sessionWrite({ stream_id, stream_sid }: SessionKey, attributes: Item, condition: Condition): Update {
  const { UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues, ...rest } = update(
    { stream_id, stream_sid },
    attributes,
    condition,
  );
  return {
    ...rest,
    UpdateExpression: `${UpdateExpression} ADD #version :one`,
    ExpressionAttributeNames: { ...ExpressionAttributeNames, '#version': 'version' },
    ExpressionAttributeValues: { ...ExpressionAttributeValues, ':one': 1 },
  };
}

/** SETs what has a value and REMOVEs what has none. Names go through placeholders: `create` and `close` are reserved. */
function update<Key>(Key: Key, attributes: Item, condition: Condition): Update<Key> {
  const [set, remove]: [string[], string[]] = [[], []];
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = { ...condition.values };
  for (const name of condition.names ?? []) names[`#${name}`] = name;
  for (const [name, value] of Object.entries(attributes)) {
    names[`#${name}`] = name;
    if (value === undefined) {
      remove.push(`#${name}`);
    } else {
      set.push(`#${name} = :${name}`);
      values[`:${name}`] = value;
    }
  }
  return {
    Key,
    UpdateExpression: `SET ${set.join(', ')}${remove.length === 0 ? '' : ` REMOVE ${remove.join(', ')}`}`,
    ConditionExpression: condition.expression,
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
  };
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

/** As many keys as one BatchGetItem takes. */
export const BATCH = 100;

/** How many siblings the rules see: an encoder that restarts for ever makes a callback no dearer. */
export const SIBLINGS = 25;

/** The newest siblings: sessions of one stream in one app's room. */
export function siblingsQuery(stream_id: string, room: Room): KeyQuery {
  return siblingRange(stream_id, `${siblingPrefix(room)}0`, newestKey(room), 'newest', SIBLINGS);
}

/** A session and what began with it or after it in its room, the oldest first. */
export function newerQuery(standing: Standing): KeyQuery {
  return siblingRange(standing.stream_id, siblingKey(standing), newestKey(standing), 'oldest', SIBLINGS);
}

function newestKey(room: Room): string {
  return sortKey('room_id', siblingPrefix(room) + MAX_TIME_MS);
}

/**
 * The sessions of one stream in every room, of one app or of all.
 * @param high where to begin: a sibling key, or what those of a room have in common for those before them
 */
export function standingsQuery(
  stream_id: string,
  appid: string | undefined,
  high: string | undefined,
  limit: number,
): KeyQuery {
  // An appid is digits, and in ASCII `#` and `$` come before them and `:` after.
  const low = appid === undefined ? '0' : `${appid}#`;
  return siblingRange(stream_id, low, high ?? (appid === undefined ? ':' : `${appid}$`), 'newest', limit);
}

function siblingRange(stream_id: string, low: string, high: string, order: Order, limit: number): KeyQuery {
  return {
    IndexName: INDEX.siblings,
    KeyConditionExpression: '#stream_id = :stream_id AND #sibling_key BETWEEN :low AND :high',
    ExpressionAttributeNames: { '#stream_id': 'stream_id', '#sibling_key': 'sibling_key' },
    ExpressionAttributeValues: { ':stream_id': stream_id, ':low': low, ':high': high },
    ScanIndexForward: order === 'oldest',
    ConsistentRead: true,
    Limit: limit,
  };
}

/** What comes first, by `create_time_ms`. */
export type Order = 'newest' | 'oldest';

/** A part of the live list: what comes after a position in one partition of an index. */
export interface LivePart {
  /** A partition of the live index, or a room. */
  partition: { live_shard: number } | { live_room: string };
  order: Order;
  /** A `live_key`: only what comes after it in this order. */
  after: string | undefined;
  appid: string | undefined;
  /** Rule 5: a session whose create was stored before this, on our clock in ms, is expired. */
  storedSinceMs: number;
}

export function liveQuery({ partition, order, after, appid, storedSinceMs }: LivePart, limit: number): KeyQuery {
  const [[name, value]] = Object.entries(partition) as [[string, string | number]];
  const beyond = order === 'newest' ? '<' : '>';
  return {
    IndexName: 'live_room' in partition ? INDEX.room : INDEX.live,
    KeyConditionExpression: `#partition = :partition${after === undefined ? '' : ` AND #live_key ${beyond} :after`}`,
    FilterExpression: `#stored_ms >= :since${appid === undefined ? '' : ' AND #appid = :appid'}`,
    ExpressionAttributeNames: {
      '#partition': name,
      '#stored_ms': 'stored_ms',
      ...(after === undefined ? {} : { '#live_key': 'live_key' }),
      ...(appid === undefined ? {} : { '#appid': 'appid' }),
    },
    ExpressionAttributeValues: {
      ':partition': value,
      ':since': storedSinceMs,
      ...(after === undefined ? {} : { ':after': after }),
      ...(appid === undefined ? {} : { ':appid': appid }),
    },
    ScanIndexForward: order === 'oldest',
    Limit: limit,
  };
}
