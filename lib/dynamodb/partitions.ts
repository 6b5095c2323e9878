import type { LiveEntry, LiveQuery, Order } from '../streams/store.ts';
import type { Engine } from './engine.ts';
import { type Item, toLiveEntry } from './items.ts';
import { FILTERED_PAGE, liveQuery, type Partition, type PartitionQuery } from './requests.ts';

/**
 * The first `count` entries of the list after a position: of one room, or of all partitions of the live index together;
 * fewer only when there are no more. Each partition is asked for its share and some more, as a page of 50 out of 16
 * would else read 800; one that turns out to hold more of what comes first is asked again.
 */
export async function readPartitions(
  engine: Engine,
  query: LiveQuery,
  count: number,
  liveShards: number,
): Promise<LiveEntry[]> {
  const { room_id, ...rest } = query;
  const partitions: Partition[] =
    room_id === undefined
      ? Array.from({ length: liveShards }, (_, value) => ({ index: 'live', value }))
      : [{ index: 'room', value: room_id }];
  const runs = partitions.map((partition) => ({ partition, entries: [] as LiveEntry[], ended: false }));
  let limit = partitions.length === 1 ? count : Math.min(count, Math.ceil((count * 1.5) / partitions.length) + 8);
  for (let asked = runs; ; limit = count) {
    await Promise.all(
      asked.map(async (run) => {
        const after = run.entries.at(-1)?.position ?? query.after;
        const more = await readPartition(engine, { ...rest, partition: run.partition, after }, limit);
        run.entries.push(...more);
        run.ended = more.length < limit;
      }),
    );
    const first = inOrder(
      runs.flatMap(({ entries }) => entries),
      query.order,
    ).slice(0, count);
    // What a partition has not told yet comes after its last entry: it matters if that one is not the end.
    const before = new Set(first.slice(0, count - 1).map(({ position }) => position));
    asked = runs.filter(({ ended, entries }) => !ended && before.has(entries.at(-1)?.position ?? ''));
    if (asked.length === 0) return first;
  }
}

/** The first `limit` entries at least of one partition; fewer only when it has no more. */
async function readPartition(engine: Engine, query: PartitionQuery, limit: number): Promise<LiveEntry[]> {
  const found: Item[] = [];
  let { after } = query;
  for (let pageLimit = limit; ; pageLimit = FILTERED_PAGE) {
    const { items, last } = await engine.query(liveQuery({ ...query, after }, pageLimit));
    found.push(...items);
    if (last === undefined || found.length >= limit) return found.map(toLiveEntry);
    after = toLiveEntry(last).position;
  }
}

/**
 * Each once: a session that ended and came back in another shard may for a moment be in two.
 * DynamoDB sorts strings as UTF-8 bytes, JavaScript as UTF-16: they differ beyond U+D7FF.
 */
function inOrder(entries: LiveEntry[], order: Order): LiveEntry[] {
  const sign = order === 'newest' ? -1 : 1;
  return entries
    .map((entry) => ({ entry, bytes: Buffer.from(entry.position) }))
    .sort((a, b) => sign * Buffer.compare(a.bytes, b.bytes))
    .map(({ entry }) => entry)
    .filter(({ position }, i, sorted) => position !== sorted[i - 1]?.position);
}
