import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  closeUpdate,
  sessionUpdate,
  siblingsQuery,
  standingsQuery,
  type Update,
  viewUpdate,
} from '../../lib/streams/commands.ts';
import { blankSession, merge, type Session, withView } from '../../lib/streams/session.ts';
import { liveKey, roomPart, shardOf, toSession, toStanding } from '../../lib/streams/table.ts';
import { closeEvent, createEvent } from '../support/callback.ts';

const NOW = 1_700_000_000_000;
const LIFETIMES = { nowMs: NOW, shard: () => 0, maxLiveMs: 1000, retentionMs: 1000 };

function sessionOf(create: Record<string, unknown> | null, close: Record<string, unknown> | null): Session {
  const key = { stream_id: 'stream_id', stream_sid: 's-115205136669740000000000104' };
  let session = blankSession(key);
  if (create !== null) session = merge(session, createEvent(create), NOW);
  if (close !== null) session = merge(session, closeEvent(close), NOW);
  return withView(blankSession(key), session, close === null, LIFETIMES);
}

/** What an UpdateItem leaves where no item was. */
function itemAfter({ Key, UpdateExpression, ExpressionAttributeNames, ExpressionAttributeValues }: Update) {
  const set = [...UpdateExpression.matchAll(/(#\w+) = (:\w+)/g)].map(([, name = '', value = '']) => [
    ExpressionAttributeNames[name],
    ExpressionAttributeValues[value],
  ]);
  return { ...Key, ...Object.fromEntries(set), version: 1 };
}

/** Ids as odd as JSON allows, with what the keys are built of among them. */
const id = fc.string({
  unit: fc.constantFrom('a', 'b', '#', '$', '%', '!', ' ', '-', '_', '9', '\0', '\u001f', 'é', '😀', '\ufffd'),
  minLength: 1,
  maxLength: 4,
});
const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

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
        const session = sessionOf({ room_id, appid: String(appid) }, null);
        expect(toStanding(itemAfter(sessionUpdate(session)))).toMatchObject({
          room_id,
          appid: String(appid),
          create_time_ms: 1687981272742,
        });
      }),
    );
  });

  it('is in the range of its own room and in that of no other', () => {
    fc.assert(
      fc.property(id, id, (room_id, other) => {
        const { sibling_key } = itemAfter(sessionUpdate(sessionOf({ room_id }, null)));
        const { ExpressionAttributeValues: range } = siblingsQuery('stream_id', { appid: '1', room_id: other });
        const inside =
          bytewise(String(range[':low']), sibling_key) <= 0 && bytewise(sibling_key, String(range[':high'])) <= 0;
        expect(inside).toBe(room_id === other);
      }),
      { numRuns: 2000 },
    );
  });

  it('below a key: only rooms that sort before its own, of one app or of all', () => {
    const within = (room: { room_id: string; appid: string }, appid: string | undefined, below: string | undefined) => {
      const { sibling_key } = itemAfter(sessionUpdate(sessionOf(room, null)));
      const { ExpressionAttributeValues: range } = standingsQuery('stream_id', appid, below, 100);
      return bytewise(String(range[':low']), sibling_key) <= 0 && bytewise(sibling_key, String(range[':high'])) <= 0;
    };
    const below = roomPart('12#room2#1687981272742');
    expect(within({ appid: '12', room_id: 'room1' }, undefined, undefined)).toBe(true);
    expect(within({ appid: '12', room_id: 'room1' }, '12', undefined)).toBe(true);
    expect(within({ appid: '12', room_id: 'room1' }, '1', undefined)).toBe(false);
    expect(within({ appid: '12', room_id: 'room1' }, '123', undefined)).toBe(false);
    expect(within({ appid: '12', room_id: 'room1' }, '12', below)).toBe(true);
    expect(within({ appid: '12', room_id: 'room2' }, '12', below)).toBe(false);
    expect(within({ appid: '12', room_id: 'room3' }, undefined, below)).toBe(false);
    expect(within({ appid: '11', room_id: 'room3' }, undefined, below)).toBe(true);
  });
});

