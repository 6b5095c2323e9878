import type { StreamClose } from '../zego/event.ts';
import { blankSession, merge, type Room, type Session, type SessionKey, type Standing, toSeconds } from './session.ts';
import {
  INDEX,
  type Item,
  roomPart,
  sessionAttributes,
  siblingPrefix,
  sortKey,
  toRegister,
  viewAttributes,
} from './table.ts';

// What the store sends, as pure functions: here no engine is needed to see what a command says.

/** An UpdateItem, but for its table. */
export interface Update {
  Key: SessionKey;
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
  return update(session, sessionAttributes(session), unchangedSince(session));
}

/** Writes the view of a session alone, on the same condition: what its registers hold was not read. */
export function viewUpdate(standing: Standing): Update {
  return update(standing, viewAttributes(standing), unchangedSince(standing));
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
export function siblingsQuery(stream_id: string, room: Room, limit: number): KeyQuery {
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
  return siblingRange(stream_id, low, below === undefined ? high : roomPart(below), limit);
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
