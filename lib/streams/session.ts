import type { RoomEvent, StreamClose, StreamCreate, StreamEvent, StreamFields } from '../zego/event.ts';

/** What a register holds beside the fields that stand at the top of a session. */
type Told<Event extends StreamFields> = Omit<
  Event,
  'event' | 'appid' | 'stream_id' | 'stream_sid' | 'stream_seq' | 'room_id' | 'room_session_id'
>;
export type CreateFact = Told<StreamCreate>;
export type CloseFact = Told<StreamClose>;

export interface SessionKey {
  stream_id: string;
  stream_sid: string;
}

/** A room of an app. */
export interface Room {
  appid: string;
  room_id: string;
}

/** What is known of a room. */
export interface RoomFacts {
  /** The newest `room_create`, null while none is known. */
  head: Head | null;
  /** `room_close_time` by `room_session_id`, of those room sessions that were asked for and are closed. */
  closed: ReadonlyMap<string, number>;
}

export interface Head {
  room_session_id: string;
  /** Unix time in ms. */
  room_create_time: number;
}

/** What one event tells of a room. */
export function factsOf(event: RoomEvent): RoomFacts {
  const { room_session_id } = event;
  return event.event === 'room_create'
    ? { head: { room_session_id, room_create_time: event.room_create_time }, closed: new Map() }
    : { head: null, closed: new Map([[room_session_id, event.room_close_time]]) };
}

export function isSameRoom(a: Room, b: Room): boolean {
  return a.appid === b.appid && a.room_id === b.room_id;
}

/** What the rules need of a session and what the list reads: the index `siblings` holds all of it. */
export interface Standing extends SessionKey, Room {
  /** Like `appid` and `room_id`, these come from the create, and while none is known from the close. */
  room_session_id: string | null;
  create_time_ms: number | null;
  /** `stream_seq` of each register, null while it is empty. */
  create_seq: number | null;
  close_seq: number | null;
  /** When the create was stored, on our clock, in ms. */
  stored_ms: number | null;
  /** The view: whether the session is on the live list. */
  listed: boolean;
  /** Grows with every write; 0: no item yet. */
  version: number;
  /** When the session is forgotten, on our clock, in s; null: not stored yet. */
  expires_at: number | null;
}

/**
 * One publishing of a stream: two registers of facts, each "last writer wins" by `stream_seq` and replaced whole, and
 * the view. Merging facts is commutative, associative and idempotent, so order and repetition cannot matter: ZEGO tells
 * one thing for each `stream_sid`, `stream_seq` and event.
 */
export interface Session extends Standing {
  create: CreateFact | null;
  close: CloseFact | null;
}

/** A session of which nothing is known. `version` is that of an item past its time, if one is still there. */
export function blankSession(key: SessionKey, version = 0): Session {
  return {
    stream_id: key.stream_id,
    stream_sid: key.stream_sid,
    appid: '',
    room_id: '',
    room_session_id: null,
    create_time_ms: null,
    create_seq: null,
    close_seq: null,
    stored_ms: null,
    listed: false,
    version,
    expires_at: null,
    create: null,
    close: null,
  };
}

/** What an event puts into its register. */
export function factOf(event: StreamCreate): CreateFact;
export function factOf(event: StreamClose): CloseFact;
export function factOf(event: StreamEvent): CreateFact | CloseFact {
  const { event: _, stream_id, stream_sid, stream_seq, appid, room_id, room_session_id, ...told } = event;
  return told;
}

/**
 * Merges the fact that an event tells into a session.
 * @param nowMs our clock
 * @returns the same object when what it holds of this kind is as new or newer
 */
export function merge(session: Session, event: StreamEvent, nowMs: number): Session {
  const { stream_seq, appid, room_id, room_session_id, create_time_ms } = event;
  const top = { appid, room_id, room_session_id, create_time_ms };
  if (event.event === 'stream_create') {
    if (session.create_seq !== null && session.create_seq >= stream_seq) return session;
    return { ...session, ...top, create_seq: stream_seq, stored_ms: nowMs, create: factOf(event) };
  }
  if (session.close_seq !== null && session.close_seq > stream_seq) return session;
  // A retry may come with another `timestamp`, which is its end where ZEGO tells no other: the earliest counts.
  if (session.close_seq === stream_seq && (session.close?.end_time_ms ?? 0) <= event.end_time_ms) return session;
  const close = { close_seq: stream_seq, close: factOf(event) };
  return session.create === null ? { ...session, ...top, ...close } : { ...session, ...close };
}

/** Rule 5. */
export interface Lifetimes {
  /** How long after its last create was stored a session still counts as live. */
  maxLiveMs: number;
  /** How long an ended session is kept. */
  retentionMs: number;
}

/**
 * Rule 5, when read: a session whose last create was stored longer ago than this is a ghost, its close lost.
 * @returns the moment on our clock, in ms, null while no create is known
 */
export function expiredAtMs(session: Standing, { maxLiveMs }: Pick<Lifetimes, 'maxLiveMs'>): number | null {
  return session.stored_ms === null ? null : session.stored_ms + maxLiveMs;
}

/**
 * Puts a session on the list or takes it off.
 * @param before the session as it is stored
 * @param merged the same with the event's fact
 * @param live what the rules say of it
 * @returns `before` when nothing differs
 */
export function withView<S extends Standing>(
  before: S,
  merged: S,
  live: boolean,
  { nowMs, maxLiveMs, retentionMs }: Lifetimes & { nowMs: number },
): S {
  if (merged === before && live === before.listed) return before;
  if (live) {
    const expires_at = toSeconds((merged.stored_ms ?? nowMs) + maxLiveMs + retentionMs);
    return { ...merged, listed: true, expires_at };
  }
  // Retention counts from the moment at which the session was stored as ended, not from a create that came later.
  const ends = before.listed || merged.close_seq !== before.close_seq || before.expires_at === null;
  return { ...merged, listed: false, expires_at: ends ? toSeconds(nowMs + retentionMs) : before.expires_at };
}

/** `expires_at` counts seconds, as DynamoDB's TTL demands. */
export function toSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
