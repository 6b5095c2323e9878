import { isToldLive, judge } from './rules.ts';
import { expiredAtMs, type Lifetimes, type Session, type Standing } from './session.ts';
import type { Store } from './store.ts';

/** A session as a reader sees it now. */
export interface Reading {
  session: Session;
  /** null: live. */
  ending: Ending | null;
}

/** Both are null where the view says ended and no fact says why any more. */
export interface Ending {
  end_reason: string | null;
  end_time_ms: number | null;
}

export interface Page {
  readings: Reading[];
  /** null: the list ends here. */
  next_cursor: string | null;
}

export interface ReadOptions extends Pick<Lifetimes, 'maxLiveMs'> {
  store: Store;
  /** Our clock in ms. */
  nowMs: number;
}

/** @param appid undefined: of any app */
export function isOf(appid: string | undefined, session: Session): boolean {
  return (appid ?? session.appid) === session.appid;
}

/** The view, as callbacks have left it, unless the session has expired. */
export function isLive(standing: Standing, options: ReadOptions): boolean {
  return standing.listed && !isExpired(standing, options);
}

/** Rule 5, on our clock: computed when read, never written. */
function isExpired(standing: Standing, options: ReadOptions): boolean {
  const expiredAt = expiredAtMs(standing, options);
  return expiredAt !== null && options.nowMs > expiredAt;
}

export async function read(session: Session, options: ReadOptions): Promise<Reading> {
  return { session, ending: isLive(session, options) ? null : await endingOf(session, options) };
}

/** Reason and time of an ending stand nowhere, as stored ones would depend on the order in which callbacks came. */
async function endingOf(session: Session, options: ReadOptions): Promise<Ending> {
  const { room_session_id, close } = session;
  if (!isToldLive(session)) return { end_reason: close?.end_reason ?? null, end_time_ms: close?.end_time_ms ?? null };
  const [facts, newer] = await Promise.all([
    options.store.roomFacts(session, room_session_id === null ? [] : [room_session_id]),
    options.store.newerSiblings(session),
  ]);
  const [verdict] = judge([session, ...newer], facts);
  if (typeof verdict === 'object') return verdict;
  return isExpired(session, options)
    ? { end_reason: 'expired', end_time_ms: expiredAtMs(session, options) }
    : { end_reason: null, end_time_ms: null };
}
