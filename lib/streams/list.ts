import { BATCH, type LivePart, type Order } from './commands.ts';
import { type CursorQuery, decodeCursor, encodeCursor } from './cursor.ts';
import type { Session } from './session.ts';
import type { LiveEntry, Store } from './store.ts';
import { liveKey } from './table.ts';
import { isLive, isOf, type Page, type Reading, type ReadOptions } from './view.ts';

export interface PageQuery extends CursorQuery {
  limit: number;
  cursor: string | undefined;
}

type Partition = LivePart['partition'];

/**
 * One page of the live list. The index tells keys in order and may be a write behind; the items, read consistently,
 * tell what is still live there. So an ended session is gone with the next answer, and a page is short only when it
 * is the last.
 * @param liveShards partitions of the live index
 * @throws Problem `invalid-cursor` or `store-unavailable`
 */
export async function readPage(query: PageQuery, options: ReadOptions & { liveShards: number }): Promise<Page> {
  const { order, room_id, appid, limit, cursor } = query;
  const partitions: Partition[] =
    room_id === undefined
      ? Array.from({ length: options.liveShards }, (_, live_shard) => ({ live_shard }))
      : [{ live_room: room_id }];

  const part = { order, appid, storedSinceMs: options.nowMs - options.maxLiveMs };
  let after = cursor === undefined ? undefined : decodeCursor(cursor, query);
  const readings: Reading[] = [];
  // A page is filled in one go unless much of it has ended since the index was written: then read ahead.
  for (let size = limit; ; size = BATCH) {
    // One more than is looked at tells whether the list goes on.
    const entries = await nextEntries(options.store, partitions, { ...part, after }, size + 1);
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
  return liveKey(session) === position && inRoom && isOf(appid, session);
}

/**
 * The first `count` entries of all partitions together; fewer only when they have no more. Each partition is asked for
 * its share and some more, as a page of 50 out of 16 would else read 800; one that turns out to hold more of what comes
 * first is asked again.
 */
async function nextEntries(
  store: Store,
  partitions: readonly Partition[],
  part: Omit<LivePart, 'partition'>,
  count: number,
): Promise<LiveEntry[]> {
  const runs = partitions.map((partition) => ({ partition, entries: [] as LiveEntry[], ended: false }));
  let limit = partitions.length === 1 ? count : Math.min(count, Math.ceil((count * 1.5) / partitions.length) + 8);
  for (let asked = runs; ; limit = count) {
    await Promise.all(
      asked.map(async (run) => {
        const { partition, entries } = run;
        const more = await store.liveEntries(
          { ...part, partition, after: entries.at(-1)?.live_key ?? part.after },
          limit,
        );
        entries.push(...more);
        run.ended = more.length < limit;
      }),
    );
    const first = inOrder(
      runs.flatMap(({ entries }) => entries),
      part.order,
    ).slice(0, count);
    // What a partition has not told yet comes after its last entry: it matters if that one is not the end.
    const before = new Set(first.slice(0, count - 1).map(({ live_key }) => live_key));
    asked = runs.filter(({ ended, entries }) => !ended && before.has(entries.at(-1)?.live_key ?? ''));
    if (asked.length === 0) return first;
  }
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
