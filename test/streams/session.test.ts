import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blankSession, merge, type Session, withView } from '../../lib/streams/session.ts';
import type { StreamClose, StreamCreate } from '../../lib/zego/event.ts';
import { closeEvent, createEvent } from '../support/callback.ts';

const KEY = { stream_id: 'stream_id', stream_sid: 's-1' };
const HOUR = 3_600_000;
const NOW = 1_700_000_000_000;

/** Events of one session; what an event says follows from its kind and seq, as at ZEGO. */
const event = fc
  .record({ create: fc.boolean(), seq: fc.integer({ min: 0, max: 4 }) })
  .map(({ create, seq }): StreamCreate | StreamClose =>
    create
      ? createEvent({ stream_sid: 's-1', stream_seq: String(seq), title: `title ${seq}`, room_id: `room${seq}` })
      : closeEvent({ stream_sid: 's-1', stream_seq: String(seq), type: String(seq), room_id: `close-room${seq}` }),
  );

function mergeAll(events: readonly (StreamCreate | StreamClose)[]): Session {
  return events.reduce((session, next) => merge(session, next, NOW), blankSession(KEY));
}

describe('merge', () => {
  it('does not depend on the order of the events', () => {
    fc.assert(
      fc.property(
        fc
          .array(event, { maxLength: 6 })
          .chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }))),
        ([events, shuffled]) => {
          expect(mergeAll(shuffled)).toEqual(mergeAll(events));
        },
      ),
    );
  });

  it('returns the very session when an event is a repeat, or older than what is stored of its kind', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 6 }), (events) => {
        const session = mergeAll(events);
        for (const repeated of events) expect(merge(session, repeated, NOW + 1)).toBe(session);
      }),
    );
  });

  it('of a close that is repeated with another end keeps the earliest, in every order', () => {
    const close = (end: string) => closeEvent({ stream_sid: 's-1', destroy_timemillis: end });
    const ends = (...events: StreamClose[]) => mergeAll(events).close?.end_time_ms;
    expect(ends(close('1000'), close('3000'))).toBe(1000);
    expect(ends(close('3000'), close('1000'), close('2000'))).toBe(1000);
  });

  it('takes appid, room and create_time_ms from the create, and from the close while no create is known', () => {
    const close = closeEvent({ stream_sid: 's-1', room_id: 'room of the close', create_time_ms: '5' });
    const closed = merge(blankSession(KEY), close, NOW);
    expect(closed).toMatchObject({ room_id: 'room of the close', create_time_ms: 5, create_seq: null, close_seq: 700 });
    const both = merge(closed, createEvent({ stream_sid: 's-1' }), NOW);
    expect(both).toMatchObject({ room_id: 'room1', create_time_ms: 1687981272742, create_seq: 1, close_seq: 700 });
    expect(merge(both, closeEvent({ stream_sid: 's-1', stream_seq: '701' }), NOW)).toMatchObject({ room_id: 'room1' });
  });
});

describe('withView', () => {
  const lifetimes = { nowMs: NOW, maxLiveMs: 48 * HOUR, retentionMs: 24 * HOUR };
  const blank = blankSession(KEY);
  const created = merge(blank, createEvent({ stream_sid: 's-1' }), NOW - HOUR);
  const closed = merge(created, closeEvent({ stream_sid: 's-1' }), NOW);
  const live = withView(blank, created, true, lifetimes);
  const ended = withView(live, closed, false, lifetimes);

  it('puts a session on the list until its last create is older than both lifetimes', () => {
    expect(live).toMatchObject({ listed: true, expires_at: (NOW - HOUR + 72 * HOUR) / 1000 });
  });

  it('keeps an ended session for the retention from the moment at which it was stored as ended', () => {
    expect(ended).toMatchObject({ listed: false, expires_at: (NOW + 24 * HOUR) / 1000 });
    const lateCreate = merge({ ...ended, create: null, create_seq: null }, createEvent({ stream_sid: 's-1' }), NOW);
    const later = { ...lifetimes, nowMs: NOW + 5 * HOUR };
    expect(withView(ended, lateCreate, false, later).expires_at).toBe(ended.expires_at);
    const closedAgain = merge(ended, closeEvent({ stream_sid: 's-1', stream_seq: '701' }), NOW);
    expect(withView(ended, closedAgain, false, later).expires_at).toBe((NOW + 29 * HOUR) / 1000);
  });

  it('returns the very session when nothing differs', () => {
    expect(withView(live, live, true, lifetimes)).toBe(live);
    expect(withView(ended, ended, false, lifetimes)).toBe(ended);
  });

  it('counts seconds up, so that nothing is forgotten early', () => {
    expect(withView(live, closed, false, { ...lifetimes, nowMs: NOW + 1 }).expires_at).toBe(
      (NOW + 24 * HOUR) / 1000 + 1,
    );
  });
});
