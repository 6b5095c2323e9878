import { setTimeout as wait } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { Problem } from '../errors.ts';
import { type LivePart, liveQuery, siblingsQuery, standingsQuery, type Update } from './commands.ts';
import { blankSession, type Room, type Session, type SessionKey, type Standing } from './session.ts';
import { type Item, isPast, roomPart, toSession, toStanding } from './table.ts';

/**
 * The only file that knows the AWS SDK. Its calls throw nothing but a Problem `store-unavailable`.
 * Items past their time count as absent everywhere, as TTL deletes late and in no order.
 */
export interface Store {
  /** One session, consistently; blank when nothing is known of it any more. */
  session(key: SessionKey): Promise<Session>;
  /** Up to 100 sessions, consistently, in the order asked; undefined where nothing is known (any more). */
  sessions(keys: readonly SessionKey[]): Promise<(Session | undefined)[]>;
  /** The newest sessions of a stream in one app's room, consistently: what the rules look at. */
  siblings(stream_id: string, room: Room): Promise<Standing[]>;
  /** The newest 100 sessions of a stream in every room at least, of one app or of all, consistently. */
  standings(stream_id: string, appid: string | undefined): Promise<Standing[]>;
  /** The first `limit` entries of a part of the live list; fewer only when it has no more. Eventually consistent. */
  liveEntries(part: LivePart, limit: number): Promise<LiveEntry[]>;
  /** @returns whether the condition held; if not, nothing was written */
  write(update: Update): Promise<boolean>;
}

export interface LiveEntry extends SessionKey {
  live_key: string;
}

export interface StoreOptions {
  client: DynamoDBDocumentClient;
  /** Name of the table of sessions. */
  table: string;
  /** Our clock in ms. */
  nowMs: number;
  /** Aborts what is in flight when the request's deadline has passed. */
  signal: AbortSignal;
}

/** How many siblings the rules see: an encoder that restarts for ever makes a callback no dearer. */
const SIBLINGS = 25;
const STANDINGS_PAGE = 100;
/** Where the filter has left too little of a page (expired sessions, other apps), the next ones are larger. */
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

export function openStore({ client, table, nowMs, signal }: StoreOptions): Store {
  const TableName = table;
  const abort = { abortSignal: signal };
  const known = (items: readonly Item[]) => items.filter((item) => !isPast(item, nowMs));

  return {
    async session({ stream_id, stream_sid }) {
      const Key = { stream_id, stream_sid };
      const { Item } = await guard(client.send(new GetCommand({ TableName, Key, ConsistentRead: true }), abort));
      if (Item === undefined) return blankSession(Key);
      return isPast(Item, nowMs) ? blankSession(Key, Item.version) : toSession(Item);
    },

    async sessions(keys) {
      const id = ({ stream_id, stream_sid }: SessionKey) => `${stream_id}\0${stream_sid}`;
      // A Map, since BatchGetItem refuses a key that is asked twice.
      const asked = new Map(keys.map((key) => [id(key), { stream_id: key.stream_id, stream_sid: key.stream_sid }]));
      const found = new Map<string, Session>();
      let Keys: Item[] = [...asked.values()];
      while (Keys.length > 0) {
        const RequestItems = { [table]: { Keys, ConsistentRead: true } };
        const { Responses, UnprocessedKeys } = await guard(client.send(new BatchGetCommand({ RequestItems }), abort));
        for (const session of known(Responses?.[table] ?? []).map(toSession)) found.set(id(session), session);
        // What was left unprocessed is not absent. Asked again until the deadline ends it.
        Keys = UnprocessedKeys?.[table]?.Keys ?? [];
        if (Keys.length > 0) await guard(wait(UNPROCESSED_PAUSE_MS, undefined, { signal }));
      }
      return keys.map((key) => found.get(id(key)));
    },

    async siblings(stream_id, room) {
      const { Items = [] } = await guard(
        client.send(new QueryCommand({ TableName, ...siblingsQuery(stream_id, room, SIBLINGS) }), abort),
      );
      return known(Items).map(toStanding);
    },

    async standings(stream_id, appid) {
      const found: Item[] = [];
      let below: string | undefined;
      let ExclusiveStartKey: Item | undefined;
      for (;;) {
        const query = standingsQuery(stream_id, appid, below, STANDINGS_PAGE);
        const { Items = [], LastEvaluatedKey: last } = await guard(
          client.send(new QueryCommand({ TableName, ...query, ExclusiveStartKey }), abort),
        );
        found.push(...Items);
        if (last === undefined) return known(found).map(toStanding);
        // The index sorts by room before time. What is left of a room that has filled a page is skipped: so a stream
        // that was restarted thousands of times in one room costs one page, and no other room is missed. Items past
        // their time fill nothing.
        const full =
          roomPart(Items[0]?.sibling_key) === roomPart(last.sibling_key) && known(Items).length === Items.length;
        below = full ? last.sibling_key : below;
        ExclusiveStartKey = full ? undefined : last;
      }
    },

    async liveEntries(part, limit) {
      const found: LiveEntry[] = [];
      let ExclusiveStartKey: Item | undefined;
      let pageLimit = limit;
      do {
        const query = liveQuery(part, pageLimit);
        const { Items = [], LastEvaluatedKey } = await guard(
          client.send(new QueryCommand({ TableName, ...query, ExclusiveStartKey }), abort),
        );
        found.push(...(Items as unknown as LiveEntry[]));
        ExclusiveStartKey = LastEvaluatedKey;
        pageLimit = FILTERED_PAGE;
      } while (found.length < limit && ExclusiveStartKey !== undefined);
      return found.slice(0, limit);
    },

    async write(update) {
      try {
        await client.send(new UpdateCommand({ TableName, ...update }), abort);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw unavailable(error);
      }
    },
  };
}

async function guard<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(cause: unknown): Problem {
  const { name = '', code = '' } = cause as { name?: string; code?: string };
  // The SDK calls a connection that was cut a TimeoutError too.
  const timedOut = name === 'AbortError' || (name === 'TimeoutError' && code !== 'ECONNRESET' && code !== 'EPIPE');
  return new Problem('store-unavailable', 'The store did not answer. Try again.', {
    reason: timedOut ? 'store-timeout' : 'store-unavailable',
    cause,
  });
}
