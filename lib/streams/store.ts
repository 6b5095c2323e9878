import { setTimeout as wait } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { Problem } from '../errors.ts';
import {
  BATCH,
  type KeyQuery,
  type LivePart,
  liveQuery,
  newerQuery,
  siblingsQuery,
  standingsQuery,
  type Update,
} from './commands.ts';
import { blankSession, type Room, type RoomFacts, type Session, type SessionKey, type Standing } from './session.ts';
import {
  closedKey,
  type FactKey,
  headKey,
  type Item,
  isPast,
  roomPart,
  toRoomFacts,
  toSession,
  toStanding,
} from './table.ts';

/**
 * The only file that knows the AWS SDK. Its calls throw nothing but a Problem `store-unavailable`, or `internal-error`
 * for what the store refuses for good.
 * Items past their time count as absent everywhere, as TTL deletes late and in no order.
 */
export interface Store {
  /** What is known of a room, consistently: its head, and which of these room sessions are closed. */
  roomFacts(room: Room, room_session_ids: Iterable<string>): Promise<RoomFacts>;
  /** The same and one session, in one request; the session is blank when nothing is known of it any more. */
  sessionAndRoomFacts(
    key: SessionKey,
    room: Room,
    room_session_ids: Iterable<string>,
  ): Promise<{ session: Session; facts: RoomFacts }>;
  /** Sessions, consistently, in the order asked; undefined where nothing is known (any more). */
  sessions(keys: readonly SessionKey[]): Promise<(Session | undefined)[]>;
  /** The newest sessions of a stream in one app's room, consistently: what the rules look at. */
  siblings(stream_id: string, room: Room): Promise<Standing[]>;
  /** What began with a session or after it, of its stream in its room, up to the next newer one; consistently. */
  newerSiblings(standing: Standing): Promise<Standing[]>;
  /** The newest 100 sessions of a stream in every room at least, of one app or of all, consistently. */
  standings(stream_id: string, appid: string | undefined): Promise<Standing[]>;
  /** The first `limit` entries at least of a part of the live list; fewer only when it has no more. Eventually consistent. */
  liveEntries(part: LivePart, limit: number): Promise<LiveEntry[]>;
  /** @returns whether the condition held; if not, nothing was written */
  write(update: Update): Promise<boolean>;
  /** The same for a fact of a room. */
  writeFact(update: Update<FactKey>): Promise<boolean>;
}

export interface LiveEntry extends SessionKey {
  live_key: string;
  /** Entries of a room have it where it was told. */
  room_session_id?: string;
}

export interface Tables {
  sessions: string;
  rooms: string;
}

export interface StoreOptions {
  client: DynamoDBDocumentClient;
  /** Their names. */
  tables: Tables;
  /** Our clock in ms. */
  nowMs: number;
  /** Aborts what is in flight when the request's deadline has passed. */
  signal: AbortSignal;
}

const STANDINGS_PAGE = 100;
/** Where too little of a page counts (expired sessions, other apps, what is past its time), the next ones are larger. */
const FILTERED_PAGE = 1000;
const UNPROCESSED_PAUSE_MS = 50;

/**
 * A client that gives up: by default the SDK waits for ever on an engine that accepts a connection and keeps silent.
 * Region, credentials and endpoint come from the environment.
 */
export function connect(): DynamoDBDocumentClient {
  return DynamoDBDocumentClient.from(
    new DynamoDBClient({
      maxAttempts: 3,
      requestHandler: { connectionTimeout: 500, requestTimeout: 1000, throwOnRequestTimeout: true },
    }),
  );
}

