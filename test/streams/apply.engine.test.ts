import { BatchWriteCommand, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { readStream } from '../../lib/streams/lookup.ts';
import { blankSession, type Session, type SessionKey } from '../../lib/streams/session.ts';
import type { RoomEvent, StreamCreate, StreamEvent } from '../../lib/zego/event.ts';
import { closeEvent, createEvent } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { aroundWrites } from '../support/store.ts';

const HOUR = 3_600_000;
const LIFETIMES = { maxLiveMs: 48 * HOUR, retentionMs: 24 * HOUR };

let db: TestTable;
let sids = 0;
beforeAll(async () => {
  db = await freshTable();
});
beforeEach(() => {
  db.requests.length = 0;
});

/** A stream of its own for each test. */
function newKey(): SessionKey {
  return { stream_id: `stream-${++sids}`, stream_sid: `s-${sids}` };
}

async function send(event: StreamEvent | RoomEvent, nowMs = Date.now()) {
  return apply(event, { store: db.store(nowMs), nowMs, ...LIFETIMES });
}

async function stored(key: SessionKey, nowMs = Date.now()): Promise<Session> {
  const [session] = await db.store(nowMs).sessions([key]);
  return session ?? blankSession(key);
}

function operations(): string[] {
  return db.requests.map(({ operation }) => operation).sort();
}

describe('conflicts', () => {
  /** Applies an event, while another is applied between its reads and its first write. @returns how often it was told */
  async function beside(event: StreamEvent, other?: StreamEvent): Promise<number> {
    let conflicts = 0;
    let isFirst = true;
    await apply(event, {
      store: aroundWrites(db.store(), async (write) => {
        if (isFirst && other !== undefined) await send(other);
        isFirst = false;
        return write();
      }),
      nowMs: Date.now(),
      ...LIFETIMES,
      onConflict: () => conflicts++,
    });
    return conflicts;
  }

  it('are none when nobody else writes, in any order', async () => {
    const key = newKey();
    for (const event of [closeEvent(key), createEvent(key), createEvent(key), closeEvent(key)]) {
      expect(await beside(event)).toBe(0);
    }
    const [older, newer] = [newKey(), { ...newKey(), create_time_ms: 1687981300000 }];
    newer.stream_id = older.stream_id;
    await send(createEvent(older));
    expect(await beside(createEvent(newer))).toBe(0);
  });

  it('are told when another callback of the session is stored between reading and writing', async () => {
    const key = newKey();
    expect(await beside(createEvent(key), createEvent({ ...key, stream_seq: '2', recreate: '1' }))).toBe(1);
    expect((await stored(key)).create_seq).toBe(2);
  });

  it('are told when a sibling has changed meanwhile', async () => {
    const older = newKey();
    const newer = { stream_id: older.stream_id, stream_sid: newKey().stream_sid };
    await send(createEvent(older));
    const superseding = createEvent({ ...newer, create_time_ms: '1687981300000' });
    expect(await beside(superseding, createEvent({ ...older, stream_seq: '2', recreate: '1' }))).toBe(1);
  });
});

describe('requests', () => {
  it('a first create: one write and four reads', async () => {
    expect(await send(createEvent(newKey()))).toBe('applied');
    expect(operations()).toEqual(['BatchGetItem', 'BatchGetItem', 'Query', 'Query', 'UpdateItem']);
  });

  it('a repeated create: two reads and no write', async () => {
    const create = createEvent(newKey());
    await send(create);
    db.requests.length = 0;
    expect(await send(create)).toBe('unchanged');
    expect(operations()).toEqual(['BatchGetItem', 'Query']);
  });

  it('the close of a known session: one write and nothing else', async () => {
    const key = newKey();
    await send(createEvent(key));
    db.requests.length = 0;
    expect(await send(closeEvent(key))).toBe('applied');
    expect(operations()).toEqual(['UpdateItem']);
  });

  it('a repeated close: a refused write and two reads', async () => {
    const key = newKey();
    await send(createEvent(key));
    await send(closeEvent(key));
    db.requests.length = 0;
    expect(await send(closeEvent(key))).toBe('unchanged');
    expect(operations()).toEqual(['BatchGetItem', 'Query', 'UpdateItem']);
  });

  it('after 5,000 ended sessions of the stream: at most 4 reads, of at most 12 units', async () => {
    const ended = newKey();
    await send(createEvent(ended));
    await send(closeEvent(ended));
    const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key: { ...ended } }));
    const items = Array.from({ length: 5000 }, (_, i) => {
      const sibling_key = `1#room1#${1e12 + i}`;
      return { PutRequest: { Item: { ...Item, stream_sid: `s-ended-${i}`, sibling_key } } };
    });
    for (let i = 0; i < items.length; i += 25) {
      await db.client.send(new BatchWriteCommand({ RequestItems: { [db.table]: items.slice(i, i + 25) } }));
    }
    db.requests.length = 0;
    await send(createEvent({ ...ended, stream_sid: 's-new' }));
    const reads = db.requests.filter(({ operation }) => operation !== 'UpdateItem');
    expect(reads.length).toBeLessThanOrEqual(4);
    let units = 0;
    for (const { operation, input } of reads) units += await readUnits(operation, input);
    expect(units).toBeLessThanOrEqual(12);
  });
});

