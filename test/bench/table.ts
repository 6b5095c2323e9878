import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, type BatchWriteCommandInput, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Tables } from '../../lib/dynamodb/engine.ts';
import { type Service, type Table, tablesOf } from '../../lib/tools/serverless-config.ts';
import { awsEnvironment, createTables } from '../../lib/tools/stack/dynamodb.ts';
import { openEngine } from './engine.ts';
import { addMeter, type Meter } from './meter.ts';
import { startProgress } from './progress.ts';
import { type Streams, streamsOnAir } from './streams.ts';

export { resolveService } from '../support/project.ts';

/** As many items as one BatchWriteItem takes. */
const BATCH = 25;
const AT_ONCE = 4;
const UNPROCESSED_PAUSE_MS = 50;

/** A table of streams that are on air, and a way to it. */
export interface FilledTable {
  client: DynamoDBDocumentClient;
  tables: Tables;
  streams: Streams;
  liveShards: number;
  meter: Meter;
  /** What holds it. */
  engine: string;
  remove: () => Promise<void>;
}

/**
 * Makes a table as serverless.yml defines it and fills it. Each has an embedded engine to itself: that one keeps all
 * its tables in one tree, so beside a large table a small one would not be small.
 */
export async function fillTable(service: Service, count: number, liveShards: number): Promise<FilledTable> {
  const engine = await openEngine();
  const aws = awsEnvironment(engine.endpoint, process.env);
  const client = connect(aws);
  const name = `bench-${randomUUID()}`;
  const tables = { sessions: name, rooms: `${name}-rooms` };
  const remove = async () => {
    if (!engine.embedded)
      await Promise.all(Object.values(tables).map((TableName) => client.send(new DeleteTableCommand({ TableName }))));
    client.destroy();
    await engine.close();
  };
  try {
    await createTables(tablesNamed(tables, service), aws);
    const streams = streamsOnAir(count, liveShards, Date.now());
    await fill(client, tables.sessions, streams, `LIVE_SHARDS ${liveShards}, streams written`);
    return { client, tables, streams, liveShards, meter: addMeter(client), engine: engine.name, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Like the product's own, but to an engine of ours and with more patience: batches of writes take long. */
function connect(aws: Record<string, string>): DynamoDBDocumentClient {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint = '', AWS_REGION: region = '' } = aws;
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN } = aws;
  const session = AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN };
  const credentials = { accessKeyId, secretAccessKey, ...session };
  return DynamoDBDocumentClient.from(new DynamoDBClient({ endpoint, region, credentials }), {
    marshallOptions: { removeUndefinedValues: true },
  });
}

function tablesNamed({ sessions, rooms }: Tables, service: Service): Table[] {
  const { SessionsTable, RoomsTable } = tablesOf(service);
  return [
    { ...SessionsTable, TableName: sessions },
    { ...RoomsTable, TableName: rooms },
  ];
}

async function fill(client: DynamoDBDocumentClient, table: string, streams: Streams, what: string): Promise<void> {
  const progress = startProgress(what, streams.count);
  let next = 0;
  const writer = async () => {
    while (next < streams.count) {
      const numbers = Array.from({ length: Math.min(BATCH, streams.count - next) }, (_, i) => next + i);
      next += numbers.length;
      await write(client, { [table]: numbers.map((i) => ({ PutRequest: { Item: streams.itemOf(i) } })) });
      progress.add(numbers.length);
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, writer));
  } finally {
    progress.stop();
  }
}

async function write(client: DynamoDBDocumentClient, items: BatchWriteCommandInput['RequestItems']): Promise<void> {
  let left = items;
  while (left !== undefined && Object.keys(left).length > 0) {
    const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: left }));
    left = UnprocessedItems;
    if (Object.keys(left ?? {}).length > 0) await wait(UNPROCESSED_PAUSE_MS);
  }
}
