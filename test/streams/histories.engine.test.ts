import { type DynamoDBDocumentClient, ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Item } from '../../lib/dynamodb/items.ts';
import { apply } from '../../lib/streams/apply.ts';
import type { Store } from '../../lib/streams/store.ts';
import { EMPTY, memoryStore } from '../dynamodb/memory-engine.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { expectedAnswers, history, LIFETIMES, LONG, orders, readAnswers, renamed, SEED, typed } from './histories.ts';
import type { PlainEvent } from './model.ts';

// The same on an engine, over HTTP: generated histories by clients beside one another, and drawn schedules.

const NOW = 1_800_000_000_000;
const ON = { nowMs: NOW, liveShards: 3 };
const CLIENTS = 4;

const ran = { histories: 0, callbacks: 0, schedules: 0 };
afterAll(() => {
  const { histories, callbacks, schedules } = ran;
  console.log(`on the engine: ${histories} histories of ${callbacks} callbacks, ${schedules} schedules, seed ${SEED}`);
});

let db: TestTable;
let names = 0;
beforeAll(async () => {
  db = await freshTable();
});

async function deliver(event: PlainEvent, store: Store): Promise<void> {
  await apply(typed(event), { store, nowMs: NOW, ...LIFETIMES });
}

/** That readers are answered as the model says: each session by its sid, and the list of each room. */
async function check(events: readonly PlainEvent[], store: Store): Promise<void> {
  const keys = events.filter((event) => 'stream_id' in event);
  const { sessions, live } = expectedAnswers(events);
  for (const room_id of new Set(events.map((event) => event.room_id))) {
    const answers = await readAnswers(store, keys, { nowMs: NOW, room_id });
    const here = live.filter((name) => sessions[name]?.room_id === room_id);
    expect(answers, JSON.stringify(events, null, 1)).toEqual({ sessions, live: here });
  }
}

it('histories in any order and with repeats, by several clients at once: lists, reasons and times as the model says, and stored as in memory', async () => {
  const numRuns = LONG ? 2000 : 60;
  const drawn = fc.sample(
    history().chain((events) => fc.tuple(fc.constant(events), orders(events))),
    { seed: SEED, numRuns },
  );
  const box = { memory: EMPTY };
  const all: PlainEvent[] = [];
  for (const [events, order] of drawn) {
    const prefix = `h${++names}-`;
    const callbacks = renamed(order, prefix).values();
    const client = async () => {
      for (const event of callbacks) await deliver(event, db.store(NOW, ON));
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
    for (const event of renamed(order, prefix)) await deliver(event, memoryStore(box, ON));
    await check(renamed(events, prefix), db.store(NOW, ON));
    all.push(...renamed(events, prefix));
    ran.histories++;
    ran.callbacks += order.length;
  }
  const list = await readAnswers(db.store(NOW, ON), [], { nowMs: NOW });
  expect(list.live.length).toBeGreaterThan(numRuns / 4);
  expect(new Set(list.live)).toEqual(new Set(expectedAnswers(all).live));
  expect(list).toEqual(await readAnswers(memoryStore(box, ON), [], { nowMs: NOW }));

  expect(await stored(db.tables.sessions)).toEqual(inOrder([...box.memory.sessions.values()]));
  expect(await stored(db.tables.rooms)).toEqual(inOrder([...box.memory.rooms.values()]));
});

/** Every item of a table but for its `version`, which counts how often a handler had to come back. */
async function stored(TableName: string): Promise<Item[]> {
  const found: Item[] = [];
  let ExclusiveStartKey: Item | undefined;
  do {
    const page = await db.client.send(new ScanCommand({ TableName, ConsistentRead: true, ExclusiveStartKey }));
    found.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey !== undefined);
  return inOrder(found);
}

function inOrder(items: readonly Item[]): Item[] {
  const name = ({ stream_id, stream_sid, room, fact }: Item) => [stream_id, stream_sid, room, fact].join();
  return items.map(({ version: _, ...item }) => item).sort((a, b) => (name(a) < name(b) ? -1 : 1));
}

it.each([
  ['two', 2, LONG ? 2000 : 60],
  ['three', 3, LONG ? 1000 : 40],
])('%s handlers whose requests reach the engine in a drawn order: as the model says', async (_, handlers, numRuns) => {
  await fc.assert(
    fc.asyncProperty(history({ maxSteps: 12 }).chain(orders), fc.scheduler(), async (drawn, scheduler) => {
      const events = renamed(drawn, `s${++names}-`);
      const beside = events.slice(-handlers);
      for (const event of events.slice(0, -handlers)) await deliver(event, db.store(NOW, ON));

      const inFlight = new Set<Promise<unknown>>();
      const send = async (command: Parameters<DynamoDBDocumentClient['send']>[0], options?: object) => {
        await scheduler.schedule(Promise.resolve());
        const answer = db.client.send(command, options);
        inFlight.add(answer);
        return answer.finally(() => inFlight.delete(answer));
      };
      const client = { send } as unknown as DynamoDBDocumentClient;
      const store = db.store(NOW, { ...ON, client });
      // One request at a time: the next is chosen once this one was answered, and its handler has asked for more.
      const oneByOne = async (letThrough: () => Promise<void>) => {
        await letThrough();
        while (inFlight.size > 0) await Promise.allSettled(inFlight);
        await new Promise((resolve) => setImmediate(resolve));
      };
      await scheduler.waitFor(Promise.all(beside.map((event) => deliver(event, store))), oneByOne);
      await check(events, db.store(NOW, ON));
      ran.schedules++;
    }),
    { numRuns, seed: SEED },
  );
});
