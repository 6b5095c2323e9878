import { describe, expect, it } from 'vitest';
import { sessionAnswer } from '../../lib/http/session-json.ts';
import { blankSession, merge, type Session } from '../../lib/streams/session.ts';
import type { StreamClose, StreamCreate } from '../../lib/zego/event.ts';
import { closeEvent, createEvent, SAMPLE_ANSWER } from '../support/callback.ts';

const session = (...events: (StreamCreate | StreamClose)[]): Session =>
  events.reduce(
    (known, event) => merge(known, event, 1),
    blankSession({ stream_id: 'stream_id', stream_sid: 's-115205136669740000000000104' }),
  );

const live = (...events: (StreamCreate | StreamClose)[]) =>
  sessionAnswer({ session: session(...events), ending: null }) as Record<string, unknown>;
const ENDING = { end_reason: 'stopped', end_time_ms: 1_666_986_067_248 };
const ended = (...events: (StreamCreate | StreamClose)[]) =>
  sessionAnswer({ session: session(...events), ending: ENDING }) as Record<string, unknown>;

it("ZEGO's sample create is answered with every documented field, numbers as numbers", () => {
  expect(live(createEvent())).toEqual(SAMPLE_ANSWER);
});

it('the fields come in the documented order', () => {
  expect(Object.keys(live(createEvent()))).toEqual(Object.keys(SAMPLE_ANSWER));
});

it('an ended session has also reason and time of its end', () => {
  expect(ended(createEvent(), closeEvent())).toEqual({ ...SAMPLE_ANSWER, state: 'ended', ...ENDING });
});

it('an end of which no fact tells the reason has both as null', () => {
  const ending = { end_reason: null, end_time_ms: null };
  expect(sessionAnswer({ session: session(createEvent()), ending })).toEqual({
    ...SAMPLE_ANSWER,
    state: 'ended',
    ...ending,
  });
});

it.each([
  ['channel_id', 'room_id', 'room1'],
  ['publish_id', 'user_id', 'user1'],
  ['publish_name', 'user_name', 'user1_name'],
  ['stream_alias', 'stream_id', 'stream_id'],
])(
  '%s, documented as equal to %s, is filled from it when absent or empty, and kept when it differs',
  (twin, _, value) => {
    expect(live(createEvent({ [twin]: undefined }))[twin]).toBe(value);
    expect(live(createEvent({ [twin]: '' }))[twin]).toBe(value);
    expect(live(createEvent({ [twin]: value }))[twin]).toBe(value);
    expect(live(createEvent({ [twin]: 'other' }))[twin]).toBe('other');
  },
);

describe('what no event told', () => {
  const bare = {
    room_session_id: undefined,
    channel_id: undefined,
    user_id: undefined,
    user_name: undefined,
    publish_id: undefined,
    publish_name: undefined,
    title: undefined,
    stream_alias: undefined,
    stream_attr: undefined,
    extra_info: undefined,
    recreate: undefined,
    create_time: undefined,
    rtmp_url: undefined,
    hls_url: [],
    hdl_url: '',
    pic_url: undefined,
  };

  it('is null, and URLs are empty arrays', () => {
    expect(live(createEvent(bare))).toEqual({
      ...SAMPLE_ANSWER,
      ...Object.fromEntries(Object.keys(bare).map((name) => [name, name.endsWith('_url') ? [] : null])),
      channel_id: 'room1',
      stream_alias: 'stream_id',
      codec: null,
    });
  });

  it('of a session of which nothing at all is known is still answered', () => {
    expect(Object.keys(live())).toEqual(Object.keys(SAMPLE_ANSWER));
  });
});

describe('the close', () => {
  const CLOSED = {
    ...SAMPLE_ANSWER,
    ...ENDING,
    state: 'ended',
    room_session_id: '123456789',
    publish_id: 'user1',
    publish_name: 'user1_name',
    title: null,
    stream_attr: null,
    codec: null,
    extra_info: null,
    stream_seq: 700,
    recreate: null,
    create_time: null,
    create_time_ms: 1_666_786_067_353,
    rtmp_url: [],
    hls_url: [],
    hdl_url: [],
    pic_url: [],
  };

  it('gives the fields while no create is known, stream_seq too', () => {
    expect(ended(closeEvent())).toEqual(CLOSED);
  });

  it('gives none any more once the create is known, whichever came first', () => {
    expect(ended(closeEvent(), createEvent())).toEqual({ ...SAMPLE_ANSWER, state: 'ended', ...ENDING });
    expect(ended(createEvent(), closeEvent({ title: 'other', user_id: 'other' }))).toEqual(ended(createEvent()));
  });
});
