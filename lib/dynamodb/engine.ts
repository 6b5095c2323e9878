import { setTimeout as wait } from 'node:timers/promises';
import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { asProblem, Problem } from '../errors.ts';
import type { SessionKey } from '../streams/session.ts';
import type { Item } from './items.ts';
import type { FactKey } from './keys.ts';
import type { KeyQuery, Update } from './requests.ts';

/** The three kinds of request that the store makes. The tests have another engine, which keeps its items in memory. */
export interface Engine {
  /** One page of sessions. `last`: where the next one begins, if there is one. */
  query(query: KeyQuery, from?: Item): Promise<{ items: Item[]; last?: Item }>;
  /** All of these items that there are, in no order, read consistently. No key twice: BatchGetItem refuses that. */
  batchGet(keys: Keys): Promise<Items>;
  /** @returns whether the condition held; if not, nothing was written */
  update(...[table, update]: Write): Promise<boolean>;
}

export interface Keys {
  sessions?: readonly SessionKey[];
  rooms?: readonly FactKey[];
}

export interface Items {
  sessions: Item[];
  rooms: Item[];
}

export type Write = [table: 'sessions', update: Update] | [table: 'rooms', update: Update<FactKey>];

/** Names of the tables. */
export interface Tables {
  sessions: string;
  rooms: string;
}

/** As many keys as one BatchGetItem takes. */
const BATCH = 100;
const UNPROCESSED_PAUSE_MS = 50;

/**
 * A client with time-outs: by default the SDK waits indefinitely for an engine that accepts a connection and sends nothing.
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

/** @param signal aborts what is in flight when the request's deadline has passed */
export function createEngine(client: DynamoDBDocumentClient, tables: Tables, signal: AbortSignal): Engine {
  const abort = { abortSignal: signal };
  return {
    async query(query, ExclusiveStartKey) {
      const command = new QueryCommand({ TableName: tables.sessions, ...query, ExclusiveStartKey });
      const { Items: items = [], LastEvaluatedKey: last } = await guard(client.send(command, abort));
      return last === undefined ? { items } : { items, last };
    },

    async batchGet({ sessions = [], rooms = [] }) {
      const found = new Map<string, Item[]>([
        [tables.sessions, []],
        [tables.rooms, []],
      ]);
      let left: [table: string, Key: object][] = [
        ...sessions.map((Key): [string, object] => [tables.sessions, Key]),
        ...rooms.map((Key): [string, object] => [tables.rooms, Key]),
      ];
      while (left.length > 0) {
        const RequestItems: Record<string, { Keys: Item[]; ConsistentRead: true }> = {};
        for (const [table, Key] of left.slice(0, BATCH)) {
          RequestItems[table] ??= { Keys: [], ConsistentRead: true };
          RequestItems[table].Keys.push({ ...Key });
        }
        const command = new BatchGetCommand({ RequestItems });
        const { Responses = {}, UnprocessedKeys = {} } = await guard(client.send(command, abort));
        for (const [table, items] of Object.entries(Responses)) found.get(table)?.push(...items);
        // What was left unprocessed is not absent. Asked again until the deadline ends it.
        const unprocessed = Object.entries(UnprocessedKeys).flatMap(([table, { Keys = [] }]) =>
          Keys.map((Key): [string, object] => [table, Key]),
        );
        left = [...unprocessed, ...left.slice(BATCH)];
        if (unprocessed.length > 0) await guard(wait(UNPROCESSED_PAUSE_MS, undefined, { signal }));
      }
      return { sessions: found.get(tables.sessions) ?? [], rooms: found.get(tables.rooms) ?? [] };
    },

    async update(table, update) {
      try {
        await client.send(new UpdateCommand({ TableName: tables[table], ...update, Key: { ...update.Key } }), abort);
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
    return asProblem(cause);
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