/** What AWS charges for a consistent read: a unit for each 4 kB of a query, and for each item of a batch; at least one. */
async function readUnits(operation: string, input: Record<string, unknown>): Promise<number> {
  if (operation === 'BatchGetItem') {
    const tables = Object.values((input as { RequestItems: Record<string, { Keys: unknown[] }> }).RequestItems);
    return tables.reduce((sum, { Keys }) => sum + Keys.length, 0);
  }
  const { Items } = await db.client.send(new QueryCommand(input as never));
  return Math.max(1, Math.ceil(JSON.stringify(Items).length / 4096));
}

describe('one session', () => {
  it('five repeats of a create change nothing', async () => {
    const key = newKey();
    await send(createEvent(key));
    const first = await stored(key);
    for (let i = 0; i < 5; i++) expect(await send(createEvent(key), Date.now() + i)).toBe('unchanged');
    expect(await stored(key)).toEqual(first);
  });

  it('a repeat of the create does not bring an ended session back', async () => {
    const key = newKey();
    await send(createEvent(key));
    await send(closeEvent(key));
    expect(await send(createEvent(key))).toBe('unchanged');
    expect(await stored(key)).toMatchObject({ listed: false, create_seq: 1, close_seq: 700 });
  });

  it('close first, create second: ended, with the fields of the create and the ending of the close', async () => {
    const [key, other] = [newKey(), newKey()];
    await send(closeEvent(key));
    expect(await stored(key)).toMatchObject({ listed: false, create: null });
    expect(await send(createEvent(key))).toBe('applied');
    await send(createEvent(other));
    await send(closeEvent(other));
    const ours = ({
      stream_id: _,
      stream_sid: __,
      version: ___,
      stored_ms: ____,
      expires_at: _____,
      ...rest
    }: Session) => rest;
    expect(ours(await stored(key))).toEqual(ours(await stored(other)));
    expect(await stored(key)).toMatchObject({
      listed: false,
      create: { title: 'title' },
      close: { end_reason: 'stopped' },
    });
  });

  it('a create with a larger seq makes it live again, in another room if it says so', async () => {
    const key = newKey();
    await send(createEvent(key));
    await send(closeEvent({ ...key, stream_seq: '5' }));
    expect(await send(createEvent({ ...key, stream_seq: '6', room_id: 'room2' }))).toBe('applied');
    expect(await stored(key)).toMatchObject({ room_id: 'room2', create_seq: 6, listed: true });
    expect(await send(closeEvent({ ...key, stream_seq: '5' }))).toBe('unchanged');
    expect(await send(closeEvent({ ...key, stream_seq: '7', room_id: 'room1' }))).toBe('applied');
    expect(await stored(key)).toMatchObject({ room_id: 'room2', listed: false });
  });

  it('a close that is older than the create is kept, and the session stays live', async () => {
    const key = newKey();
    await send(createEvent({ ...key, stream_seq: '9' }));
    expect(await send(closeEvent({ ...key, stream_seq: '5' }))).toBe('applied');
    expect(await stored(key)).toMatchObject({ create_seq: 9, close_seq: 5, listed: true });
  });

  it('every order of create, close, recreate and repeats leaves the same item', async () => {
    const kinds = [
      (key: SessionKey) => createEvent({ ...key, stream_seq: '1' }),
      (key: SessionKey) => closeEvent({ ...key, stream_seq: '2' }),
      (key: SessionKey) =>
        createEvent({ ...key, stream_seq: '3', recreate: '1', title: 'again', create_time_ms: '1687981999000' }),
      (key: SessionKey) => closeEvent({ ...key, stream_seq: '4', type: '1', room_id: 'room9' }),
    ];
    const bySet = new Map<string, unknown>();
    // The shorter ones of three kinds are among those of four.
    const orders = [...sequences(3, 5).filter(({ length }) => length === 5), ...sequences(4, 4)];
    for (let i = 0; i < orders.length; i += 16) {
      await Promise.all(
        orders.slice(i, i + 16).map(async (order) => {
          const key = newKey();
          for (const kind of order) await send(kinds[kind]?.(key) as StreamCreate);
          const {
            stream_id: _,
            stream_sid: __,
            version: ___,
            stored_ms,
            expires_at: ____,
            ...item
          } = await stored(key);
          const told = [...new Set(order)].sort().join();
          const seen = { ...item, stored: stored_ms !== null };
          if (bySet.has(told)) expect(seen).toEqual(bySet.get(told));
          else bySet.set(told, seen);
        }),
      );
    }
    expect(orders.length).toBe(243 + (4 + 16 + 64 + 256));
    expect(bySet.size).toBe(15);
  });

  it('an event whose key would be too long is refused in every order, and writes nothing', async () => {
    for (const odd of [{ stream_sid: '#'.repeat(505) }, { room_id: '#'.repeat(505) }]) {
      const key = { ...newKey(), ...odd };
      await expect(send(closeEvent(key))).rejects.toMatchObject({ code: 'invalid-field' });
      await expect(send(createEvent(key))).rejects.toMatchObject({ code: 'invalid-field' });
      expect(operations()).toEqual([]);
    }
  });

  it('a repeated close with another end than its first: the earliest counts, in every order', async () => {
    const [key, other] = [newKey(), newKey()];
    for (const of of [key, other]) await send(createEvent(of));
    for (const end of ['3000', '1000', '2000']) await send(closeEvent({ ...key, destroy_timemillis: end }));
    for (const end of ['1000', '2000', '3000']) await send(closeEvent({ ...other, destroy_timemillis: end }));
    expect((await stored(key)).close).toEqual((await stored(other)).close);
    expect((await stored(key)).close?.end_time_ms).toBe(1000);
  });
});

