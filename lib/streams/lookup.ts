import type { Session, SessionKey, Standing } from './session.ts';
import { isLive, isOf, type Page, type Reading, type ReadOptions, read } from './view.ts';

export interface StreamQuery {
  kind: 'stream';
  stream_id: string;
  stream_sid: string | undefined;
  appid: string | undefined;
}

/** Of so many sessions that began at the same moment the one that ended last is looked for. */
const CANDIDATES = 100;

/**
 * One stream: its newest live session, else its newest ended one; or the session with that `stream_sid`.
 * @returns undefined when nothing is known of it (any more)
 * @throws Problem `store-unavailable`
 */
export async function readStream(query: StreamQuery, options: ReadOptions): Promise<Reading | undefined> {
  const { stream_id, stream_sid, appid } = query;
  if (stream_sid !== undefined) {
    const [session] = await options.store.sessions([{ stream_id, stream_sid }]);
    return session === undefined || !isOf(appid, session) ? undefined : read(session, options);
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

/** Those with the largest `create_time_ms`, newest first. */
function newest(standings: readonly Standing[]): SessionKey[] {
  const latest = Math.max(...standings.map((standing) => standing.create_time_ms ?? 0));
  return standings
    .filter((standing) => (standing.create_time_ms ?? 0) === latest)
    .sort(byNewest)
    .slice(0, CANDIDATES);
}

export interface StreamsQuery {
  kind: 'streams';
  /** No id twice. */
  stream_ids: readonly string[];
  appid: string | undefined;
}

/**
 * What is live of some streams, in the order in which they were asked for; of one stream the newest first. A Query for
 * each stream, side by side, and a BatchGetItem for each hundred live sessions.
 * @throws Problem `store-unavailable`
 */
export async function readStreams({ stream_ids, appid }: StreamsQuery, options: ReadOptions): Promise<Page> {
  const live = new Map<string, Session[]>();
  let left = stream_ids;
  while (left.length > 0) {
    const standings = await Promise.all(left.map((stream_id) => options.store.standings(stream_id, appid)));
    const found = standings.flat().filter((standing) => isLive(standing, options));
    for (const stream_id of left) live.set(stream_id, []);
    const ended = new Set<string>();
    const sessions = await options.store.sessions(found);
    for (const [i, { stream_id }] of found.entries()) {
      const session = sessions[i];
      if (session === undefined || !isLive(session, options) || !isOf(appid, session)) ended.add(stream_id);
      else live.get(stream_id)?.push(session);
    }
    // Of a stream with one that has ended since it was found, another one may have become live: look again.
    left = [...ended];
  }
  const sessions = stream_ids.flatMap((stream_id) => live.get(stream_id)?.sort(byNewest) ?? []);
  return { readings: sessions.map((session) => ({ session, ending: null })), next_cursor: null };
}

/** The list's order: `create_time_ms`, then the bytes of `stream_sid`. */
function byNewest(a: Standing, b: Standing): number {
  const later = (b.create_time_ms ?? 0) - (a.create_time_ms ?? 0);
  return later || Buffer.compare(Buffer.from(b.stream_sid), Buffer.from(a.stream_sid));
}
