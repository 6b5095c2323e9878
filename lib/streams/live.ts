import type { Order } from './commands.ts';
import { type CursorQuery, decodeCursor, encodeCursor } from './cursor.ts';
import { isToldLive, judge } from './rules.ts';
import { expiredAtMs, type Lifetimes, type Session, type SessionKey, type Standing } from './session.ts';
import type { LiveEntry, Store } from './store.ts';
import { liveKey } from './table.ts';

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

export interface ReadOptions extends Pick<Lifetimes, 'maxLiveMs'> {
  store: Store;
  /** Our clock in ms. */
  nowMs: number;
}

export interface PageQuery extends CursorQuery {
  limit: number;
  cursor: string | undefined;
}

export interface Page {
  readings: Reading[];
  next_cursor: string | null;
}

/** As many as one BatchGetItem takes. */
const READ_AHEAD = 100;

/**
 * One page of the live list. The index tells keys in order and may be a write behind; the items, read consistently,
 * tell what is still live there. So an ended session is gone with the next answer, and a page is short only when it
 * is the last.
 * @param liveShards partitions of the live index
 * @throws Problem `invalid-cursor` or `store-unavailable`
 */
export async function readPage(query: PageQuery, options: ReadOptions & { liveShards: number }): Promise<Page> {
  const { order, room_id, appid, limit, cursor } = query;
  const partitions =
    room_id === undefined
      ? Array.from({ length: options.liveShards }, (_, live_shard) => ({ live_shard }))
      : [{ live_room: room_id }];

  const part = { order, appid, storedSinceMs: options.nowMs - options.maxLiveMs };
  let after = cursor === undefined ? undefined : decodeCursor(cursor, query);
  const readings: Reading[] = [];
  // A page is filled in one go unless much of it has ended since the index was written: then read ahead.
  for (let size = limit; ; size = READ_AHEAD) {
    // One more than is looked at tells whether the list goes on.
    const lists = await Promise.all(
      partitions.map((partition) => options.store.liveEntries({ ...part, partition, after }, size + 1)),
    );
    const entries = inOrder(lists.flat(), order).slice(0, size + 1);
    const sessions = await options.store.sessions(entries.slice(0, size));
    for (const [i, session] of sessions.entries()) {
      after = entries[i]?.live_key;
      // A recreate may have moved it in time or into another room: then it stands elsewhere.
      if (session && isAt(session, after, query) && isLive(session, options)) readings.push({ session, ending: null });
      if (readings.length === limit) {
        const last = i + 1 === entries.length;
        return { readings, next_cursor: last || after === undefined ? null : encodeCursor(after, query) };
      }
    }
    if (entries.length <= size) return { readings, next_cursor: null };
  }
}

function isAt(session: Session, position: string | undefined, { room_id, appid }: PageQuery): boolean {
  const inRoom = (room_id ?? session.room_id) === session.room_id;
  return liveKey(session) === position && inRoom && (appid ?? session.appid) === session.appid;
}

/**
 * Each once: a session that ended and came back in another shard may for a moment be in two.
 * DynamoDB sorts strings as UTF-8 bytes, JavaScript as UTF-16: they differ beyond U+D7FF.
 */
function inOrder(entries: LiveEntry[], order: Order): LiveEntry[] {
  const sign = order === 'newest' ? -1 : 1;
  return entries
    .map((entry) => ({ entry, bytes: Buffer.from(entry.live_key) }))
    .sort((a, b) => sign * Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry)
    .filter(({ live_key }, i, sorted) => live_key !== sorted[i - 1]?.live_key);
}

export interface StreamQuery {
  stream_id: string;
  stream_sid: string | undefined;
  appid: string | undefined;
}

/**
 * One stream: its newest live session, else its newest ended one; or the session with that `stream_sid`.
 * @returns undefined when nothing is known of it (any more)
 * @throws Problem `store-unavailable`
 */
export async function readStream(query: StreamQuery, options: ReadOptions): Promise<Reading | undefined> {
  const { stream_id, stream_sid, appid } = query;
  if (stream_sid !== undefined) {
    const [session] = await options.store.sessions([{ stream_id, stream_sid }]);
    return session === undefined || (appid ?? session.appid) !== session.appid ? undefined : read(session, options);
  }
  for (;;) {
    const standings = await options.store.standings(stream_id, appid);
    const live = standings.filter((standing) => isLive(standing, options));
    const candidates = newest(live.length > 0 ? live : standings);
    const sessions = (await options.store.sessions(candidates)).filter((session) => session !== undefined);
    const readings = await Promise.all(sessions.map((session) => read(session, options)));
    const [reading] = readings.sort((a, b) => (b.ending?.end_time_ms ?? 0) - (a.ending?.end_time_ms ?? 0));
    // One that has ended or gone since it was found may leave another one live: look again.
    if (reading === undefined ? candidates.length === 0 : reading.ending === null || live.length === 0) return reading;
  }
}

/** Those with the largest `create_time_ms`, as far as one BatchGetItem reaches; in the list's order. */
function newest(standings: readonly Standing[]): SessionKey[] {
  const latest = Math.max(...standings.map((standing) => standing.create_time_ms ?? 0));
  return standings
    .filter((standing) => (standing.create_time_ms ?? 0) === latest)
    .sort((a, b) => Buffer.compare(Buffer.from(b.stream_sid), Buffer.from(a.stream_sid)))
    .slice(0, READ_AHEAD);
}

/** The view, as callbacks have left it, unless the session has expired. */
function isLive(standing: Standing, options: ReadOptions): boolean {
  return standing.live_shard !== null && !isExpired(standing, options);
}

/** Rule 5, on our clock: computed when read, never written. */
function isExpired(standing: Standing, options: ReadOptions): boolean {
  const expiredAt = expiredAtMs(standing, options);
  return expiredAt !== null && options.nowMs > expiredAt;
}

async function read(session: Session, options: ReadOptions): Promise<Reading> {
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
