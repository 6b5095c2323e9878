import { BatchWriteCommand, GetCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { readPage } from '../../lib/streams/list.ts';
import { readStream } from '../../lib/streams/lookup.ts';
import type { Store } from '../../lib/streams/store.ts';
import type { RoomEvent, StreamEvent } from '../../lib/zego/event.ts';
import { closeEvent, createEvent, roomCloseEvent, roomCreateEvent } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { aroundWrites } from '../support/store.ts';

const LIFETIMES = { maxLiveMs: 1e8, retentionMs: 1e8 };
const NOW = 1_700_000_000_000;

let db: TestTable;
let rooms = 0;
let room: ReturnType<typeof newRoom>;
beforeAll(async () => {
  db = await freshTable();
});
beforeEach(() => {
  room = newRoom();
  db.requests.length = 0;
});

/** A room of its own for each test, and its callbacks: sessions are named by one word, times are small numbers. */
function newRoom() {
  const room_id = `room-${++rooms}`;
  const stream_id = `stream-${rooms}`;
  const at = (ms: number) => String(1_600_000_000_000 + ms);
  const publishing = (stream_sid: string, more: { in?: string; seq?: number; began?: number }) => ({
    room_id,
    stream_id,
    stream_sid,
    room_session_id: more.in ?? '1',
    stream_seq: String(more.seq ?? 1),
    create_time_ms: at(more.began ?? 0),
  });
  return {
    room_id,
    stream_id,
    create: (stream_sid: string, more: { in?: string; seq?: number; began?: number; stream_id?: string } = {}) =>
      createEvent({ ...publishing(stream_sid, more), ...(more.stream_id && { stream_id: more.stream_id }) }),
    close: (stream_sid: string, more: { in?: string; seq?: number; began?: number; ended?: number } = {}) =>
      closeEvent({ ...publishing(stream_sid, more), type: '0', destroy_timemillis: at(more.ended ?? 0) }),
    opens: (room_session_id: string, ms: number) =>
      roomCreateEvent({ room_id, room_session_id, room_create_time: at(ms) }),
    closes: (room_session_id: string, ms: number) =>
      roomCloseEvent({ room_id, room_session_id, room_close_time: at(ms) }),
  };
}

async function send(event: StreamEvent | RoomEvent, store: Store = db.store(NOW)) {
  return apply(event, { store, nowMs: NOW, ...LIFETIMES });
}

async function sendAll(...events: (StreamEvent | RoomEvent)[]) {
  for (const event of events) await send(event);
}

async function live({ room_id } = room): Promise<string[]> {
  const query = { kind: 'page', room_id, appid: undefined, order: 'oldest', limit: 100, cursor: undefined } as const;
  const { readings } = await readPage(query, { store: db.store(NOW), nowMs: NOW, ...LIFETIMES });
  return readings.map(({ session }) => session.stream_sid);
}

/** `live`, or why and when a session ended. */
async function state(stream_sid: string): Promise<string> {
  const query = { kind: 'stream', stream_id: room.stream_id, stream_sid, appid: undefined } as const;
  const reading = await readStream(query, { store: db.store(NOW), nowMs: NOW, ...LIFETIMES });
  if (reading === undefined) return 'unknown';
  const { ending } = reading;
  return ending === null ? 'live' : `${ending.end_reason} ${(ending.end_time_ms ?? 0) - 1_600_000_000_000}`;
}

function operations(): string[] {
  return db.requests.map(({ operation }) => operation).sort();
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, i) => permutations(of.toSpliced(i, 1)).map((rest) => [first, ...rest]));
}

describe("ZEGO's own example of disorder", () => {
  it('create s1, close s1, create s1 again arrive as create, create, close: s1 is live, whatever the order', async () => {
    const told = () => [
      room.create('s-first', { seq: 1, began: 0 }),
      room.close('s-first', { seq: 2, began: 0, ended: 500 }),
      room.create('s-again', { seq: 3, began: 1000 }),
    ];
    const [create, close, again] = told();
    await sendAll(create as StreamEvent, again as StreamEvent);
    expect(await live()).toEqual(['s-again']);
    expect(await state('s-first')).toBe('superseded 1000');
    await send(close as StreamEvent);
    expect(await live()).toEqual(['s-again']);
    expect(await state('s-first')).toBe('stopped 500');

    for (const order of permutations([0, 1, 2])) {
      room = newRoom();
      await sendAll(...order.map((i) => told()[i] as StreamEvent));
      expect([await live(), await state('s-first')]).toEqual([['s-again'], 'stopped 500']);
    }
  });
});

