import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  appRange,
  fromSiblingKey,
  liveKey,
  roomPart,
  roomRange,
  shardOf,
  siblingKey,
} from '../../lib/dynamodb/keys.ts';

/** Ids as odd as JSON allows, with what the keys are built of among them. */
const id = fc.string({
  unit: fc.constantFrom('a', 'b', '#', '$', '%', '!', ' ', '-', '_', '9', '\0', '\u001f', 'é', '😀', '\ufffd'),
  minLength: 1,
  maxLength: 4,
});
const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const within = ({ low, high }: { low: string; high: string }, key: string) =>
  bytewise(low, key) <= 0 && bytewise(key, high) <= 0;

describe('live_key', () => {
  it('sorts by create_time_ms, then stream_id, then stream_sid, and is unique', () => {
    const parts = fc.record({ create_time_ms: fc.integer({ min: 0, max: 11 }), stream_id: id, stream_sid: id });
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const expected =
          a.create_time_ms - b.create_time_ms ||
          bytewise(a.stream_id, b.stream_id) ||
          bytewise(a.stream_sid, b.stream_sid);
        expect(Math.sign(bytewise(liveKey(a), liveKey(b)))).toBe(Math.sign(expected));
      }),
      { numRuns: 2000 },
    );
  });

  it('shows the ids that ZEGO documents as they are', () => {
    expect(liveKey({ create_time_ms: 1687981272742, stream_id: 'a-Z_9', stream_sid: 's-1' })).toBe(
      '1687981272742#a-Z_9#s-1',
    );
    expect(liveKey({ create_time_ms: 5, stream_id: 'a', stream_sid: 'b' })).toBe('0000000000005#a#b');
  });
});

describe('sibling_key', () => {
  it('comes back as appid, room and time, whatever the room is called', () => {
    fc.assert(
      fc.property(id, fc.bigInt({ min: 0n, max: 10n ** 20n - 1n }), (room_id, appid) => {
        const standing = { room_id, appid: String(appid), create_time_ms: 1687981272742 };
        expect(fromSiblingKey(siblingKey(standing))).toEqual(standing);
      }),
    );
  });

  it('is in the range of its own room and in that of no other', () => {
    fc.assert(
      fc.property(id, id, (room_id, other) => {
        const key = siblingKey({ appid: '1', room_id, create_time_ms: 1687981272742 });
        expect(within(roomRange({ appid: '1', room_id: other }), key)).toBe(room_id === other);
      }),
      { numRuns: 2000 },
    );
  });

  it('below a room: only rooms that sort before it, of one app or of all', () => {
    const inside = (room: { room_id: string; appid: string }, appid?: string, high?: string) => {
      const range = appRange(appid);
      return within({ ...range, high: high ?? range.high }, siblingKey({ ...room, create_time_ms: 1687981272742 }));
    };
    const below = roomPart('12#room2#1687981272742');
    expect(inside({ appid: '12', room_id: 'room1' })).toBe(true);
    expect(inside({ appid: '12', room_id: 'room1' }, '12')).toBe(true);
    expect(inside({ appid: '12', room_id: 'room1' }, '1')).toBe(false);
    expect(inside({ appid: '12', room_id: 'room1' }, '123')).toBe(false);
    expect(inside({ appid: '12', room_id: 'room1' }, '12', below)).toBe(true);
    expect(inside({ appid: '12', room_id: 'room2' }, '12', below)).toBe(false);
    expect(inside({ appid: '12', room_id: 'room3' }, undefined, below)).toBe(false);
    expect(inside({ appid: '11', room_id: 'room3' }, undefined, below)).toBe(true);
  });
});

it('an over-long key is refused by the name of its field', () => {
  const long = '#'.repeat(512);
  expect(() => siblingKey({ appid: '1', room_id: long, create_time_ms: 1 })).toThrow(/^room_id/);
  expect(() => roomRange({ appid: '1', room_id: long })).toThrow(/^room_id/);
  expect(() => liveKey({ create_time_ms: 1, stream_id: 'a', stream_sid: long })).toThrow(/^stream_sid/);
  expect(() => siblingKey({ appid: '9'.repeat(20), room_id: 'r'.repeat(512), create_time_ms: 1 })).not.toThrow();
});

it('sessions spread over the shards', () => {
  const shards = Array.from({ length: 4000 }, (_, i) => shardOf(`s-11520513666974000000000${i}`, 8));
  for (let shard = 0; shard < 8; shard++) expect(shards.filter((other) => other === shard).length).toBeGreaterThan(350);
});
