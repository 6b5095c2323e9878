import { describe, expect, it } from 'vitest';
import { compare } from '../../../lib/tools/simulator/comparison.ts';
import { comparePaging } from '../../../lib/tools/simulator/paging.ts';

import {
  type Callback,
  CLOSE,
  type Publishing,
  roomClose,
  roomCreate,
  shownBy,
  streamClose,
  streamCreate,
} from '../../../lib/tools/zego/callbacks.ts';
import type { Answer, Delivery } from '../../../lib/tools/zego/delivery.ts';
import { SAMPLE_ANSWER } from '../../support/callback.ts';

/** Short for 2023-11-14T22:13:20Z and so many ms. */
const at = (ms: number) => 1_700_000_000_000 + ms;

const ROOM = { appid: '7', room_id: 'room', room_session_id: '9007199254740993' };
const ROOM_ANEW = { ...ROOM, room_session_id: '9007199254740995' };
const OTHER_ROOM = { ...ROOM, room_id: 'other room', room_session_id: '9007199254740997' };

function session(sid: string, ms: number, room = ROOM): Publishing {
  const ids = { stream_id: 'stream', stream_alias: 'stream', channel_id: room.room_id, stream_sid: sid };
  return { ...room, ...ids, user_id: 'user', user_name: '小梅', create_time_ms: String(at(ms)) };
}

const ONE = session('s-1', 0);
const create = (of = ONE, seq = 1) => streamCreate(of, seq, at(0), 0);
const close = (of = ONE, seq = 2) => streamClose(of, seq, at(1000), CLOSE.stop);

function became(outcome: Delivery['outcome'], callback: Callback): Delivery {
  const answer: Answer = { status: 503, told: 'store-unavailable', startMs: 0, durationMs: 1 };
  const answers = outcome === 'refused' ? Array.from({ length: 6 }, () => answer) : [];
  return { callback, outcome, delayed: false, repeats: 0, answers };
}
const accepted = (callback: Callback) => became('accepted', callback);
const lost = (callback: Callback) => became('lost', callback);
const refused = (callback: Callback) => became('refused', callback);

it('nothing differs when all on air is listed, and nothing else', () => {
  const two = session('s-2', 5, OTHER_ROOM);
  const deliveries = [create(), create(two), close(two)].map(accepted);
  expect(compare([ONE], deliveries, [shownBy(create())])).toEqual([]);
});

describe('missing: on air and not listed', () => {
  const KEPT = 'stream_create 1 of s-1 was accepted, and nothing that ends it was';

  it.each<[string, Delivery[], boolean, string]>([
    ['its create was lost', [lost(create())], true, 'stream_create 1 of s-1 was lost'],
    ['its create was accepted', [accepted(create())], false, KEPT],
    [
      'its latest create was lost, and an earlier one keeps it live',
      [accepted(create()), lost(create(ONE, 3))],
      false,
      KEPT,
    ],
    [
      'its latest create was lost, and so was what ended an earlier one',
      [accepted(create()), lost(close()), refused(close(ONE, 3)), lost(create(ONE, 4))],
      false,
      KEPT,
    ],
    [
      'its latest create was lost, and a newer session that was told ended the earlier one',
      [accepted(create()), accepted(create(session('s-2', 5), 2)), lost(create(session('s-1', 9), 4))],
      true,
      'stream_create 4 of s-1 was lost',
    ],
    [
      'its create was refused',
      [refused(create())],
      false,
      'stream_create 1 of s-1 was refused 6 times, at last with 503 store-unavailable',
    ],
    [
      'its latest create was lost',
      [accepted(create()), accepted(close()), lost(create(ONE, 3))],
      true,
      'stream_create 3 of s-1 was lost',
    ],
    [
      'only an earlier create was lost',
      [lost(create()), accepted(create(ONE, 3))],
      false,
      'stream_create 3 of s-1 was accepted, and nothing that ends it was',
    ],
  ])('%s', (_, deliveries, explained, why) => {
    expect(compare([ONE], deliveries, [])).toEqual([
      { kind: 'missing', stream_sid: 's-1', stream_id: 'stream', room_id: 'room', explained, why },
    ]);
  });
});