describe('an app that was killed and started again', () => {
  it('leaves no ghost: the old session ends where the new one begins', async () => {
    await sendAll(room.create('s-old', { began: 0 }), room.create('s-new', { began: 7000, seq: 2 }));
    expect(await live()).toEqual(['s-new']);
    expect(await state('s-old')).toBe('superseded 7000');
    await send(room.close('s-old', { seq: 3, ended: 95_000 }));
    expect(await state('s-old')).toBe('stopped 95000');
    expect(await live()).toEqual(['s-new']);
  });

  it('also when the new session has ended before the old one is heard of', async () => {
    await sendAll(room.close('s-new', { began: 7000, seq: 3, ended: 8000 }), room.create('s-old', { began: 0 }));
    expect(await live()).toEqual([]);
    expect(await state('s-old')).toBe('superseded 7000');
  });

  it('in another room or app it supersedes nothing', async () => {
    const elsewhere = createEvent({
      ...{ room_id: `${room.room_id}-b`, stream_id: room.stream_id, stream_sid: 's-b' },
      create_time_ms: '1600000009000',
    });
    const other = createEvent({
      ...{ room_id: room.room_id, stream_id: room.stream_id, stream_sid: 's-c', appid: '2' },
      create_time_ms: '1600000009000',
    });
    await sendAll(room.create('s-a'), elsewhere, other);
    expect(await live()).toEqual(['s-a', 's-c']);
    expect(await live({ ...room, room_id: `${room.room_id}-b` })).toEqual(['s-b']);
  });

  it.each([
    ['keeps sid and time', 's-1', 0, ['s-1'], 'live'],
    ['keeps the sid, with a new time', 's-1', 7000, ['s-1'], 'live'],
    ['has a new sid and keeps the time', 's-2', 0, ['s-2'], 'superseded 0'],
    ['has a new sid and time', 's-2', 7000, ['s-2'], 'superseded 7000'],
  ])('a network recreate that %s, in both orders', async (_, stream_sid, began, listed, first) => {
    for (const reversed of [false, true]) {
      room = newRoom();
      const events = [room.create('s-1', { seq: 1, began: 0 }), room.create(stream_sid, { seq: 4, began })];
      await sendAll(...(reversed ? events.toReversed() : events));
      expect([await live(), await state('s-1')]).toEqual([listed, first]);
    }
  });

  it('a recreate of the old session after the new one supersedes that', async () => {
    await sendAll(room.create('s-1', { seq: 1, began: 0 }), room.create('s-2', { seq: 2, began: 5000 }));
    expect(await live()).toEqual(['s-2']);
    await send(room.create('s-1', { seq: 3, began: 9000 }));
    expect(await live()).toEqual(['s-1']);
    expect(await state('s-2')).toBe('superseded 9000');
  });

  it('forty recreates that keep the time: the one with the largest seq is live', async () => {
    const sids = Array.from({ length: 40 }, (_, i) => `s-${(i * 7) % 40}`);
    for (const sid of sids) await send(room.create(sid, { seq: 1 + Number(sid.slice(2)) }));
    expect(await live()).toEqual(['s-39']);
    await send(room.create('s-20', { seq: 21 }));
    expect(await live()).toEqual(['s-39']);
    await send(room.create('s-late', { seq: 3 }));
    expect(await live()).toEqual(['s-39']);
  });

  it('is not hidden by newer ones that are past their time', async () => {
    const past = { store: db.store(NOW - 2e8), nowMs: NOW - 2e8, ...LIFETIMES };
    for (let i = 0; i < 60; i++) await apply(room.close(`s-past-${i}`, { began: 50_000 + i }), past);
    await sendAll(room.create('s-old'), room.create('s-new', { began: 5000, seq: 2 }));
    expect(await live()).toEqual(['s-new']);
  });

  it('a session that a recreate moves to another room no longer supersedes anybody in its old one', async () => {
    await sendAll(room.create('s-1', { began: 0 }), room.create('s-2', { began: 5000, seq: 2 }));
    expect(await live()).toEqual(['s-2']);
    const moved = createEvent({
      ...{ stream_id: room.stream_id, stream_sid: 's-2', room_id: `${room.room_id}-b` },
      ...{ stream_seq: '9', create_time_ms: '1600000005000' },
    });
    await send(moved);
    expect(await live()).toEqual(['s-1']);
    expect(await live({ ...room, room_id: `${room.room_id}-b` })).toEqual(['s-2']);
  });
});