function sequences(kinds: number, longest: number): number[][] {
  let last: number[][] = [[]];
  const all: number[][] = [];
  for (let length = 1; length <= longest; length++) {
    last = last.flatMap((sequence) => Array.from({ length: kinds }, (_, kind) => [...sequence, kind]));
    all.push(...last);
  }
  return all;
}

describe('beside one another', () => {
  it('twenty callbacks of one session at once leave what they leave one after another', async () => {
    const events = (key: SessionKey) =>
      Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? createEvent : closeEvent)({ ...key, stream_seq: String(i), room_id: 'room1' }),
      );
    const [key, other] = [newKey(), newKey()];
    await Promise.all(events(key).map((event) => send(event)));
    for (const event of events(other)) await send(event);
    const facts = ({ create_seq, close_seq, listed, create, close }: Session) => ({
      create_seq,
      close_seq,
      listed,
      create,
      close,
    });
    expect(facts(await stored(key))).toEqual(facts(await stored(other)));
  });

  it.each([
    ['an item', true],
    ['no item', false],
  ])('a write that rests on %s, which has changed meanwhile, is made anew', async (_, known) => {
    const key = newKey();
    if (known) await send(createEvent(key));
    let raced = false;
    const racing = aroundWrites(db.store(), async (write) => {
      if (!raced) {
        raced = true;
        await send(closeEvent({ ...key, stream_seq: '2' }));
      }
      return write();
    });
    const nowMs = Date.now();
    const recreate = createEvent({ ...key, stream_seq: '3' });
    expect(await apply(recreate, { store: racing, nowMs, ...LIFETIMES })).toBe('applied');
    expect(await stored(key)).toMatchObject({ create_seq: 3, close_seq: 2, listed: true });
  });

  it('a session that changes between the two reads is read again, before anything is written', async () => {
    const key = newKey();
    await send(createEvent(key));
    const store = db.store();
    let raced = false;
    const racing = {
      ...aroundWrites(store, async () => expect.unreachable()),
      sessionAndRoomFacts: async (...asked: Parameters<typeof store.sessionAndRoomFacts>) => {
        const found = await store.sessionAndRoomFacts(...asked);
        if (!raced) await send(createEvent({ ...key, stream_seq: '3' }));
        raced = true;
        return found;
      },
      siblings: async (...asked: Parameters<typeof store.siblings>) => {
        while (!raced) await new Promise((resolve) => setImmediate(resolve));
        return store.siblings(...asked);
      },
    };
    const nowMs = Date.now();
    const repeat = createEvent({ ...key, stream_seq: '3' });
    expect(await apply(repeat, { store: racing, nowMs, ...LIFETIMES })).toBe('unchanged');
  });

  it('a sibling whose view disagrees with its facts is put right by any callback of the stream, also a repeat', async () => {
    const ghost = newKey();
    const { stream_id, stream_sid } = ghost;
    await send(createEvent(ghost));
    await send(closeEvent(ghost));
    for (const result of ['applied', 'unchanged']) {
      await db.client.send(
        new UpdateCommand({
          TableName: db.table,
          Key: { stream_id, stream_sid },
          UpdateExpression: 'SET live_shard = :zero, live_key = :key, live_room = :room',
          ExpressionAttributeValues: {
            ':zero': 0,
            ':key': `1687981272742#${stream_id}#${stream_sid}`,
            ':room': 'room1',
          },
        }),
      );
      const { version } = await stored(ghost);
      expect(await send(createEvent({ stream_id, stream_sid: 's-other' }))).toBe(result);
      const righted = { listed: false, create_seq: 1, close_seq: 700, version: version + 1 };
      expect(await stored(ghost)).toMatchObject(righted);
    }
  });
});

