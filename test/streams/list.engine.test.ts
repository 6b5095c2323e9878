import { BatchWriteCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { type PageQuery, readPage } from '../../lib/streams/list.ts';
import type { Store } from '../../lib/streams/store.ts';
import type { Page } from '../../lib/streams/view.ts';
import { closeEvent, createEvent } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { putSessions } from './put.ts';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;
const LIFETIMES = { maxLiveMs: 48 * HOUR, retentionMs: 24 * HOUR };
const FIRST: PageQuery = {
  kind: 'page',
  order: 'newest',
  room_id: undefined,
  appid: undefined,
  limit: 37,
  cursor: undefined,
};

async function send(
  db: TestTable,
  event: ReturnType<typeof createEvent | typeof closeEvent>,
  liveShards = 1,
  nowMs = NOW,
) {
  return apply(event, { store: db.store(nowMs, { liveShards }), nowMs, ...LIFETIMES });
}

async function page(store: Store, query: Partial<PageQuery>, nowMs = NOW): Promise<Page> {
  return readPage({ ...FIRST, ...query }, { store, nowMs, ...LIFETIMES });
}

/** Every page from start to end. */
async function pages(store: Store, query: Partial<PageQuery>): Promise<Page[]> {
  const all: Page[] = [];
  let cursor: string | undefined;
  do {
    const next = await page(store, { ...query, cursor });
    all.push(next);
    cursor = next.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return all;
}

function sids(all: readonly Page[]): string[] {
  return all.flatMap(({ readings }) => readings.map(({ session }) => session.stream_sid));
}

describe('420 live streams, forty to each millisecond', () => {
  const SHARDS = 4;
  const streams = Array.from({ length: 420 }, (_, i) => ({
    stream_id: `stream-${(i * 7919) % 420}`,
    stream_sid: `s-${i}`,
    room_id: `room${i % 3}`,
    appid: String(1 + (i % 2)),
    create_time_ms: String(1_687_981_272_000 + Math.floor(i / 40)),
  }));
  const oldest = [...streams]
    .sort(
      (a, b) =>
        Number(a.create_time_ms) - Number(b.create_time_ms) ||
        Buffer.compare(Buffer.from(a.stream_id), Buffer.from(b.stream_id)),
    )
    .map(({ stream_sid }) => stream_sid);
  const inRoom = (room_id: string) =>
    oldest.filter((sid) => streams.some((stream) => stream.stream_sid === sid && stream.room_id === room_id));
  const inApp = (appid: string) =>
    oldest.filter((sid) => streams.some((stream) => stream.stream_sid === sid && stream.appid === appid));

  let db: TestTable;
  beforeAll(async () => {
    db = await freshTable();
    await putSessions(db, streams.map(createEvent), { ...LIFETIMES, nowMs: NOW, liveShards: SHARDS });
  });

  it.each([
    ['oldest first', { order: 'oldest' }, oldest],
    ['newest first: the very reverse', { order: 'newest' }, oldest.toReversed()],
    ['of a room', { order: 'oldest', room_id: 'room1' }, inRoom('room1')],
    ['of a room, newest first', { order: 'newest', room_id: 'room2' }, inRoom('room2').toReversed()],
    ['of an app', { order: 'newest', appid: '2' }, inApp('2').toReversed()],
    [
      "of an app's room",
      { order: 'oldest', appid: '1', room_id: 'room0' },
      inRoom('room0').filter((sid) => inApp('1').includes(sid)),
    ],
    ['of a room that is not there', { room_id: 'nowhere' }, []],
  ] as const)('paged by 37, %s: each exactly once, in order', async (_, query, expected) => {
    const all = await pages(db.store(NOW, { liveShards: SHARDS }), query);
    expect(sids(all)).toEqual(expected);
    for (const { readings } of all.slice(0, -1)) expect(readings.length).toBe(37);
  });

  it('the last full page ends the list', async () => {
    const all = await pages(db.store(NOW, { liveShards: SHARDS }), { limit: 42 });
    expect(all.map(({ readings }) => readings.length)).toEqual(Array.from({ length: 10 }, () => 42));
  });

  it('a page costs one Query for each shard and one BatchGetItem', async () => {
    db.requests.length = 0;
    await page(db.store(NOW, { liveShards: SHARDS }), { limit: 100 });
    expect(db.requests.map(({ operation }) => operation).sort()).toEqual([
      'BatchGetItem',
      'Query',
      'Query',
      'Query',
      'Query',
    ]);
  });

  it('a partition is asked for its share and some more, and again where it holds more of what comes first', async () => {
    const limits = () => db.requests.flatMap(({ operation, input }) => (operation === 'Query' ? [input.Limit] : []));
    db.requests.length = 0;
    await page(db.store(NOW, { liveShards: SHARDS }), { limit: 50 });
    expect(limits()).toEqual([28, 28, 28, 28]);
    // All that is live stands in the first four of 64 partitions.
    db.requests.length = 0;
    const { readings } = await page(db.store(NOW, { liveShards: 64 }), { limit: 50, order: 'oldest' });
    expect(readings.map(({ session }) => session.stream_sid)).toEqual(oldest.slice(0, 50));
    expect(limits().slice(0, 64)).toEqual(Array.from({ length: 64 }, () => 10));
    expect(
      limits()
        .slice(64)
        .every((limit) => limit === 51),
    ).toBe(true);
    expect(limits().length).toBeGreaterThan(64);
    expect(limits().length).toBeLessThanOrEqual(68);
  });

  it('the limit may change from page to page; order, room_id and appid may not', async () => {
    const first = await page(db.store(NOW, { liveShards: SHARDS }), { limit: 10 });
    const cursor = first.next_cursor ?? '';
    const second = await page(db.store(NOW, { liveShards: SHARDS }), { limit: 5, cursor });
    expect(sids([first, second])).toEqual(oldest.toReversed().slice(0, 15));
    await expect(page(db.store(NOW, { liveShards: SHARDS }), { order: 'oldest', cursor })).rejects.toMatchObject({
      code: 'invalid-cursor',
    });
    await expect(page(db.store(NOW, { liveShards: SHARDS }), { room_id: 'room1', cursor })).rejects.toMatchObject({
      code: 'invalid-cursor',
    });
    await expect(page(db.store(NOW, { liveShards: SHARDS }), { appid: '1', cursor })).rejects.toMatchObject({
      code: 'invalid-cursor',
    });
  });
});

describe('420 live streams, forty to each millisecond, while others end and start between pages', () => {
  /** The stream at a place in the list. */
  const streamAt = (place: number, name = 'stream') => ({
    stream_id: `${name}-${String((place * 7919) % 420).padStart(3, '0')}`,
    stream_sid: `s-${name}-${place}`,
    room_id: `room${place % 2}`,
    create_time_ms: String(1_687_981_272_000 + Math.floor(place / 40)),
  });
  const inOrder = (streams: ReturnType<typeof streamAt>[]) =>
    streams
      .toSorted((a, b) => Number(a.create_time_ms) - Number(b.create_time_ms) || (a.stream_id < b.stream_id ? -1 : 1))
      .map(({ stream_sid }) => stream_sid);

  /** Paged by 37 while LIVE_SHARDS goes from 1 to 8. */
  async function churn(query: Partial<PageQuery>) {
    const db = await freshTable();
    const all = Array.from({ length: 420 }, (_, place) => streamAt(place));
    await putSessions(db, all.map(createEvent), { ...LIFETIMES, nowMs: NOW });
    const ended = new Set<string>();
    const seen: Page[] = [];
    let cursor: string | undefined;
    for (let turn = 0; ; turn++) {
      const shards = Math.min(8, 1 + turn);
      const next = await page(db.store(NOW, { liveShards: shards }), { ...query, cursor });
      expect(sids([next]).filter((sid) => ended.has(sid))).toEqual([]);
      seen.push(next);
      if (next.next_cursor === null) break;
      cursor = next.next_cursor;
      // Spread over the list, before the position and after it, and the one that the cursor names.
      const last = all.find(({ stream_sid }) => stream_sid === sids([next]).at(-1));
      const places = [1, 2, 3, 4].map((i) => (turn * 31 + i * 97) % 420);
      const ends = [...places.map((place) => all[place]), last].filter((one) => one !== undefined);
      for (const one of ends) ended.add(one.stream_sid);
      await Promise.all([
        ...ends.map((one) => send(db, closeEvent(one), shards)),
        ...places.concat(places.length).map((place) => send(db, createEvent(streamAt(place, `new-${turn}`)), shards)),
      ]);
    }
    return { seen, stayed: inOrder(all.filter(({ stream_sid }) => !ended.has(stream_sid))) };
  }

  it.each([
    ['oldest first', { order: 'oldest' }],
    ['newest first', { order: 'newest' }],
    ['oldest first, of a room', { order: 'oldest', room_id: 'room1' }],
  ] as const)('%s: each that stays exactly once, in order', async (_, query) => {
    const { seen, stayed } = await churn(query);
    const expected = 'room_id' in query ? stayed.filter((sid) => Number(sid.slice(9)) % 2 === 1) : stayed;
    expect(expected.length).toBeGreaterThan('room_id' in query ? 150 : 300);
    const shown = sids(seen);
    expect(new Set(shown).size).toBe(shown.length);
    const kept = new Set(expected);
    expect(shown.filter((sid) => kept.has(sid))).toEqual(query.order === 'oldest' ? expected : expected.toReversed());
    for (const { readings } of seen.slice(0, -1)) expect(readings).toHaveLength(37);
  });
});

describe('where the index is a write behind', () => {
  /** What the index shows now stays what it shows. */
  async function lagging(db: TestTable, query: Partial<PageQuery>): Promise<Store> {
    const store = db.store(NOW);
    const { order, room_id } = { ...FIRST, ...query };
    const all = { order, room_id, after: undefined, appid: undefined, storedSinceMs: 0 };
    const entries = await store.liveEntries(all, 1000);
    return {
      ...store,
      liveEntries: async ({ after }, limit) =>
        entries
          .filter(({ position }) => after === undefined || (order === 'newest' ? position < after : position > after))
          .slice(0, limit),
    };
  }

  it('what has ended is not shown, and pages are filled up', async () => {
    const db = await freshTable();
    const keys = Array.from({ length: 30 }, (_, i) => ({
      stream_id: `stream-${i}`,
      stream_sid: `s-${10 + i}`,
      create_time_ms: String(1e12 + i),
    }));
    for (const key of keys) await send(db, createEvent(key));
    const store = await lagging(db, { order: 'oldest' });
    for (const key of keys.slice(0, 15)) await send(db, closeEvent(key));
    const all = await pages(store, { order: 'oldest', limit: 5 });
    expect(sids(all)).toEqual(keys.slice(15).map(({ stream_sid }) => stream_sid));
    expect(all.map(({ readings }) => readings.length)).toEqual([5, 5, 5]);
  });

  it('a session whose create_time_ms a recreate has moved is shown in its new place alone', async () => {
    const db = await freshTable();
    const key = { stream_id: 'a', stream_sid: 's-a', create_time_ms: '1000000000000' };
    await send(db, createEvent(key));
    const store = await lagging(db, { order: 'oldest' });
    await send(db, createEvent({ ...key, stream_seq: '2', recreate: '1', create_time_ms: '1000000000009' }));
    expect(sids(await pages(store, { order: 'oldest' }))).toEqual([]);
    expect(sids(await pages(db.store(NOW), { order: 'oldest' }))).toEqual(['s-a']);
  });

  it('nor is a session shown in the room that it has left', async () => {
    const db = await freshTable();
    const key = { stream_id: 'a', stream_sid: 's-a', room_id: 'room1' };
    await send(db, createEvent(key));
    const store = await lagging(db, { room_id: 'room1' });
    await send(db, createEvent({ ...key, stream_seq: '2', recreate: '1', room_id: 'room2' }));
    expect(sids(await pages(store, { room_id: 'room1' }))).toEqual([]);
    expect(sids(await pages(db.store(NOW), { room_id: 'room2' }))).toEqual(['s-a']);
  });

  it('nor in the list of an app that it no longer names', async () => {
    const db = await freshTable();
    const key = { stream_id: 'a', stream_sid: 's-a', room_id: 'room1' };
    await send(db, createEvent(key));
    const store = await lagging(db, { room_id: 'room1' });
    await send(db, createEvent({ ...key, stream_seq: '2', appid: '2' }));
    expect(sids(await pages(store, { room_id: 'room1', appid: '1' }))).toEqual([]);
  });
});

it('ids that only bytes tell apart are in the order of their bytes, over all shards', async () => {
  const db = await freshTable();
  const ids = ['a', 'a b', 'a!', 'a#b', 'a$', 'a-', 'a_', 'aa', 'é', '\u{e000}', '😀', '中'];
  for (const stream_id of ids) await send(db, createEvent({ stream_id, stream_sid: `s-${stream_id}` }), 4);
  const byBytes = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(sids(await pages(db.store(NOW, { liveShards: 4 }), { order: 'oldest', limit: 2 }))).toEqual(
    byBytes.map((id) => `s-${id}`),
  );
});

it('ids that only bytes tell apart are paged, also where another app stands between them', async () => {
  const db = await freshTable();
  const sids = ['a', '\uffff', '😀0', '😀1'];
  for (const stream_sid of sids) {
    await send(
      db,
      createEvent({ stream_id: 'one', room_id: stream_sid, stream_sid, appid: stream_sid === '\uffff' ? '2' : '1' }),
    );
  }
  const shown = await pages(db.store(NOW), { appid: '1', limit: 1 });
  expect(shown.flatMap(({ readings }) => readings.map(({ session }) => session.stream_sid))).toEqual([
    '😀1',
    '😀0',
    'a',
  ]);
});

it('LIVE_SHARDS may be raised while streams are live: they stay where they are, and are listed', async () => {
  const db = await freshTable();
  const of = (i: number) => ({ stream_id: `s${i}`, stream_sid: `s-${i}` });
  const shardsOf = async (count: number) => {
    const items = Array.from({ length: count }, (_, i) => new GetCommand({ TableName: db.table, Key: of(i) }));
    return (await Promise.all(items.map((get) => db.client.send(get)))).map(({ Item }) => Item?.live_shard);
  };
  for (let i = 0; i < 10; i++) await send(db, createEvent(of(i)), 1);
  for (let i = 10; i < 20; i++) await send(db, createEvent(of(i)), 8);
  for (let i = 0; i < 10; i++) await send(db, createEvent({ ...of(i), stream_seq: '2', recreate: '1' }), 8);
  const shards = await shardsOf(20);
  expect(shards.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 0));
  expect(new Set(shards.slice(10)).size).toBeGreaterThan(3);
  expect(new Set(sids(await pages(db.store(NOW, { liveShards: 8 }), { limit: 7 }))).size).toBe(20);

  // One that ended and comes back goes where the others go now.
  for (let i = 0; i < 10; i++) await send(db, closeEvent({ ...of(i), stream_seq: '3' }), 8);
  for (let i = 0; i < 10; i++) await send(db, createEvent({ ...of(i), stream_seq: '4', recreate: '1' }), 8);
  expect(new Set(await shardsOf(10)).size).toBeGreaterThan(3);
});

it('a session that was forgotten while it was listed goes where the others go now, when it is stored again', async () => {
  const db = await freshTable();
  const later = NOW + 100 * HOUR;
  for (let i = 0; i < 10; i++) await send(db, createEvent({ stream_id: `s${i}`, stream_sid: `s-${i}` }), 16);
  for (let i = 0; i < 10; i++) await send(db, createEvent({ stream_id: `s${i}`, stream_sid: `s-${i}` }), 1, later);
  expect(sids([await page(db.store(later), { limit: 100 }, later)])).toHaveLength(10);
});

it('a session that began at 0, as no clock of ZEGO ever said, is listed like any other', async () => {
  const db = await freshTable();
  await send(db, createEvent({ stream_id: 'a', stream_sid: 's-a', create_time_ms: '0' }));
  expect(sids(await pages(db.store(NOW), {}))).toEqual(['s-a']);
  expect(sids(await pages(db.store(NOW), { room_id: 'room1' }))).toEqual(['s-a']);
});

it('what is expired is not listed, whatever its view says', async () => {
  const db = await freshTable();
  await send(db, createEvent({ stream_id: 'old', stream_sid: 's-old' }), 1, NOW - 48 * HOUR - 1);
  await send(db, createEvent({ stream_id: 'new', stream_sid: 's-new' }), 1, NOW - 48 * HOUR);
  expect(sids(await pages(db.store(NOW), {}))).toEqual(['s-new']);
});

it('two thousand sessions whose close was lost do not make a page dear', async () => {
  const db = await freshTable();
  await send(db, createEvent({ stream_id: 'ghost', stream_sid: 's-ghost' }), 1, NOW - 50 * HOUR);
  await putCopies(db, { stream_id: 'ghost', stream_sid: 's-ghost' }, 2000, (i) => {
    const [create_time_ms, stream_id, stream_sid] = [1e12 + i, `ghost-${i}`, `s-ghost-${i}`];
    return { stream_id, stream_sid, live_key: `${create_time_ms}#${stream_id}#${stream_sid}` };
  });
  for (let i = 0; i < 49; i++) await send(db, createEvent({ stream_id: `live-${i}`, stream_sid: `s-${i}` }));
  for (const query of [
    { limit: 50 },
    { limit: 50, order: 'oldest' },
    { limit: 1, order: 'oldest', appid: '1' },
  ] as const) {
    db.requests.length = 0;
    const { readings } = await page(db.store(NOW), query);
    expect(readings.length).toBe(Math.min(query.limit, 49));
    expect(db.requests.length).toBeLessThanOrEqual(5);
  }
});

it('a thousand sessions that have ended since the index was written are read ahead of, not one by one', async () => {
  const db = await freshTable();
  for (let i = 0; i < 49; i++) await send(db, createEvent({ stream_id: `live-${i}`, stream_sid: `s-${i}` }));
  const key = { stream_id: 'ended', stream_sid: 's-ended' };
  await send(db, createEvent({ ...key, create_time_ms: '1000000000000' }));
  await putCopies(db, key, 1000, (i) => ({
    stream_sid: `s-${i}`,
    live_key: `${1e12 + 1 + i}#ended#s-${i}`,
    close_seq: 700,
  }));
  db.requests.length = 0;
  const { readings, next_cursor } = await page(db.store(NOW), { limit: 50 });
  expect({ listed: readings.length, next_cursor }).toEqual({ listed: 50, next_cursor: null });
  expect(db.requests.length).toBeLessThanOrEqual(24);
});

/** Puts copies of a stored item, changed. */
async function putCopies(db: TestTable, Key: Record<string, string>, count: number, change: (i: number) => object) {
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key }));
  const puts = Array.from({ length: count }, (_, i) => ({ PutRequest: { Item: { ...Item, ...change(i) } } }));
  for (let i = 0; i < puts.length; i += 25) {
    await db.client.send(new BatchWriteCommand({ RequestItems: { [db.table]: puts.slice(i, i + 25) } }));
  }
}