describe('a room', () => {
  it('that closes ends its sessions, in every order with their creates', async () => {
    const told = () => [
      room.create('s-1', { in: '7' }),
      room.closes('7', 4000),
      room.create('s-2', { in: '8', began: 9 }),
    ];
    for (const order of permutations([0, 1])) {
      room = newRoom();
      await sendAll(...order.map((i) => told()[i] as StreamEvent));
      expect([await live(), await state('s-1')]).toEqual([[], 'room_closed 4000']);
    }
    await send(room.create('s-2', { in: '8', began: 9 }));
    expect(await live()).toEqual(['s-2']);
  });

  it('that was opened again ends what its lost room_close left, in every order', async () => {
    const told = () => [
      room.create('s-left', { in: '7', began: 0 }),
      room.opens('8', 5000),
      room.create('s-here', { in: '8', began: 6000, stream_id: `${room.stream_id}-b` }),
    ];
    for (const order of permutations([0, 1, 2])) {
      room = newRoom();
      await sendAll(...order.map((i) => told()[i] as StreamEvent));
      expect([await live(), await state('s-left')]).toEqual([['s-here'], 'room_closed 5000']);
    }
  });

  it('ends a session that began 2001 ms before it was opened again, and none that began 2000 ms before', async () => {
    const other = `${room.stream_id}-b`;
    await sendAll(
      room.create('s-1', { in: '7', began: 0 }),
      room.create('s-2', { in: '7', began: 1, stream_id: other }),
    );
    await send(room.opens('8', 2001));
    expect(await live()).toEqual(['s-2']);
  });

  it('its newest session counts, at equal times the larger id as a number, in every order', async () => {
    const told = () => [room.opens('99', 9000), room.opens('100', 9000), room.opens('101', 5000)];
    for (const order of permutations([0, 1, 2])) {
      room = newRoom();
      await sendAll(...order.map((i) => told()[i] as RoomEvent));
      await sendAll(
        room.create('s-99', { in: '99', began: 0 }),
        room.create('s-100', { in: '100', began: 1, stream_id: `${room.stream_id}-b` }),
      );
      expect(await live()).toEqual(['s-100']);
    }
  });

  it('ids that differ by zeros before them are two, in every order', async () => {
    for (const order of [
      ['1', '01'],
      ['01', '1'],
    ]) {
      room = newRoom();
      await sendAll(...order.map((id) => room.opens(id, 9000)), room.create('s-1', { in: '1', began: 0 }));
      expect(await live()).toEqual(['s-1']);
    }
  });

  it('closed twice with two times: the earliest counts, in every order', async () => {
    for (const times of permutations([3000, 1000, 2000])) {
      room = newRoom();
      await sendAll(room.create('s-1', { in: '7' }), ...times.map((ms) => room.closes('7', ms)));
      expect(await state('s-1')).toBe('room_closed 1000');
    }
  });

  it('of another app, or another room, is another room', async () => {
    await sendAll(room.create('s-1', { in: '7' }), { ...room.closes('7', 1), appid: '2' });
    await send({ ...room.closes('7', 1), room_id: `${room.room_id}-b` });
    expect(await live()).toEqual(['s-1']);
  });

  it('whose facts are past their time has none', async () => {
    const past = { store: db.store(NOW - 2e8), nowMs: NOW - 2e8, ...LIFETIMES };
    await apply(room.closes('7', 9000), past);
    await apply(room.opens('9', 9000), past);
    await send(room.create('s-1', { in: '7' }));
    expect(await live()).toEqual(['s-1']);
    expect([await send(room.closes('7', 9500)), await send(room.opens('8', 3000))]).toEqual(['applied', 'applied']);
    expect([await live(), await state('s-1')]).toEqual([[], 'room_closed 3000']);
  });

  it('tells applied once, and unchanged for a repeat and for what is older', async () => {
    const results = [];
    for (const event of [room.opens('8', 5000), room.opens('8', 5000), room.opens('7', 4000), room.closes('8', 6000)])
      results.push(await send(event));
    results.push(await send(room.closes('8', 6000)));
    expect(results).toEqual(['applied', 'unchanged', 'unchanged', 'applied', 'unchanged']);
  });

  /** @param most after so many writes its deadline passes, with others in flight */
  function sendWithin(most: number, event: RoomEvent) {
    const deadline = new AbortController();
    let writes = 0;
    const store = aroundWrites(db.store(NOW, { signal: deadline.signal }), (write) => {
      writes += 1;
      if (writes === most) deadline.abort();
      return write();
    });
    return send(event, store);
  }

  it('with 300 streams is closed by as many tries as its deadline makes of it, and each of them ended once', async () => {
    const sids = Array.from({ length: 300 }, (_, i) => `s-${i}`);
    for (let i = 0; i < sids.length; i += 30) {
      await Promise.all(
        sids.slice(i, i + 30).map((sid) => send(room.create(sid, { in: '7', stream_id: `${room.stream_id}-${sid}` }))),
      );
    }
    const told = room.closes('7', 1);
    const tries = [];
    for (let last = ''; last !== 'unchanged'; tries.push(last)) {
      last = await sendWithin(100, told).catch(({ code }) => code);
    }
    expect(tries.length).toBeGreaterThan(2);
    expect(new Set(tries.slice(0, -1))).toEqual(new Set(['store-unavailable']));
    expect(await live()).toEqual([]);
    const items = await db
      .store(NOW)
      .sessions(sids.map((sid) => ({ stream_id: `${room.stream_id}-${sid}`, stream_sid: sid })));
    expect(new Set(items.map((session) => session?.version))).toEqual(new Set([2]));
  });
});

