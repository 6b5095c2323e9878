import type { RoomEvent, StreamClose, StreamEvent } from '../zego/event.ts';
import type { Room, RoomFacts, Session, SessionKey, Standing } from './session.ts';

/**
 * Where sessions and rooms are kept, as the rules and the list see it. `lib/dynamodb` implements it.
 *
 * Calls throw nothing but a Problem: `store-unavailable` when the store does not answer, `internal-error` when it
 * refuses a request for good, `invalid-field` where `checkIds` would. What is past its `expires_at` counts as absent, whether it was deleted or not. Reads are
 * consistent, but for `liveEntries`.
 */
export interface Store {
  /**
   * @throws Problem `invalid-field` when the store could not hold the event's session, whatever is stored of it: so an
   * event is accepted or refused in every order
   */
  checkIds(event: StreamEvent): void;
  /**
   * Ends a session with a close, if its create is stored, is not newer, and no close as new is stored.
   * @param expires_at when the session is forgotten, on our clock, in s
   * @returns whether it did; if not, nothing was written
   */
  close(event: StreamClose, expires_at: number): Promise<boolean>;
  /**
   * Saves a session whole, if nobody has written it since it was read.
   * @param before the session as it was read
   * @returns whether it did
   */
  save(session: Session, before: Session): Promise<boolean>;
  /** The same for `listed` and `expires_at` alone: the registers of a sibling were not read. */
  saveListing(standing: Standing): Promise<boolean>;
  /**
   * Saves that a room was opened or closed.
   * @param expires_at when the fact is forgotten, on our clock, in s
   * @returns whether it was news
   */
  saveRoomFact(event: RoomEvent, expires_at: number): Promise<boolean>;

  /** What is known of a room: its head, and which of these room sessions are closed. No id twice. */
  roomFacts(room: Room, room_session_ids: Iterable<string>): Promise<RoomFacts>;
  /** The same and one session, in one request; the session is blank when nothing is known of it any more. */
  sessionAndRoomFacts(
    key: SessionKey,
    room: Room,
    room_session_ids: Iterable<string>,
  ): Promise<{ session: Session; facts: RoomFacts }>;
  /** Sessions in the order of their keys; undefined where nothing is known (any more). */
  sessions(keys: readonly SessionKey[]): Promise<(Session | undefined)[]>;
  /**
   * The newest sessions of a stream in a room, which the rules look at: all that share the newest `create_time_ms`, and
   * the others among the newest `SIBLINGS`, of which those that are past their time are left out.
   */
  siblings(stream_id: string, room: Room): Promise<Standing[]>;
  /** A session and those of its stream in its room that began with it or later, up to the next newer one at least. */
  newerSiblings(standing: Standing): Promise<Standing[]>;
  /** The newest 100 sessions at least of a stream in every room, of one app or of all. */
  standings(stream_id: string, appid: string | undefined): Promise<Standing[]>;
  /** The next `count` entries of the live list; fewer only when it has no more. May be some writes behind. */
  liveEntries(query: LiveQuery, count: number): Promise<LiveEntry[]>;
}

/** How many siblings the rules see, so that the cost of a callback has a bound however often an encoder restarts. */
export const SIBLINGS = 25;

/** What comes first, by `create_time_ms`. */
export type Order = 'newest' | 'oldest';

/** A part of the live list. */
export interface LiveQuery {
  order: Order;
  /** undefined: every room. */
  room_id: string | undefined;
  /** undefined: every app. */
  appid: string | undefined;
  /** Only sessions whose create was stored at this moment or later, on our clock, in ms: older ones have expired. */
  storedSinceMs: number;
  /** Only what comes after this position in this order. */
  after: string | undefined;
}

/** A session as the live list has it. */
export interface LiveEntry extends SessionKey {
  create_time_ms: number | null;
  /** Only in entries of one room, where the session has one. */
  room_session_id: string | null;
  /**
   * Where it stands in the list, which is ordered by `create_time_ms`, `stream_id` and `stream_sid`. Opaque, at most
   * `MAX_SORT_KEY_BYTES` long, and one for each entry.
   */
  position: string;
}
