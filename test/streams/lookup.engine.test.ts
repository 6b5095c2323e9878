import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { readStream, readStreams } from '../../lib/streams/lookup.ts';
import type { Store } from '../../lib/streams/store.ts';
import { closeEvent, createEvent } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { putSessions } from './put.ts';

const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;
const LIFETIMES = { maxLiveMs: 48 * HOUR, retentionMs: 24 * HOUR };

async function send(db: TestTable, event: ReturnType<typeof createEvent | typeof closeEvent>, nowMs = NOW) {
  return apply(event, { store: db.store(nowMs), nowMs, ...LIFETIMES });
}

describe('one stream', () => {
  let db: TestTable;
  beforeAll(async () => {
    db = await freshTable();
  });
  const read = (stream_id: string, more: { appid?: string; stream_sid?: string } = {}, store = db.store(NOW)) =>
    readStream(
      { kind: 'stream', stream_id, stream_sid: more.stream_sid, appid: more.appid },
      { store, nowMs: NOW, ...LIFETIMES },
    );
  const sid = async (...args: Parameters<typeof read>) => (await read(...args))?.session.stream_sid;

  it('is its newest live session, in whatever room and app', async () => {
    const at = (ms: number) => ({ stream_id: 'a', create_time_ms: String(1e12 + ms) });
    await send(db, createEvent({ ...at(1), stream_sid: 's-1', room_id: 'z', appid: '9' }));
    await send(db, createEvent({ ...at(3), stream_sid: 's-3', room_id: 'b', appid: '5' }));
    await send(db, createEvent({ ...at(2), stream_sid: 's-2', room_id: 'c', appid: '5' }));
    await send(db, createEvent({ ...at(9), stream_sid: 's-9', room_id: 'e', appid: '5' }));
    await send(db, closeEvent({ ...at(9), stream_sid: 's-9', room_id: 'e', appid: '5' }));
    expect(await sid('a')).toBe('s-3');
    expect(await sid('a', { appid: '9' })).toBe('s-1');
    expect(await sid('a', { appid: '5', stream_sid: 's-2' })).toBe('s-2');
    expect(await sid('a', { stream_sid: 's-9' })).toBe('s-9');
    expect(await sid('a', { appid: '9', stream_sid: 's-9' })).toBeUndefined();
    expect(await sid('a', { appid: '55' })).toBeUndefined();
    expect(await sid('a', { stream_sid: 's-0' })).toBeUndefined();
    expect(await sid('b')).toBeUndefined();
  });

  it('else its newest ended one: by create_time_ms, then by end_time_ms', async () => {
    const ended = (stream_sid: string, create_time_ms: number | undefined, destroy_timemillis: number) =>
      send(
        db,
        closeEvent({
          stream_id: 'c',
          stream_sid,
          create_time_ms: create_time_ms && String(create_time_ms),
          destroy_timemillis: String(destroy_timemillis),
        }),
      );
    await ended('s-1', undefined, 9e12);
    expect(await sid('c')).toBe('s-1');
    await ended('s-2', 1e12, 2e12);
    await ended('s-3', 1e12, 4e12);
    await ended('s-4', 1e12, 3e12);
    expect(await sid('c')).toBe('s-3');
    await ended('s-5', 1e12 + 1, 1e12 + 2);
    expect(await sid('c')).toBe('s-5');
  });

  it('is found in every room, though it was restarted hundreds of times in others', async () => {
    await send(
      db,
      createEvent({ stream_id: 'd', stream_sid: 's-live', room_id: 'a', create_time_ms: '1000000000000' }),
    );
    for (const room_id of ['b', 'c']) {
      const restarts = Array.from({ length: 120 }, (_, i) =>
        closeEvent({ stream_id: 'd', room_id, stream_sid: `s-${room_id}${i}`, create_time_ms: String(2e12 + i) }),
      );
      await putSessions(db, restarts, { ...LIFETIMES, nowMs: NOW });
    }
    db.requests.length = 0;
    expect(await sid('d')).toBe('s-live');
    expect(db.requests.length).toBeLessThanOrEqual(4);
  });

  it.each([98, 99, 100, 101])(
    'is found behind %s sessions of a later room: a page of the index has 100',
    async (count) => {
      const stream_id = `g-${count}`;
      const ended = Array.from({ length: count + 2 }, (_, i) => ({
        stream_sid: `s-${i}`,
        room_id: i < 2 ? 'a' : 'z',
        create_time_ms: String(1e12 + i),
      }));
      await putSessions(
        db,
        ended.map((fields) => closeEvent({ stream_id, ...fields })),
        { ...LIFETIMES, nowMs: NOW },
      );
      await send(db, createEvent({ stream_id, stream_sid: 's-live', room_id: 'a', create_time_ms: '1100000000000' }));
      expect(await sid(stream_id)).toBe('s-live');
    },
  );

  it('is found in rooms that only bytes tell apart', async () => {
    const rooms = [...Array.from({ length: 110 }, () => '😀'), ...Array.from({ length: 110 }, (_, i) => `\uffff${i}`)];
    const closes = rooms.map((room_id, i) => closeEvent({ stream_id: 'i', room_id, stream_sid: `s-${i}` }));
    await putSessions(db, closes, { ...LIFETIMES, nowMs: NOW });
    await send(
      db,
      createEvent({ stream_id: 'i', stream_sid: 's-live', room_id: 'a', create_time_ms: '1000000000000' }),
    );
    expect(await sid('i')).toBe('s-live');
    expect(await sid('i', { appid: '1' })).toBe('s-live');
  });

  it('is found behind a page of sessions that are past their time', async () => {
    const past = Array.from({ length: 101 }, (_, i) => ({ stream_sid: `s-${i}`, create_time_ms: String(2e12 + i) }));
    const closes = past.map((fields) => closeEvent({ stream_id: 'h', ...fields }));
    await putSessions(db, closes, { ...LIFETIMES, nowMs: NOW - 24 * HOUR });
    await send(db, createEvent({ stream_id: 'h', stream_sid: 's-live', create_time_ms: '1000000000000' }));
    expect(await sid('h')).toBe('s-live');
  });

  it('looks again when the session that it found has ended meanwhile', async () => {
    const key = { stream_id: 'e', stream_sid: 's-1' };
    await send(db, createEvent(key));
    const store = db.store(NOW);
    let raced = false;
    const racing: Store = {
      ...store,
      standings: async (...args) => {
        const found = await store.standings(...args);
        if (!raced) await send(db, closeEvent(key)).then(() => send(db, createEvent({ ...key, stream_sid: 's-2' })));
        raced = true;
        return found;
      },
    };
    expect(await sid('e', {}, racing)).toBe('s-2');
  });

  it('whose view says ended though no fact says why is ended, without reason and time', async () => {
    const key = { stream_id: 'f', stream_sid: 's-1' };
    await send(db, createEvent(key));
    await db.client.send(
      new UpdateCommand({ TableName: db.table, Key: key, UpdateExpression: 'REMOVE live_shard, live_key, live_room' }),
    );
    expect((await read('f'))?.ending).toEqual({ end_reason: null, end_time_ms: null });
  });
});