it('a session that closes with its room is found behind a thousand that do not', async () => {
  await sendAll(room.create('s-8', { in: '8' }), room.create('s-7', { in: '7', began: 9, stream_id: 'in-7' }));
  const Key = { stream_id: room.stream_id, stream_sid: 's-8' };
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key }));
  const puts = Array.from({ length: 1000 }, (_, i) => {
    const live_key = `${1_600_000_000_000}#in-8#s-${i}`;
    return { PutRequest: { Item: { ...Item, stream_id: 'in-8', stream_sid: `s-${i}`, live_key } } };
  });
  for (let i = 0; i < puts.length; i += 25) {
    await db.client.send(new BatchWriteCommand({ RequestItems: { [db.table]: puts.slice(i, i + 25) } }));
  }
  await send(room.closes('7', 10));
  const [closed] = await db.store(NOW).sessions([{ stream_id: 'in-7', stream_sid: 's-7' }]);
  expect(closed).toMatchObject({ room_session_id: '7', listed: false });
  expect(await live()).toHaveLength(100);
});

describe('reasons: of several endings the earliest counts, and a told one before all', () => {
  it('in every order of five events that all end one session', async () => {
    const told = () => [
      room.create('s-1', { in: '7', seq: 1, began: 0 }),
      room.create('s-2', { in: '8', seq: 1, began: 6000 }),
      room.closes('7', 5000),
      room.opens('8', 5500),
    ];
    for (const order of permutations([0, 1, 2, 3])) {
      room = newRoom();
      await sendAll(...order.map((i) => told()[i] as StreamEvent));
      expect([await live(), await state('s-1')]).toEqual([['s-2'], 'room_closed 5000']);
    }
    await send(room.close('s-1', { in: '7', seq: 2, ended: 90_000 }));
    expect(await state('s-1')).toBe('stopped 90000');
  });
});

it('what was superseded and is older than MAX_LIVE_HOURS is superseded, not expired', async () => {
  await sendAll(room.create('s-1'), room.create('s-2', { began: 9 }));
  const query = { kind: 'stream', stream_id: room.stream_id, appid: undefined } as const;
  const nowMs = NOW + LIFETIMES.maxLiveMs + 1;
  const options = { store: db.store(NOW), nowMs, ...LIFETIMES };
  const endings = ['s-1', 's-2'].map(
    async (stream_sid) => (await readStream({ ...query, stream_sid }, options))?.ending,
  );
  expect(await Promise.all(endings)).toEqual([
    { end_reason: 'superseded', end_time_ms: 1_600_000_000_009 },
    { end_reason: 'expired', end_time_ms: NOW + LIFETIMES.maxLiveMs },
  ]);
});

