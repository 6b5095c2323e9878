import { describe, expect, it } from 'vitest';
import { listingAttributes, sessionAttributes, toLiveEntry, toSession } from '../../lib/dynamodb/items.ts';
import { MAX_TIME_MS } from '../../lib/limits.ts';
import { sessionOf } from '../support/session.ts';

const NOW = 1_700_000_000_000;

type Fields = Record<string, unknown> | null;

/** The item of a session, as a create, a close or both leave it. */
function itemOf(create: Fields, close: Fields) {
  const session = sessionOf(create, close, NOW);
  const { stream_id, stream_sid } = session;
  const attributes = Object.entries(sessionAttributes(session, 1)).filter(([, value]) => value !== undefined);
  return { stream_id, stream_sid, version: 1, ...Object.fromEntries(attributes) };
}

it.each<[string, Fields, Fields]>([
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
  expect(toSession(itemOf(create, close))).toEqual({ ...sessionOf(create, close, NOW), version: 1 });
});

it('an item holds a documented twin only where it differs, and nothing that was not told', () => {
  const twins = { channel_id: 'room1', stream_alias: 'stream_id', publish_id: 'user1', publish_name: 'user1_name' };
  const { create } = itemOf({ ...twins, title: '', pic_url: [] }, null) as { create?: object };
  expect(Object.keys(create ?? {})).toEqual(expect.not.arrayContaining([...Object.keys(twins), 'title', 'pic_url']));
  expect(create).toMatchObject({ user_id: 'user1', codec: 'H.264' });
});

describe('the sparse indexes', () => {
  it('hold an item only while it is live', () => {
    expect(itemOf({}, null)).toMatchObject({ live_shard: 0, live_room: 'room1' });
    expect(Object.keys(itemOf({}, {}))).toEqual(expect.not.arrayContaining(['live_shard', 'live_key', 'live_room']));
    const ended = listingAttributes(sessionOf({}, {}, NOW), 1);
    expect(ended).toMatchObject({ live_shard: undefined, live_key: undefined, live_room: undefined });
  });

  it.each([1687981272742, 0, MAX_TIME_MS])('tell that a session began at %s', (ms) => {
    const entry = toLiveEntry(itemOf({ create_time_ms: String(ms) }, null));
    const { stream_id, stream_sid, live_key } = itemOf({ create_time_ms: String(ms) }, null) as Record<string, unknown>;
    expect(entry).toMatchObject({ stream_id, stream_sid, create_time_ms: ms || null, position: live_key });
  });
});