describe('ghost: listed and not on air', () => {
  const newer = session('s-2', 10);
  const sameTime = session('s-2', 0);

  it.each<[string, Delivery[]]>([
    ['its close', [lost(close())]],
    [
      'its latest close, after one that a create undid',
      [accepted(close()), accepted(create(ONE, 3)), lost(close(ONE, 4))],
    ],
    ['its close, and all of a newer session', [lost(close()), lost(create(newer, 3)), lost(close(newer, 4))]],
    ['a newer session that began at the same time', [lost(create(sameTime, 3))]],
    ['its close, and the close of its room', [lost(close()), lost(roomClose(ROOM, at(1000), CLOSE.stop))]],
    ['its close, and the room that opened again', [lost(close()), lost(roomCreate(ROOM_ANEW, at(2001), 'user'))]],
  ])('explained when this was lost: %s', (_, deliveries) => {
    const [ghost, ...more] = compare([], [accepted(create()), ...deliveries], [shownBy(create())]);
    expect(more).toEqual([]);
    expect(ghost).toMatchObject({ kind: 'ghost', stream_sid: 's-1', explained: true });
    expect(ghost?.why).toContain('was lost');
  });

  it.each<[string, Callback]>([
    ['its close', close()],
    ['the create of a newer session', create(newer, 3)],
    ['the close of a newer session', close(newer, 4)],
    ['a newer session that began at the same time', create(sameTime, 3)],
    ['the close of its room', roomClose(ROOM, at(1000), CLOSE.stop)],
    ['its room that opened again more than 2 s after it began', roomCreate(ROOM_ANEW, at(2001), 'user')],
  ])('not explained when one thing was accepted: %s', (_, callback) => {
    const deliveries = [accepted(create()), lost(streamClose(ONE, 9, at(1000), CLOSE.stop)), accepted(callback)];
    expect(compare([], deliveries, [shownBy(create())])).toEqual([
      expect.objectContaining({ kind: 'ghost', explained: false, why: expect.stringContaining('was accepted') }),
    ]);
  });

  it.each<[string, Callback]>([
    ['an older session', create(session('s-0', -5), 3)],
    ['a session that began at the same time before it', create(sameTime, 0)],
    ['a session that began at the same time in another room session', create(session('s-2', 0, ROOM_ANEW), 3)],
    // The seq of a close does not tell when its session began.
    ['the close of a session that began at the same time', close(sameTime, 4)],
    ['a newer session of another stream', create({ ...newer, stream_id: 'other' }, 3)],
    ['a newer session in another room', create(session('s-2', 10, OTHER_ROOM), 3)],
    ['its own room session', roomCreate(ROOM, at(3000), 'user')],
    ['its room that opened again within 2 s', roomCreate(ROOM_ANEW, at(2000), 'user')],
    ['the close of another session of its room', roomClose(ROOM_ANEW, at(1000), CLOSE.stop)],
    ['another room', roomCreate(OTHER_ROOM, at(3000), 'user')],
    ['a close of its own that a create undid', streamClose(ONE, 0, at(1000), CLOSE.disconnect)],
  ])('this would not have ended it: %s', (_, callback) => {
    const deliveries = [accepted(create()), lost(close()), accepted(callback)];
    expect(compare([], deliveries, [shownBy(create())])).toEqual([
      expect.objectContaining({ kind: 'ghost', explained: true, why: 'stream_close 2 of s-1 was lost' }),
    ]);
  });

  it('a refused close explains nothing', () => {
    expect(compare([], [accepted(create()), refused(close())], [shownBy(create())])).toEqual([
      expect.objectContaining({ explained: false, why: expect.stringContaining('was refused 6 times') }),
    ]);
  });

  it('nor does a lost one when no create was accepted', () => {
    expect(compare([], [lost(create()), lost(close())], [shownBy(create())])).toEqual([
      expect.objectContaining({ explained: false, why: 'none of its creates was accepted' }),
    ]);
  });
});