describe('requests', () => {
  const READS = ['BatchGetItem', 'Query'];
  const cases: [string, () => (StreamEvent | RoomEvent)[], string[]][] = [
    ['the create of a new session', () => [room.create('s-1')], [...READS, ...READS, 'UpdateItem']],
    ['a repeated create', () => [room.create('s-1'), room.create('s-1')], READS],
    ['the close of a known session', () => [room.create('s-1'), room.close('s-1', { seq: 2 })], ['UpdateItem']],
    [
      'the close of a session that was recreated after a close',
      () => [
        room.create('s-1'),
        room.close('s-1', { seq: 2 }),
        room.create('s-1', { seq: 3 }),
        room.close('s-1', { seq: 4 }),
      ],
      ['UpdateItem'],
    ],
    [
      'the close of a session that is not known',
      () => [room.close('s-1')],
      [...READS, ...READS, 'UpdateItem', 'UpdateItem'],
    ],
    ['a recreate', () => [room.create('s-1'), room.create('s-1', { seq: 2 })], [...READS, ...READS, 'UpdateItem']],
    [
      'the late create of a superseded session',
      () => [room.create('s-2', { began: 9 }), room.create('s-1')],
      [...READS, ...READS, 'UpdateItem'],
    ],
    [
      'that of another room session than the live one',
      () => [room.create('s-2', { began: 9, in: '2' }), room.create('s-1')],
      [...READS, ...READS, 'UpdateItem'],
    ],
    [
      'the late create of a closed room',
      () => [room.closes('1', 9), room.create('s-1')],
      [...READS, ...READS, 'UpdateItem'],
    ],
    [
      'the create that supersedes one',
      () => [room.create('s-1'), room.create('s-2', { began: 9 })],
      [...READS, ...READS, 'UpdateItem', 'UpdateItem'],
    ],
    ['the close of an empty room', () => [room.closes('1', 9)], ['Query', 'UpdateItem']],
    ['a room that opens', () => [room.create('s-1', { in: '2' }), room.opens('2', 0)], ['Query', 'UpdateItem']],
    [
      'the close of a room with one stream',
      () => [room.create('s-1'), room.closes('1', 9)],
      [...READS, ...READS, 'Query', 'UpdateItem', 'UpdateItem'],
    ],
  ];
  it.each(cases)('%s', async (_, events, sent) => {
    const all = events();
    await sendAll(...all.slice(0, -1));
    db.requests.length = 0;
    await sendAll(...all.slice(-1));
    expect(operations()).toEqual([...sent].sort());
  });

  it('an ending that is inferred is read with two more, a told one with none', async () => {
    await sendAll(room.create('s-1'), room.create('s-2', { began: 9 }), room.close('s-2', { began: 9, seq: 2 }));
    db.requests.length = 0;
    await state('s-2');
    expect(operations()).toEqual(['BatchGetItem']);
    await state('s-1');
    expect(operations()).toEqual(['BatchGetItem', 'BatchGetItem', 'BatchGetItem', 'Query']);
  });
});

describe('never visible, not for a moment', () => {
  /** Reads the list after every write, and all the time beside. */
  async function watched(event: StreamEvent): Promise<{ seen: Set<string>; reads: number }> {
    const seen = new Set<string>();
    let [reads, done] = [0, false];
    const look = async () => {
      for (const sid of await live()) seen.add(sid);
      reads += 1;
    };
    const reader = (async () => {
      while (!done) await look();
    })();
    const store = aroundWrites(db.store(NOW), async (write) => {
      const written = await write();
      await look();
      return written;
    });
    await send(event, store);
    done = true;
    await reader;
    return { seen, reads };
  }

  it.each<[string, () => (StreamEvent | RoomEvent)[]]>([
    ['superseded by a live session', () => [room.create('s-2', { began: 9 })]],
    ['superseded by one that has ended', () => [room.close('s-2', { began: 9 })]],
    ['superseded at the same time', () => [room.create('s-2', { seq: 9 })]],
    ['of a closed room', () => [room.closes('1', 9)]],
    ['of a room that was opened again', () => [room.opens('2', 9000)]],
    ['that has ended', () => [room.close('s-late', { seq: 2 })]],
  ])('the late create of a session %s', async (_, before) => {
    let total = 0;
    for (let i = 0; i < 10; i++) {
      room = newRoom();
      await sendAll(...before());
      const { seen, reads } = await watched(room.create('s-late'));
      expect([...seen]).not.toContain('s-late');
      total += reads;
    }
    expect(total).toBeGreaterThan(20);
  });

  it('a reader does see a session that is live', async () => {
    expect([...(await watched(room.create('s-late'))).seen]).toEqual(['s-late']);
  });
});