describe('some streams', () => {
  let db: TestTable;
  beforeAll(async () => {
    db = await freshTable();
  });
  const read = async (
    stream_ids: string[],
    { appid = undefined as string | undefined, store = db.store(NOW) } = {},
  ) => {
    const { readings, next_cursor } = await readStreams(
      { kind: 'streams', stream_ids, appid },
      { store, nowMs: NOW, ...LIFETIMES },
    );
    expect(next_cursor).toBeNull();
    expect(readings.every(({ ending }) => ending === null)).toBe(true);
    return readings.map(({ session }) => session.stream_sid);
  };
  const operations = () => db.requests.map(({ operation }) => operation).sort();

  it('are what is live of them, in the order asked; of one the newest first', async () => {
    const at = (stream_id: string, ms: number) => ({ stream_id, create_time_ms: String(1e12 + ms) });
    await send(db, createEvent({ ...at('a', 1), stream_sid: 's-a1', room_id: 'z', appid: '9' }));
    await send(db, createEvent({ ...at('a', 3), stream_sid: 's-a3', room_id: 'b', appid: '5' }));
    await send(db, createEvent({ ...at('a', 3), stream_sid: 's-a4', room_id: 'c', appid: '5' }));
    await send(db, createEvent({ ...at('a', 2), stream_sid: 's-a2', room_id: 'd', appid: '5' }));
    await send(db, createEvent({ ...at('b', 9), stream_sid: 's-b' }));
    await send(db, createEvent({ ...at('c', 8), stream_sid: 's-c' }));
    await send(db, closeEvent({ ...at('c', 8), stream_sid: 's-c' }));
    await send(db, createEvent({ ...at('d', 7), stream_sid: 's-d' }), NOW - 48 * HOUR - 1);
    const of_a = ['s-a4', 's-a3', 's-a2', 's-a1'];
    expect(await read(['b', 'nobody', 'a'])).toEqual(['s-b', ...of_a]);
    expect(await read(['a', 'c', 'd', 'b'])).toEqual([...of_a, 's-b']);
    expect(await read(['a', 'b'], { appid: '9' })).toEqual(['s-a1']);
    expect(await read(['c', 'd', 'nobody'])).toEqual([]);
  });

  it('cost a Query each, side by side, and one BatchGetItem for what is live', async () => {
    const ids = Array.from({ length: 50 }, (_, i) => `many-${i}`);
    await Promise.all(ids.slice(0, 25).map((stream_id) => send(db, createEvent({ stream_id, stream_sid: stream_id }))));
    let [running, most] = [0, 0];
    const store = db.store(NOW);
    const counting: Store = {
      ...store,
      standings: async (...args) => {
        running += 1;
        most = Math.max(most, running);
        return store.standings(...args).finally(() => {
          running -= 1;
        });
      },
    };
    db.requests.length = 0;
    expect(await read(ids.toReversed(), { store: counting })).toEqual(ids.slice(0, 25).toReversed());
    expect(operations()).toEqual(['BatchGetItem', ...Array.from({ length: 50 }, () => 'Query')]);
    expect(most).toBe(50);
    db.requests.length = 0;
    expect(await read(ids.slice(25))).toEqual([]);
    expect(operations()).toEqual(Array.from({ length: 25 }, () => 'Query'));
  });

  it('cost a Query more for one that was restarted hundreds of times in its room', async () => {
    const restarts = Array.from({ length: 220 }, (_, i) => ({
      stream_sid: `s-${i}`,
      create_time_ms: String(1e12 + i),
    }));
    const closes = restarts.map((fields) => closeEvent({ stream_id: 'often', ...fields }));
    await putSessions(db, closes, { ...LIFETIMES, nowMs: NOW });
    await send(db, createEvent({ stream_id: 'often', stream_sid: 's-live', create_time_ms: '2000000000000' }));
    db.requests.length = 0;
    expect(await read(['often'])).toEqual(['s-live']);
    expect(operations()).toEqual(['BatchGetItem', 'Query', 'Query']);
  });

  it('are looked for again where one has ended since it was found: another one may have taken its place', async () => {
    const key = { stream_id: 'moved', stream_sid: 's-1' };
    await send(db, createEvent(key));
    await send(db, createEvent({ stream_id: 'calm', stream_sid: 's-calm' }));
    const store = db.store(NOW);
    const asked: string[] = [];
    const racing: Store = {
      ...store,
      standings: async (stream_id, appid) => {
        asked.push(stream_id);
        return store.standings(stream_id, appid);
      },
      sessions: async (keys) => {
        if (asked.length === 2) await send(db, createEvent({ ...key, stream_sid: 's-2', stream_seq: '9' }));
        return store.sessions(keys);
      },
    };
    expect(await read(['moved', 'calm'], { store: racing })).toEqual(['s-2', 's-calm']);
    expect(asked).toEqual(['moved', 'calm', 'moved']);
  });

  it('are not those of another app, also when a recreate has just moved one there', async () => {
    const key = { stream_id: 'app', stream_sid: 's-app' };
    await send(db, createEvent(key));
    const store = db.store(NOW);
    const racing: Store = {
      ...store,
      sessions: async (keys) => {
        if (keys.length > 0) await send(db, createEvent({ ...key, stream_seq: '2', appid: '2' }));
        return store.sessions(keys);
      },
    };
    expect(await read(['app'], { appid: '1', store: racing })).toEqual([]);
    expect(await read(['app'])).toEqual(['s-app']);
  });
});