describe('lifetimes', () => {
  const start = 1_700_000_000_000;

  it('what is past its time counts as absent, though TTL has not removed it', async () => {
    const key = newKey();
    await send(createEvent(key), start);
    await send(closeEvent(key), start);
    const later = start + 24 * HOUR;
    expect((await stored(key, later - 1)).close_seq).toBe(700);
    expect(await stored(key, later)).toMatchObject({ create: null, close: null });
    expect(await send(createEvent(key), later)).toBe('applied');
    expect(await stored(key, later)).toMatchObject({ create_seq: 1, close_seq: null, listed: true, stored_ms: later });
  });

  it.each([0, 24, 25])(
    'of two sessions that began together, behind %i newer ones past their time, the later one is live',
    async (count) => {
      const { stream_id } = newKey();
      const at = (stream_sid: string, ms: number) => ({ stream_id, stream_sid, create_time_ms: String(1e12 + ms) });
      for (let i = 1; i <= count; i++) await send(closeEvent(at(`s-forgotten-${i}`, i)), start);
      const later = start + 25 * HOUR;
      const [earlier, newer] = [at('s-b', 0), at('s-a', 0)];
      await send(createEvent({ ...earlier, stream_seq: '5' }), later);
      await send(createEvent({ ...newer, stream_seq: '6' }), later);
      await send(createEvent({ ...earlier, stream_seq: '5' }), later);
      const [first, second] = await db.store(later).sessions([earlier, newer]);
      expect([first?.listed, second?.listed]).toEqual([false, true]);
    },
  );

  it('the fast close does not find what is past its time either', async () => {
    const key = newKey();
    await send(createEvent(key), start);
    const later = start + 72 * HOUR;
    expect(await send(closeEvent(key), later)).toBe('applied');
    expect(await stored(key, later)).toMatchObject({ create: null, close_seq: 700, listed: false });
  });

  it('expired when read after the last create is too old; a recreate or a close that tells more counts', async () => {
    const key = newKey();
    const read = (nowMs: number) =>
      readStream(
        { kind: 'stream', stream_id: key.stream_id, stream_sid: undefined, appid: undefined },
        { store: db.store(nowMs), nowMs, ...LIFETIMES },
      );
    await send(createEvent(key), start);
    expect((await read(start + 48 * HOUR))?.ending).toBeNull();
    expect((await read(start + 48 * HOUR + 1))?.ending).toEqual({
      end_reason: 'expired',
      end_time_ms: start + 48 * HOUR,
    });
    await send(createEvent({ ...key, stream_seq: '2' }), start + 50 * HOUR);
    expect((await read(start + 51 * HOUR))?.ending).toBeNull();
    await send(closeEvent(key), start + 99 * HOUR);
    expect((await read(start + 99 * HOUR))?.ending).toEqual({ end_reason: 'stopped', end_time_ms: 1666986067248 });
    expect(await read(start + 123 * HOUR)).toBeUndefined();
  });
});
