import { factOf, type Room, type Session, type SessionKey, type Standing } from '../streams/session.ts';
import { type Order, SIBLINGS } from '../streams/store.ts';
import type { RoomClose, RoomCreate, StreamClose } from '../zego/event.ts';
import { type Item, listingAttributes, sessionAttributes, toRegister, UNLISTED } from './items.ts';
import {
  appRange,
  closedKey,
  type FactKey,
  headKey,
  headRank,
  INDEX,
  roomRange,
  type SiblingRange,
  siblingKey,
} from './keys.ts';

// What the store sends, as pure functions: here no engine is needed to see what a request says.

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
 * Without this a write could undo what another callback stored in between. A session stays in its partition while it is
 * listed, also after LIVE_SHARDS was raised; where an item past its time still is, it does not count.
 * @param before the session as it was read
 */
export function sessionUpdate(session: Session, before: Session, liveShards: number): Update {
  const attributes = sessionAttributes(session, liveShards);
  return sessionWrite(session, attributes, { ...unchangedSince(session), keepsShard: before.listed });
}

/** Writes whether a session is listed, on the same condition: what its registers hold was not read. */
export function listingUpdate(standing: Standing, liveShards: number): Update {
  const condition = { ...unchangedSince(standing), keepsShard: true };
  return sessionWrite(standing, listingAttributes(standing, liveShards), condition);
}

interface Condition {
  expression: string;
  /** Attributes that it names beside those that are written. */
  names?: string[];
  values: Record<string, unknown>;
  /** Whether a `live_shard` that is there stays. */
  keepsShard?: boolean;
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
export function closeUpdate(event: StreamClose, expires_at: number, nowMs: number): Update {
  return sessionWrite(
    event,
    { close: toRegister(factOf(event)), close_seq: event.stream_seq, expires_at, ...UNLISTED },
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
export function closedUpdate(event: RoomClose, expires_at: number, nowMs: number): Update<FactKey> {
  const { room_close_time } = event;
  return update(
    closedKey(event, event.room_session_id),
    { room_close_time, expires_at },
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
export function headUpdate(event: RoomCreate, expires_at: number, nowMs: number): Update<FactKey> {
  const { room_session_id, room_create_time } = event;
  return update(
    headKey(event),
    { room_session_id, room_create_time, rank: headRank(event), expires_at },
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
      const isKept = name === 'live_shard' && condition.keepsShard === true;
      set.push(isKept ? `#${name} = if_not_exists(#${name}, :${name})` : `#${name} = :${name}`);
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

/** Where too little of a page counts (what is past its time, expired, or another app's), the next ones are larger. */
export const FILTERED_PAGE = 1000;

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
export function siblingsQuery(stream_id: string, room: Room): KeyQuery {
  return siblingQuery(stream_id, roomRange(room), 'newest', SIBLINGS);
}

/** A session and what began with it or after it in its room, the oldest first. */
export function newerQuery(standing: Standing): KeyQuery {
  const range = { ...roomRange(standing), low: siblingKey(standing) };
  return siblingQuery(standing.stream_id, range, 'oldest', SIBLINGS);
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
  const range = appRange(appid);
  return siblingQuery(stream_id, high === undefined ? range : { ...range, high }, 'newest', limit);
}

function siblingQuery(stream_id: string, { low, high }: SiblingRange, order: Order, limit: number): KeyQuery {
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

/** A partition of an index: its shard, or its room. */
export type Partition = { index: 'live'; value: number } | { index: 'room'; value: string };

const PARTITION_KEYS = { live: 'live_shard', room: 'live_room' } as const;

/** What comes after a position in one partition. */
export interface PartitionQuery {
  partition: Partition;
  order: Order;
  /** A `live_key`. */
  after: string | undefined;
  appid: string | undefined;
  storedSinceMs: number;
}

export function liveQuery(query: PartitionQuery, limit: number): KeyQuery {
  const { partition, order, after, appid, storedSinceMs } = query;
  const beyond = order === 'newest' ? '<' : '>';
  return {
    IndexName: INDEX[partition.index],
    KeyConditionExpression: `#partition = :partition${after === undefined ? '' : ` AND #live_key ${beyond} :after`}`,
    FilterExpression: `#stored_ms >= :since${appid === undefined ? '' : ' AND #appid = :appid'}`,
    ExpressionAttributeNames: {
      '#partition': PARTITION_KEYS[partition.index],
      '#stored_ms': 'stored_ms',
      ...(after === undefined ? {} : { '#live_key': 'live_key' }),
      ...(appid === undefined ? {} : { '#appid': 'appid' }),
    },
    ExpressionAttributeValues: {
      ':partition': partition.value,
      ':since': storedSinceMs,
      ...(after === undefined ? {} : { ':after': after }),
      ...(appid === undefined ? {} : { ':appid': appid }),
    },
    ScanIndexForward: order === 'oldest',
    Limit: limit,
  };
}