describe('never explained', () => {
  it('a session that nothing told of', () => {
    expect(compare([], [lost(close())], [shownBy(create())])).toEqual([
      expect.objectContaining({ kind: 'unknown', explained: false }),
    ]);
  });

  it.each([
    ['a character', { title: '小梅 · room 100  live' }],
    ['a digit', { room_session_id: '9007199254740992' }],
    ['a URL', { hdl_url: ['http://hdl.example.com/live/stream.flv?auth=1 2/3=&a=b'] }],
    ['a room', { room_id: 'other room' }],
    ['a string instead of a number', { stream_seq: '1' }],
    ['a missing URL', { pic_url: [] }],
    ['a codec', { codec: 'H.264' }],
    ['an empty string instead of null', { extra_info: '' }],
    ['a state', { state: 'ended' }],
    ['a twin', { publish_name: null }],
  ])('%s that is another one', (_, fields) => {
    expect(compare([ONE], [accepted(create())], [{ ...shownBy(create()), ...fields }])).toEqual([
      expect.objectContaining({ kind: 'wrong field', explained: false }),
    ]);
  });

  it('fields of another create than the latest that arrived', () => {
    const deliveries = [accepted(create()), accepted(create(ONE, 3)), lost(create(ONE, 5))];
    expect(compare([ONE], deliveries, [shownBy(create(ONE, 3))])).toEqual([]);
    const wrong = compare([ONE], deliveries, [shownBy(create())]);
    expect(wrong.map(({ kind }) => kind)).toEqual(wrong.map(() => 'wrong field'));
    expect(wrong.map(({ why }) => why)).toContain('stream_seq is 1, and should be 3');
    expect(wrong.map(({ why }) => why)).toContain('extra_info is null, and should be "{\\"seat\\":3}"');
  });
});

describe('what the list has to show', () => {
  it('is every field of a session, of its type', () => {
    const typesOf = (answer: object) =>
      Object.entries(answer).map(([name, value]) => `${name}: ${Array.isArray(value) ? 'array' : typeof value}`);
    expect(typesOf(shownBy(create(ONE, 3))).sort()).toEqual(typesOf(SAMPLE_ANSWER).sort());
  });

  it('follows from the create', () => {
    expect(shownBy(create(ONE, 15))).toMatchObject({
      ...{ state: 'live', appid: '7', room_id: 'room', room_session_id: '9007199254740993', channel_id: 'room' },
      ...{ user_name: '小梅', publish_id: 'user', publish_name: '小梅', stream_alias: 'stream', stream_seq: 15 },
      ...{ stream_attr: '{"cid":3}', codec: 'H.265', extra_info: '{"seat":15}', recreate: 0 },
      ...{ create_time: 1_700_000_000, create_time_ms: 1_700_000_000_000 },
      rtmp_url: ['rtmp://rtmp.example.com/live/stream'],
    });
  });

  it('may come with more fields', () => {
    expect(compare([ONE], [accepted(create())], [{ ...shownBy(create()), viewers: 3 }])).toEqual([]);
  });
});

describe('the list in both orders', () => {
  const [a, b, c, d] = [
    session('s-1', 0),
    session('s-2', 0),
    { ...session('s-0', 0), stream_id: 'stream-b' },
    session('s-3', 5),
  ].map((of) => shownBy(create(of)));
  if (!a || !b || !c || !d) throw new Error('four sessions');
  const oldest = [a, b, c, d];
  const newest = oldest.toReversed();

  it('is the same turned round', () => {
    expect(comparePaging({ newest, oldest })).toEqual([]);
    expect(comparePaging({ newest: [], oldest: [] })).toEqual([]);
  });

  it.each([
    ['listed twice', 's-2', { newest: [d, c, b, b, a], oldest }],
    ['listed twice', 's-3', { newest, oldest: [a, b, c, d, d] }],
    ['in one order only', 's-2', { newest, oldest: [a, c, d] }],
    ['in one order only', 's-2', { newest: [d, c, a], oldest }],
    ['out of order', 's-2', { newest: [d, c, a, b], oldest }],
    ['out of order', 's-1', { newest, oldest: [b, a, c, d] }],
    ['out of order', 's-2', { newest, oldest: [a, c, b, d] }],
    ['out of order', 's-3', { newest: [c, d, b, a], oldest }],
  ])('%s: %s', (kind, stream_sid, readings) => {
    expect(comparePaging(readings)).toEqual([expect.objectContaining({ kind, stream_sid, explained: false })]);
  });
});