export function openStore({ client, tables, nowMs, signal }: StoreOptions): Store {
  const abort = { abortSignal: signal };
  const known = (items: readonly Item[]) => items.filter((item) => !isPast(item, nowMs));

  async function query(keyQuery: KeyQuery, ExclusiveStartKey?: Item): Promise<{ items: Item[]; last?: Item }> {
    const command = new QueryCommand({ TableName: tables.sessions, ...keyQuery, ExclusiveStartKey });
    const { Items: items = [], LastEvaluatedKey: last } = await guard(client.send(command, abort));
    return last === undefined ? { items } : { items, last };
  }

  /** @param asked what is wanted of which table; no key twice, which BatchGetItem refuses */
  async function batchGet(asked: readonly [table: string, Key: object][]): Promise<Record<string, Item[]>> {
    const found: Record<string, Item[]> = { [tables.sessions]: [], [tables.rooms]: [] };
    let left = asked;
    while (left.length > 0) {
      const RequestItems: Record<string, { Keys: Item[]; ConsistentRead: true }> = {};
      for (const [table, Key] of left.slice(0, BATCH)) {
        RequestItems[table] ??= { Keys: [], ConsistentRead: true };
        RequestItems[table].Keys.push(Key as Item);
      }
      const { Responses = {}, UnprocessedKeys = {} } = await guard(
        client.send(new BatchGetCommand({ RequestItems }), abort),
      );
      for (const [table, items] of Object.entries(Responses)) found[table]?.push(...items);
      // What was left unprocessed is not absent. Asked again until the deadline ends it.
      const unprocessed = Object.entries(UnprocessedKeys).flatMap(([table, { Keys = [] }]) =>
        Keys.map((Key): [string, object] => [table, Key]),
      );
      left = [...unprocessed, ...left.slice(BATCH)];
      if (unprocessed.length > 0) await guard(wait(UNPROCESSED_PAUSE_MS, undefined, { signal }));
    }
    return found;
  }

  function factKeys(room: Room, room_session_ids: Iterable<string>): [string, object][] {
    const keys = [headKey(room), ...Array.from(room_session_ids, (id) => closedKey(room, id))];
    return keys.map((key) => [tables.rooms, key]);
  }

  async function write<Key>(TableName: string, update: Update<Key>): Promise<boolean> {
    try {
      await client.send(new UpdateCommand({ TableName, ...(update as Update) }), abort);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw unavailable(error);
    }
  }

  return {
    async roomFacts(room, room_session_ids) {
      const found = await batchGet(factKeys(room, room_session_ids));
      return toRoomFacts(known(found[tables.rooms] ?? []));
    },

    async sessionAndRoomFacts({ stream_id, stream_sid }, room, room_session_ids) {
      const Key = { stream_id, stream_sid };
      const found = await batchGet([[tables.sessions, Key], ...factKeys(room, room_session_ids)]);
      const [item] = found[tables.sessions] ?? [];
      const session =
        item === undefined || isPast(item, nowMs) ? blankSession(Key, item?.version as number) : toSession(item);
      return { session, facts: toRoomFacts(known(found[tables.rooms] ?? [])) };
    },

    async sessions(keys) {
      const id = ({ stream_id, stream_sid }: SessionKey) => JSON.stringify([stream_id, stream_sid]);
      const asked = new Map(keys.map((key) => [id(key), { stream_id: key.stream_id, stream_sid: key.stream_sid }]));
      const found = await batchGet(Array.from(asked.values(), (Key) => [tables.sessions, Key]));
      const sessions = new Map(known(found[tables.sessions] ?? []).map((item) => [id(item as never), toSession(item)]));
      return keys.map((key) => sessions.get(id(key)));
    },

    async siblings(stream_id, room) {
      const found: Item[] = [];
      const first = siblingsQuery(stream_id, room);
      let { items, last } = await query(first);
      found.push(...items);
      // Recreates may keep the time: of those with the newest one the rules must see all, however many they are. And
      // what is past its time hides nobody.
      while (last !== undefined && (last.sibling_key === found[0]?.sibling_key || known(found).length === 0)) {
        ({ items, last } = await query({ ...first, Limit: FILTERED_PAGE }, last));
        found.push(...items);
      }
      return known(found).map(toStanding);
    },

    async newerSiblings(standing) {
      const found: Standing[] = [];
      let last: Item | undefined;
      do {
        const page = await query(newerQuery(standing), last);
        found.push(...known(page.items).map(toStanding));
        last = page.last;
      } while (last !== undefined && (found.at(-1)?.create_time_ms ?? 0) <= (standing.create_time_ms ?? 0));
      return found;
    },

    async standings(stream_id, appid) {
      const found: Item[] = [];
      let high: string | undefined;
      let ExclusiveStartKey: Item | undefined;
      for (;;) {
        const { items, last } = await query(standingsQuery(stream_id, appid, high, STANDINGS_PAGE), ExclusiveStartKey);
        found.push(...items);
        if (last === undefined) return known(found).map(toStanding);
        // The index sorts by room before time. What is left of a room that has filled a page is skipped: so a stream
        // that was restarted thousands of times in one room costs one page, and no other room is missed. Items past
        // their time fill nothing.
        const full =
          roomPart(items[0]?.sibling_key as string) === roomPart(last.sibling_key as string) &&
          known(items).length === items.length;
        const key = last.sibling_key as string;
        // A prefix alone is no key, so an upper bound that is one excludes all that begins with it.
        high = full ? roomPart(key) : key;
        ExclusiveStartKey = full ? undefined : last;
      }
    },

    async liveEntries(part, limit) {
      const found: LiveEntry[] = [];
      let after: string | undefined = part.after;
      for (let pageLimit = limit; ; pageLimit = FILTERED_PAGE) {
        const { items, last } = await query(liveQuery({ ...part, after }, pageLimit));
        found.push(...(items as unknown as LiveEntry[]));
        if (last === undefined || found.length >= limit) return found;
        after = last.live_key as string;
      }
    },

    write: (update) => write(tables.sessions, update),
    writeFact: (update) => write(tables.rooms, update),
  };
}

