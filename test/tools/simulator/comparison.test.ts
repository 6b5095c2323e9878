import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../lib/tools/simulator/attempt.ts';
import {
  type Callback,
  CLOSE,
  type Publishing,
  roomClose,
  roomCreate,
  streamClose,
  streamCreate,
} from '../../../lib/tools/simulator/callbacks.ts';
import { compare } from '../../../lib/tools/simulator/comparison.ts';
import type { Delivery } from '../../../lib/tools/simulator/delivery.ts';

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

/** As the list shows it after this create. */
const shown = ({ fields }: ReturnType<typeof create>) => ({ ...fields, stream_seq: Number(fields.stream_seq) });

it('nothing differs when all on air is listed, and nothing else', () => {
  const two = session('s-2', 5, OTHER_ROOM);
  const deliveries = [create(), create(two), close(two)].map(accepted);
  expect(compare([ONE], deliveries, [shown(create())])).toEqual([]);
});

describe('missing: on air and not listed', () => {
  it.each<[string, Delivery[], boolean, string]>([
    ['its create was lost', [lost(create())], true, 'stream_create 1 of s-1 was lost'],
    ['its create was accepted', [accepted(create())], false, 'stream_create 1 of s-1 was accepted'],
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
      'stream_create 3 of s-1 was accepted',
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
    const [ghost, ...more] = compare([], [accepted(create()), ...deliveries], [shown(create())]);
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
    expect(compare([], deliveries, [shown(create())])).toEqual([
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
    expect(compare([], deliveries, [shown(create())])).toEqual([
      expect.objectContaining({ kind: 'ghost', explained: true, why: 'stream_close 2 of s-1 was lost' }),
    ]);
  });

  it('a refused close explains nothing', () => {
    expect(compare([], [accepted(create()), refused(close())], [shown(create())])).toEqual([
      expect.objectContaining({ explained: false, why: expect.stringContaining('was refused 6 times') }),
    ]);
  });

  it('nor does a lost one when no create was accepted', () => {
    expect(compare([], [lost(create()), lost(close())], [shown(create())])).toEqual([
      expect.objectContaining({ explained: false, why: 'none of its creates was accepted' }),
    ]);
  });
});

describe('never explained', () => {
  it('a session that is listed twice', () => {
    const listed = [shown(create()), shown(create())];
    expect(compare([ONE], [accepted(create())], listed)).toEqual([
      expect.objectContaining({ kind: 'listed twice', explained: false, why: '2 times' }),
    ]);
  });

  it('a session in the wrong room', () => {
    const listed = [{ ...shown(create()), room_id: 'other room' }];
    expect(compare([ONE], [accepted(create())], listed)).toEqual([
      expect.objectContaining({ kind: 'wrong room', explained: false, why: 'it is in room' }),
    ]);
  });

  it('a session that nothing told of', () => {
    expect(compare([], [lost(close())], [shown(create())])).toEqual([
      expect.objectContaining({ kind: 'unknown', explained: false }),
    ]);
  });

  it.each([
    ['a character', { title: '小梅 · room 100  live' }],
    ['a digit', { room_session_id: '9007199254740992' }],
    ['a URL', { hdl_url: ['http://hdl.example.com/live/stream.flv?auth=1 2/3=&a=b'] }],
  ])('%s that is another one', (_, fields) => {
    expect(compare([ONE], [accepted(create())], [{ ...shown(create()), ...fields }])).toEqual([
      expect.objectContaining({ kind: 'wrong field', explained: false }),
    ]);
  });

  it('fields of another create than the latest that arrived', () => {
    const deliveries = [accepted(create()), accepted(create(ONE, 3)), lost(create(ONE, 5))];
    expect(compare([ONE], deliveries, [shown(create(ONE, 3))])).toEqual([]);
    expect(compare([ONE], deliveries, [shown(create())])).toEqual([
      expect.objectContaining({ kind: 'wrong field', why: 'stream_seq is 1, told was 3' }),
    ]);
  });
});
