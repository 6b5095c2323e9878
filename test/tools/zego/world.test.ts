import { assert as check, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compare } from '../../../lib/tools/simulator/comparison.ts';
import { play } from '../../../lib/tools/simulator/play.ts';
import type { Callback } from '../../../lib/tools/zego/callbacks.ts';
import type { Delivery } from '../../../lib/tools/zego/delivery.ts';
import { ENCODING_NAMES, encode } from '../../../lib/tools/zego/encoding.ts';
import { createRandom } from '../../../lib/tools/zego/random.ts';
import { World } from '../../../lib/tools/zego/world.ts';
import { decodeBody } from '../../../lib/zego/body.ts';
import { sample } from '../../support/callback.ts';

const START_MS = 1_700_000_000_000;

interface Played {
  callbacks: Callback[];
  /** The sids of what is on air at the end. */
  onAir: string[];
}

function played(seed: number, streams = 60, seconds = 10): Played {
  const random = createRandom(seed);
  const rooms = ['room1', 'room2', 'room3'];
  const hosts = Array.from({ length: 20 }, (_, i) => ({ user_id: `user${i}`, user_name: `User ${i}` }));
  const streamId = ({ user_id }: { user_id: string }) => user_id;
  const scale = { atMost: 10, sessions: streams, crash: 0.3, speed: 10 };
  const world = new World({ appid: '7', run: 'run', rooms, hosts, streamId, random, ...scale });
  const callbacks = [...play(world, { startMs: START_MS, seconds, streams, random })];
  return { callbacks, onAir: world.onAir().map(({ stream_sid }) => stream_sid) };
}

const ofStreams = (callbacks: readonly Callback[]) =>
  callbacks.flatMap((callback) => ('publishing' in callback ? [callback] : []));

/** Holds of every play. */
const always = (holds: (played: Played) => void) =>
  check(
    property(record({ seed: integer(), streams: integer({ min: 1, max: 80 }) }), ({ seed, streams }) =>
      holds(played(seed, streams)),
    ),
  );

describe('a play', () => {
  it('is the same from the same seed', () => {
    expect(played(3)).toEqual(played(3));
    expect(played(3)).not.toEqual(played(4));
  });

  it('tells what happens in its order, from the start to the last heartbeat', () => {
    always(({ callbacks }) => {
      const times = callbacks.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(START_MS);
      expect(times.at(-1)).toBeLessThan(START_MS + 10_000 + 10_100);
    });
  });

  it('has as many sessions as it was asked for', () => {
    check(
      property(integer(), integer({ min: 1, max: 80 }), (seed, streams) => {
        const sids = new Set(ofStreams(played(seed, streams).callbacks).map(({ publishing }) => publishing.stream_sid));
        expect(sids.size).toBe(streams);
      }),
    );
  });

  it('counts stream_seq up from 1 in each room session', () => {
    always(({ callbacks }) => {
      const last = new Map<string, number>();
      for (const { fields } of ofStreams(callbacks)) {
        const before = last.get(fields.room_session_id);
        if (before === undefined) expect(Number(fields.stream_seq)).toBe(1);
        else expect(Number(fields.stream_seq)).toBeGreaterThan(before);
        last.set(fields.room_session_id, Number(fields.stream_seq));
      }
    });
  });

  it('begins and ends every session while its room session is open', () => {
    always(({ callbacks }) => {
      const open = new Map<string, { session: string; sinceMs: number }>();
      for (const callback of callbacks) {
        const { event, fields, atMs } = callback;
        const session = String(fields.room_session_id);
        const room = open.get(fields.room_id);
        if (event === 'room_create') {
          expect(room).toBeUndefined();
          open.set(fields.room_id, { session, sinceMs: atMs });
          continue;
        }
        expect(room?.session).toBe(session);
        if (event === 'room_close') open.delete(fields.room_id);
        else expect(Number(fields.create_time_ms)).toBeGreaterThanOrEqual(room?.sinceMs ?? Infinity);
      }
    });
  });

  it('opens a room anew later than it closed, with an id that a double cannot hold', () => {
    always(({ callbacks }) => {
      const closedMs = new Map<string, number>();
      for (const { event, fields, atMs } of callbacks) {
        if (event === 'room_close') closedMs.set(fields.room_id, atMs);
        if (event !== 'room_create') continue;
        expect(atMs).toBeGreaterThan(closedMs.get(fields.room_id) ?? 0);
        expect(String(Number(fields.room_session_id))).not.toBe(String(fields.room_session_id));
      }
    });
  });

  it('has a sid in one room session only, and one body for each change of it', () => {
    always(({ callbacks }) => {
      const rooms = new Map<string, string>();
      const changes = new Set<string>();
      for (const { fields } of ofStreams(callbacks)) {
        const room = `${fields.room_id} ${fields.room_session_id}`;
        expect(rooms.get(fields.stream_sid) ?? room).toBe(room);
        rooms.set(fields.stream_sid, room);
        changes.add(`${fields.stream_sid} ${fields.stream_seq}`);
      }
      expect(changes.size).toBe(ofStreams(callbacks).length);
    });
  });

  it('has on air what was told to begin last, once for each stream', () => {
    always(({ callbacks, onAir }) => {
      const lasts = new Map(ofStreams(callbacks).map((callback) => [callback.publishing.stream_sid, callback]));
      for (const sid of onAir) expect(lasts.get(sid)?.event).toBe('stream_create');
      expect(new Set(onAir.map((sid) => lasts.get(sid)?.publishing.stream_id)).size).toBe(onAir.length);
    });
  });

  it('tells the end of all that is not on air, one way or another', () => {
    always(({ callbacks, onAir }) => {
      const deliveries = callbacks.map((callback): Delivery => {
        const outcome = callback.event === 'stream_create' ? 'accepted' : 'lost';
        return { callback, outcome, delayed: false, repeats: 0, answers: [] };
      });
      const ended = ofStreams(callbacks).filter(({ publishing }) => !onAir.includes(publishing.stream_sid));
      const listed = [...new Map(ended.map(({ publishing }) => [publishing.stream_sid, { ...publishing }])).values()];
      const whys = compare([], deliveries, listed).map(({ why }) => why);
      expect(whys).toHaveLength(listed.length);
      expect(whys).not.toContain('nothing told of its end');
    });
  });

  it('has every kind of change', () => {
    const kinds = new Set<string>();
    for (let seed = 0; seed < 10; seed++) {
      const before = new Map<string, { sid: string; ms: string }>();
      for (const { event, fields } of ofStreams(played(seed).callbacks)) {
        const last = before.get(fields.stream_id);
        if (event === 'stream_close') kinds.add(`close ${fields.type}`);
        else {
          const sid = last?.sid === fields.stream_sid ? 'same sid' : 'new sid';
          const time = last?.ms === fields.create_time_ms ? 'same time' : 'new time';
          kinds.add(fields.recreate === '1' ? `recreate, ${sid}, ${time}` : `create, ${sid}`);
          before.set(fields.stream_id, { sid: fields.stream_sid, ms: fields.create_time_ms });
        }
      }
    }
    expect([...kinds].sort()).toEqual([
      ...['close 0', 'close 1', 'close 2', 'close 3', 'close 4', 'close 5'],
      'create, new sid',
      'recreate, new sid, new time',
      'recreate, new sid, same time',
      'recreate, same sid, new time',
      'recreate, same sid, same time',
    ]);
  });
});