it('an over-long key is refused by the name of its field', () => {
  const long = '#'.repeat(512);
  expect(() => sessionUpdate(sessionOf({ room_id: long }, null))).toThrow(/^room_id/);
  expect(() => siblingsQuery('a', { appid: '1', room_id: long })).toThrow(/^room_id/);
  expect(() => liveKey({ create_time_ms: 1, stream_id: 'a', stream_sid: long })).toThrow(/^stream_sid/);
  expect(() => sessionUpdate(sessionOf({ room_id: 'r'.repeat(512), appid: '9'.repeat(20) }, null))).not.toThrow();
});

describe('items', () => {
  it.each([
    ['a live session', {}, null],
    ['an ended one', {}, {}],
    ['one of which only the close is known', null, { create_time_ms: undefined, room_session_id: undefined }],
    [
      'one that tells little',
      { title: '', rtmp_url: [], stream_attr: undefined, user_id: undefined, publish_id: undefined, extra_info: null },
      null,
    ],
    [
      'one whose twins are equal',
      { channel_id: 'room1', stream_alias: 'stream_id', publish_id: 'user1', publish_name: 'user1_name' },
      null,
    ],
  ])('%s comes back as it was stored', (_, create, close) => {
    const session = sessionOf(create, close);
    expect(toSession(itemAfter(sessionUpdate(session)))).toEqual({ ...session, version: 1 });
  });

  it('store a documented twin only where it differs, and nothing that was not told', () => {
    const twins = { channel_id: 'room1', stream_alias: 'stream_id', publish_id: 'user1', publish_name: 'user1_name' };
    const { create } = itemAfter(sessionUpdate(sessionOf({ ...twins, title: '', pic_url: [] }, null)));
    expect(Object.keys(create)).toEqual(expect.not.arrayContaining([...Object.keys(twins), 'title', 'pic_url']));
    expect(create).toMatchObject({ user_id: 'user1', codec: 'H.264' });
  });

  it('stand in the sparse indexes only while they are live', () => {
    expect(itemAfter(sessionUpdate(sessionOf({}, null)))).toMatchObject({ live_shard: 0, live_room: 'room1' });
    const ended = sessionUpdate(sessionOf({}, {}));
    expect(ended.UpdateExpression).toMatch(/ REMOVE #live_shard, #live_key, #live_room ADD #version :one$/);
  });
});

describe('updates', () => {
  it('rest on the item that was read', () => {
    const session = sessionOf({}, null);
    expect(sessionUpdate(session).ConditionExpression).toBe('attribute_not_exists(#version)');
    const read = sessionUpdate({ ...session, version: 7 });
    expect(read.ConditionExpression).toBe('#version = :read');
    expect(read.ExpressionAttributeValues).toMatchObject({ ':read': 7 });
  });

  it('of the view leave the facts alone', () => {
    const { ExpressionAttributeNames } = viewUpdate({ ...sessionOf({}, null), version: 7 });
    expect(Object.values(ExpressionAttributeNames).sort()).toEqual([
      'expires_at',
      'live_key',
      'live_room',
      'live_shard',
      'version',
    ]);
  });

  it('of a close write the same register as the loop does', () => {
    const close = { room_id: 'another room', channel_id: 'another room' };
    const { ExpressionAttributeValues } = closeUpdate(closeEvent(close), NOW, 1000);
    expect(ExpressionAttributeValues[':close']).toEqual(itemAfter(sessionUpdate(sessionOf({}, close))).close);
  });

  it('name and fill every placeholder that they use, and no other', () => {
    for (const update of [
      sessionUpdate(sessionOf({}, {})),
      viewUpdate(sessionOf({}, null)),
      closeUpdate(closeEvent(), NOW, 1000),
    ]) {
      const used = `${update.UpdateExpression} ${update.ConditionExpression}`;
      expect(new Set(used.match(/#\w+/g))).toEqual(new Set(Object.keys(update.ExpressionAttributeNames)));
      expect(new Set(used.match(/:\w+/g))).toEqual(new Set(Object.keys(update.ExpressionAttributeValues)));
    }
  });
});

it('sessions spread over the shards', () => {
  const shards = Array.from({ length: 4000 }, (_, i) => shardOf(`s-11520513666974000000000${i}`, 8));
  for (let shard = 0; shard < 8; shard++) expect(shards.filter((other) => other === shard).length).toBeGreaterThan(350);
});
