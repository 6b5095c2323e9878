import { type CursorQuery, decodeCursor, encodeCursor } from './cursor.ts';
import type { Session } from './session.ts';
import type { LiveEntry } from './store.ts';
import { isLive, isOf, type Page, type Reading, type ReadOptions } from './view.ts';

export interface PageQuery extends CursorQuery {
  kind: 'page';
  limit: number;
  cursor: string | undefined;
}

/** How many entries are looked at once a page has turned out to need more than it has. */
const READ_AHEAD = 100;

/**
 * One page of the live list. The index tells keys in order and may be a write behind; the items, read consistently,
 * tell what is still live there. So an ended session is gone with the next answer, and a page is short only when it
 * is the last.
 * @throws Problem `invalid-cursor` or `store-unavailable`
 */
export async function readPage(query: PageQuery, options: ReadOptions): Promise<Page> {
  const { order, room_id, appid, limit, cursor } = query;
  const part = { order, room_id, appid, storedSinceMs: options.nowMs - options.maxLiveMs };
  let after = cursor === undefined ? undefined : decodeCursor(cursor, query);
  const readings: Reading[] = [];
  // A page is filled in one go unless much of it has ended since the index was written: then read ahead.
  for (let size = limit; ; size = READ_AHEAD) {
    // One more than is looked at tells whether the list goes on.
    const entries = await options.store.liveEntries({ ...part, after }, size + 1);
    const sessions = await options.store.sessions(entries.slice(0, size));
    for (const [i, entry] of entries.slice(0, size).entries()) {
      const session = sessions[i];
      after = entry.position;
      // A recreate may have moved it in time or into another room: then it stands elsewhere.
      if (session && isAt(session, entry, query) && isLive(session, options)) readings.push({ session, ending: null });
      if (readings.length === limit) {
        const last = i + 1 === entries.length;
        return { readings, next_cursor: last ? null : encodeCursor(after, query) };
      }
    }
    if (entries.length <= size) return { readings, next_cursor: null };
  }
}

function isAt(session: Session, entry: LiveEntry, { room_id, appid }: PageQuery): boolean {
  const inRoom = (room_id ?? session.room_id) === session.room_id;
  return (session.create_time_ms ?? 0) === (entry.create_time_ms ?? 0) && inRoom && isOf(appid, session);
}
