import type { Order } from './commands.ts';
import { type CursorQuery, decodeCursor, encodeCursor } from './cursor.ts';
import { isLive, type Page, type Reading, type ReadOptions } from './reading.ts';
import type { Session } from './session.ts';
import type { LiveEntry } from './store.ts';
import { liveKey } from './table.ts';

export interface PageQuery extends CursorQuery {
  limit: number;
  cursor: string | undefined;
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
