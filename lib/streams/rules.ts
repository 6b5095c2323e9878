import type { RoomFacts, Standing } from './session.ts';

/** `told`: a close said so. */
export type Verdict = 'live' | 'told' | Inferred;

/** An ending that no close told. */
export interface Inferred {
  end_reason: 'superseded' | 'room_closed';
  end_time_ms: number;
}

/** ZEGO's clocks may differ: a session that began this shortly before its room was opened again belongs to it. */
const ROOM_OPENS_WITHIN_MS = 2000;

/**
 * The rules of the live list: the sessions of one stream in one room, and what is known of the room → who is live, who
 * ended and why. A function of facts alone: the view that is stored is never evidence, so a wrong one is put right by
 * the next callback, and an inferred ending is taken back by itself when a new fact says otherwise.
 * @returns one verdict for each session, in the same order
 */
export function judge(sessions: readonly Standing[], room: RoomFacts): Verdict[] {
  return sessions.map((session) => {
    if (!isToldLive(session)) return 'told';
    const endings = [...supersededBy(session, sessions), ...closedWith(session, room)];
    // The sort is stable: at equal times the one that comes first, superseded, counts.
    return endings.sort((a, b) => a.end_time_ms - b.end_time_ms)[0] ?? 'live';
  });
}

/**
 * Told to be live while the create's `stream_seq` is larger than the close's. Neither times nor room sessions decide:
 * ZEGO's own sample close names another room session than its sample create and a seq 699 higher.
 */
export function isToldLive({ create_seq, close_seq }: Standing): boolean {
  return create_seq !== null && create_seq > (close_seq ?? -1);
}

/** An app that was killed and started again leaves its old session live at ZEGO for 90 to 100 s. */
function supersededBy(session: Standing, sessions: readonly Standing[]): Inferred[] {
  return sessions
    .filter((other) => other.stream_sid !== session.stream_sid && isNewer(other, session))
    .map((other) => ({ end_reason: 'superseded', end_time_ms: other.create_time_ms ?? 0 }));
}

/** `stream_seq` starts over with the room's next session: only within one can it tell which of two is newer. */
function isNewer(other: Standing, session: Standing): boolean {
  const [theirs, ours] = [other.create_time_ms ?? 0, session.create_time_ms ?? 0];
  if (theirs !== ours) return theirs > ours;
  return other.room_session_id === session.room_session_id && (other.create_seq ?? -1) > (session.create_seq ?? -1);
}

/** Its room session was closed, or the room was opened anew and the `room_close` is lost. */
export function closedWith(
  { room_session_id, create_time_ms }: Pick<Standing, 'room_session_id' | 'create_time_ms'>,
  { head, closed }: RoomFacts,
): Inferred[] {
  if (room_session_id === null) return [];
  const times: number[] = [];
  const closeTime = closed.get(room_session_id);
  if (closeTime !== undefined) times.push(closeTime);
  if (head !== null && head.room_session_id !== room_session_id) {
    const opened = head.room_create_time;
    if ((create_time_ms ?? 0) < opened - ROOM_OPENS_WITHIN_MS) times.push(opened);
  }
  return times.map((end_time_ms) => ({ end_reason: 'room_closed', end_time_ms }));
}