async function guard<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw unavailable(error);
  }
}

/**
 * What DynamoDB refuses only for now: it has no capacity left, or another request was in the way. Every other refusal is
 * lasting: a request that is malformed or forbidden, a table that is not there.
 * Source: Amazon DynamoDB Developer Guide, "Error handling"; @smithy/service-error-classification.
 */
const PASSING =
  /Thrott|^(TooManyRequestsException|ProvisionedThroughputExceededException|RequestLimitExceeded|LimitExceededException|BandwidthLimitExceeded|SlowDown|PriorRequestNotComplete|Transaction(InProgress|Conflict)Exception|ReplicatedWriteConflictException|RequestTimeout(Exception)?)$/;
const PASSING_STATUS: readonly number[] = [408, 429];

/** The store's failure as a problem: one that passes, one that an operator has to mend, or a bug of ours. */
function unavailable(cause: unknown): Problem {
  const {
    name = '',
    code = '',
    $metadata,
  } = cause as {
    name?: string;
    code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  // The SDK gives metadata to whatever the network or the store does. It throws a plain error when it cannot even make
  // the request, as of a value that no item can hold.
  if ($metadata === undefined && code === '' && !/^(AbortError|TimeoutError)$/.test(name)) {
    return new Problem('internal-error', 'This service has failed. Try again.', { cause });
  }
  const { httpStatusCode: status = 500 } = $metadata ?? {};
  if (status >= 400 && status < 500 && !PASSING_STATUS.includes(status) && !PASSING.test(name)) {
    return new Problem('internal-error', 'The store refused a request of this service.', {
      reason: 'store-refused',
      cause,
    });
  }
  // The SDK calls a connection that was cut a TimeoutError too.
  const timedOut = name === 'AbortError' || (name === 'TimeoutError' && code !== 'ECONNRESET' && code !== 'EPIPE');
  return new Problem('store-unavailable', 'The store did not answer. Try again.', {
    reason: timedOut ? 'store-timeout' : 'store-unavailable',
    cause,
  });
}
