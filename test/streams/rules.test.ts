import { describe, expect, it } from 'vitest';
import { judge } from '../../lib/streams/rules.ts';
import { blankSession, type RoomFacts, type Standing } from '../../lib/streams/session.ts';

const NO_FACTS: RoomFacts = { head: null, closed: new Map() };

/** A session that began at 1000 in room session 1, told to be live. */
function session(fields: Partial<Standing> = {}): Standing {
  const blank = blankSession({ stream_id: 'a', stream_sid: 's-1' });
  return { ...blank, room_session_id: '1', create_time_ms: 1000, create_seq: 5, ...fields };
}

/** Another one of the same stream in the same room. */
const other = (fields: Partial<Standing>) => session({ stream_sid: 's-2', ...fields });

describe('told', () => {
  it.each([
    ['a create alone', 1, null, 'live'],
    ['a close with a larger seq', 1, 2, 'told'],
    ['a close with the same seq', 2, 2, 'told'],
    ['a close with a smaller seq, before a recreate', 3, 2, 'live'],
    ['a close alone', null, 2, 'told'],
    ['a create with seq 0', 0, null, 'live'],
    ['create and close with seq 0', 0, 0, 'told'],
  ] as const)('%s: create_seq %s, close_seq %s → %s', (_, create_seq, close_seq, verdict) => {
    expect(judge([session({ create_seq, close_seq })], NO_FACTS)).toEqual([verdict]);
  });

  it('by facts alone: a view that says otherwise is no evidence', () => {
    const ended = session({ close_seq: 6, listed: true });
    const live = other({ create_time_ms: 2000, listed: false });
    expect(judge([ended, live], NO_FACTS)).toEqual(['told', 'live']);
  });
});

describe('superseded', () => {
  const at = (end_time_ms: number) => ({ end_reason: 'superseded', end_time_ms });
  it.each<[string, Partial<Standing>, ReturnType<typeof at> | 'live']>([
    ['a later one', { create_time_ms: 1001 }, at(1001)],
    ['a later one that has ended', { create_time_ms: 1001, close_seq: 9 }, at(1001)],
    [
      'a later one of which the close alone is known',
      { create_time_ms: 1001, create_seq: null, close_seq: 9 },
      at(1001),
    ],
    [
      'a later one of another room session, with a smaller seq',
      { create_time_ms: 1001, room_session_id: '2', create_seq: 1 },
      at(1001),
    ],
    ['an earlier one, with a larger seq', { create_time_ms: 999, create_seq: 9 }, 'live'],
    ['one of which no time is known', { create_time_ms: null, create_seq: null, close_seq: 9 }, 'live'],
    ['one of the same time with a larger seq', { create_seq: 6 }, at(1000)],
    ['one of the same time and seq', { create_seq: 5 }, 'live'],
    ['one of the same time with a smaller seq', { create_seq: 4 }, 'live'],
    ['one of the same time in another room session', { create_seq: 6, room_session_id: '2' }, 'live'],
    ['one of the same time whose room session is not told', { create_seq: 6, room_session_id: null }, 'live'],
    ['one of the same time of which the close alone is known', { create_seq: null, close_seq: 9 }, 'live'],
  ])('by %s: %j → %j', (_, fields, verdict) => {
    expect(judge([session(), other(fields)], NO_FACTS)[0]).toEqual(verdict);
    expect(judge([other(fields), session()], NO_FACTS)[1]).toEqual(verdict);
  });

  it('at the same time in room sessions that are both not told', () => {
    const [first, second] = [session({ room_session_id: null }), other({ room_session_id: null, create_seq: 6 })];
    expect(judge([first, second], NO_FACTS)).toEqual([at(1000), 'live']);
  });

  it('at the beginning of the next newer one, however many there are', () => {
    const newer = [4000, 2000, 3000].map((create_time_ms, i) => other({ stream_sid: `s-${i + 2}`, create_time_ms }));
    expect(judge([session(), ...newer], NO_FACTS)).toEqual([at(2000), 'live', at(3000), at(4000)]);
  });
});

describe('closed with its room', () => {
  const at = (end_time_ms: number) => ({ end_reason: 'room_closed', end_time_ms });
  const closed = new Map([
    ['1', 5000],
    ['3', 7000],
  ]);
  const head = (room_session_id: string, room_create_time: number) => ({ room_session_id, room_create_time });
  it.each<[string, Partial<Standing>, Partial<RoomFacts>, ReturnType<typeof at> | 'live']>([
    ['a closed room session', {}, { closed }, at(5000)],
    ['one that is not closed', { room_session_id: '2' }, { closed }, 'live'],
    ['none told', { room_session_id: null }, { closed }, 'live'],
    ['its own room session is the newest', {}, { head: head('1', 9000) }, 'live'],
    ['the room was opened again, 2001 ms later', {}, { head: head('2', 3001) }, at(3001)],
    ['the room was opened again, 2000 ms later', {}, { head: head('2', 3000) }, 'live'],
    ['the room was opened before it', {}, { head: head('2', 999) }, 'live'],
    ['none told, and the room was opened again', { room_session_id: null }, { head: head('2', 9000) }, 'live'],
    ['closed, and opened again before that', {}, { closed, head: head('2', 4000) }, at(4000)],
    ['closed, and opened again after that', {}, { closed, head: head('2', 6000) }, at(5000)],
  ])('%s: %j, %j → %j', (_, fields, facts, verdict) => {
    expect(judge([session(fields)], { ...NO_FACTS, ...facts })).toEqual([verdict]);
  });
});

describe('which ending counts', () => {
  const closedAt = (ms: number): RoomFacts => ({ head: null, closed: new Map([['1', ms]]) });
  const newer = other({ create_time_ms: 3000, room_session_id: '2' });
  it('the told one, though inferred ones are earlier', () => {
    expect(judge([session({ close_seq: 9 }), newer], closedAt(2000))[0]).toBe('told');
  });
  it.each([
    [2999, { end_reason: 'room_closed', end_time_ms: 2999 }],
    [3000, { end_reason: 'superseded', end_time_ms: 3000 }],
    [3001, { end_reason: 'superseded', end_time_ms: 3000 }],
  ])('superseded at 3000, its room closed at %i: %j', (ms, verdict) => {
    expect(judge([session(), newer], closedAt(ms))[0]).toEqual(verdict);
  });
});