describe('a callback', () => {
  const { callbacks } = played(1);
  const SIGNATURE = ['timestamp', 'nonce', 'signature'];

  it.each(['stream_create', 'stream_close', 'room_create', 'room_close'] as const)(
    "%s has the fields of ZEGO's sample, of the same types",
    (name) => {
      const typesOf = (fields: object) =>
        Object.entries(fields).map(([field, value]) => {
          const type = typeof value === 'bigint' ? 'number' : Array.isArray(value) ? 'array' : typeof value;
          return `${field}: ${type}`;
        });
      const expected = Object.entries(sample(name)).filter(([field]) => ![...SIGNATURE, 'event'].includes(field));
      const found = callbacks.find(({ event }) => event === name)?.fields ?? {};
      expect(typesOf(found).sort()).toEqual(typesOf(Object.fromEntries(expected)).sort());
    },
  );

  it.each([...ENCODING_NAMES.map((encoding) => [encoding, 'numbered'] as const), ['form', 'plain'] as const])(
    'keeps every digit and character as %s, arrays %s',
    (encoding, arrays) => {
      for (const { fields } of callbacks) {
        const { body } = encode(fields, encoding, arrays);
        const told = Object.entries(fields).map(([name, value]) => [
          name,
          typeof value === 'bigint' ? `${value}` : value,
        ]);
        expect({ ...decodeBody(body, false) }).toEqual(Object.fromEntries(told));
      }
    },
  );

  it('now and then has an extra_info, another codec, a zero before its stream_seq', () => {
    const creates = ofStreams(callbacks).filter(({ event }) => event === 'stream_create');
    const values = (name: string) => new Set(creates.map(({ fields }) => String(fields[name])));
    expect([...values('stream_attr')].sort()).toEqual(['{"cid":0}', '{"cid":1}', '{"cid":2}', '{"cid":3}']);
    expect([...values('extra_info')]).toEqual(expect.arrayContaining(['', '{"seat":3}']));
    expect([...values('stream_seq')]).toEqual(expect.arrayContaining(['1', '05']));
  });

  it('has its numbers as numbers in JSON', () => {
    const { fields } = callbacks.find(({ event }) => event === 'room_create') ?? {};
    expect(encode(fields ?? {}, 'json').body).toContain(`"room_session_id":${fields?.room_session_id},`);
  });
});
