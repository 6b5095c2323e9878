import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { expect, inject, it } from 'vitest';
import { apply } from '../lib/streams/apply.ts';
import { tablesOf } from '../lib/tools/serverless-config.ts';
import type { StreamClose, StreamCreate } from '../lib/zego/event.ts';
import { closeEvent, createEvent } from './support/callback.ts';
import { itemBytes, readUnits, writeUnits } from './support/capacity.ts';
import { freshTable, type SentRequest } from './support/engine.ts';

/** US dollars for a million request units, on demand, us-east-1. */
const WRITE_PRICE = 0.625;
const READ_PRICE = 0.125;

const key = { stream_id: 'room-8812-host-40931', stream_sid: 's-115205136669740000000000104' };
const withUrls = (urls: number) =>
  Object.fromEntries(
    ['rtmp_url', 'hls_url', 'hdl_url', 'pic_url'].map((name) => [
      name,
      Array.from({ length: urls }, () => `http://pull.example.com/live/${key.stream_id}?txSecret=${'0'.repeat(64)}`),
    ]),
  );

interface Consumed {
  CapacityUnits?: number;
}

function keysRead({ operation, input }: SentRequest): number {
  if (operation === 'UpdateItem') return 0;
  const { RequestItems = {} } = input as { RequestItems?: Record<string, { Keys: unknown[] }> };
  return operation === 'Query' ? 1 : Object.values(RequestItems).reduce((sum, { Keys }) => sum + Keys.length, 0);
}

const indexedEngine = process.env.TEST_DYNAMODB_ENDPOINT !== undefined;

it.each([
  ['up to 1 kB', withUrls(0), 1, 8, 7, 6],
  ['up to 2 kB', withUrls(2), 2, 10, 7, 7.25],
])('a stream with an item %s: its create and close', async (_, urls, kilobytes, writes, reads, dollars) => {
  const { SessionsTable: table } = tablesOf(inject('service'));
  if (table === undefined) throw new Error('serverless.yml has no SessionsTable');
  const db = await freshTable();
  let consumed = 0;
  db.client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'TOTAL' } });
      const { ConsumedCapacity = [] } = result.output as { ConsumedCapacity?: Consumed | Consumed[] };
      for (const { CapacityUnits = 0 } of [ConsumedCapacity].flat()) consumed += CapacityUnits;
      return result;
    },
    { step: 'initialize' },
  );
  const item = async () =>
    (await db.client.send(new GetCommand({ TableName: db.table, Key: key, ConsistentRead: true }))).Item;

  let [counted, written] = [0, 0];
  for (const event of [createEvent({ ...key, ...urls }), closeEvent(key)] satisfies (StreamCreate | StreamClose)[]) {
    const before = await item();
    db.requests.length = 0;
    const consumedBefore = consumed;
    await apply(event, { store: db.store(), nowMs: Date.now(), maxLiveMs: 1e8, retentionMs: 1e8 });
    const consumedByEvent = consumed - consumedBefore;
    const sent = [...db.requests];
    const after = (await item()) ?? {};
    expect(Math.ceil(itemBytes(after) / 1024)).toBe(kilobytes);
    expect(sent.filter(({ operation }) => operation === 'UpdateItem')).toHaveLength(1);
    const unitsWritten = writeUnits(table, before, after);
    // Each read of these finds at most one small item, and a batch counts each key as a read.
    const unitsRead = sent.reduce((sum, request) => sum + keysRead(request) * readUnits(0), 0);
    // An engine that counts indexes must come to the same.
    if (indexedEngine) expect(consumedByEvent).toBe(unitsWritten + unitsRead);
    written += unitsWritten;
    counted += unitsRead;
  }
  expect({ writes: written, reads: counted }).toEqual({ writes, reads });
  expect(writes * WRITE_PRICE + reads * READ_PRICE).toBeLessThan(dollars);
});
