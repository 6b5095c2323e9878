import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocumentClient as Client, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';
import type { Tables } from '../../lib/dynamodb/engine.ts';
import { connectStore } from '../../lib/dynamodb/store.ts';
import type { Store } from '../../lib/streams/store.ts';
import { tablesOf } from '../../lib/tools/serverless-config.ts';
import { awsEnvironment, createTables } from '../../lib/tools/stack/dynamodb.ts';

/** What a function needs in its environment to reach the engine of the tests. */
export const AWS = awsEnvironment(inject('endpoint'), {});

/** A request that reached the engine. */
export interface SentRequest {
  /** `UpdateItem`, `Query`, … */
  operation: string;
  input: Record<string, unknown>;
}

export interface StoreSettings {
  /** Between the store and the engine, instead of the client of the tests. */
  client?: Client;
  signal?: AbortSignal;
  liveShards?: number;
}

export interface TestTable {
  client: Client;
  /** Their names. */
  tables: Tables;
  /** That of the table of sessions. */
  table: string;
  /** What was sent since the last `requests.length = 0`. */
  requests: SentRequest[];
  /** @param nowMs our clock */
  store: (nowMs?: number, settings?: StoreSettings) => Store;
}

/** Tables of its own, as serverless.yml defines them, on the engine of the tests or on another. */
export async function freshTable({
  endpoint = inject('endpoint'),
  table = `test-${randomUUID()}`,
} = {}): Promise<TestTable> {
  const { SessionsTable, RoomsTable } = tablesOf(inject('service'));
  if (SessionsTable === undefined || RoomsTable === undefined) throw new Error('serverless.yml lacks a table');
  const tables = { sessions: table, rooms: `${table}-rooms` };
  await createTables(
    [
      { ...SessionsTable, TableName: tables.sessions },
      { ...RoomsTable, TableName: tables.rooms },
    ],
    awsEnvironment(endpoint, {}),
  );

  const client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
  );
  const requests: SentRequest[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        requests.push({
          operation: String(commandName).replace(/Command$/, ''),
          input: args.input as Record<string, unknown>,
        });
        return next(args);
      },
    { step: 'initialize' },
  );
  const { signal: never } = new AbortController();
  setMaxListeners(0, never);
  return {
    client,
    tables,
    table,
    requests,
    store: (nowMs = Date.now(), { client: other = client, signal = never, liveShards = 1 } = {}) => {
      const config = { SESSIONS_TABLE: tables.sessions, ROOMS_TABLE: tables.rooms, LIVE_SHARDS: liveShards };
      return connectStore(config, other)({ nowMs, signal });
    },
  };
}
