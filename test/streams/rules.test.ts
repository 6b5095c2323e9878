import { expect, it } from 'vitest';
import { judge } from '../../lib/streams/rules.ts';
import { blankSession, type RoomFacts } from '../../lib/streams/session.ts';

const NO_FACTS: RoomFacts = { head: null, closed: new Map() };

it.each([
  ['a create alone', 1, null, 'live'],
  ['a close with a larger seq', 1, 2, 'told'],
  ['a close with the same seq', 2, 2, 'told'],
  ['a close with a smaller seq, before a recreate', 3, 2, 'live'],
  ['a close alone', null, 2, 'told'],
  ['a create with seq 0', 0, null, 'live'],
  ['create and close with seq 0', 0, 0, 'told'],
] as const)('%s: create_seq %s, close_seq %s → %s', (_, create_seq, close_seq, verdict) => {
  const standing = { ...blankSession({ stream_id: 'a', stream_sid: 'b' }), create_seq, close_seq };
  expect(judge([standing], NO_FACTS)).toEqual([verdict]);
});

it('judges by facts alone: a view that says otherwise is no evidence', () => {
  const standing = { ...blankSession({ stream_id: 'a', stream_sid: 'b' }), create_seq: 1, close_seq: 2, live_shard: 0 };
  expect(judge([standing, { ...standing, close_seq: null, live_shard: null }], NO_FACTS)).toEqual(['told', 'live']);
});
