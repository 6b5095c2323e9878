import type { StreamClose, StreamCreate } from '../zego/event.ts';
import { closeUpdate, sessionUpdate, viewUpdate } from './commands.ts';
import { judge } from './rules.ts';
import { type Lifetimes, merge, type Room, type Session, type Standing, withView } from './session.ts';
import type { Store } from './store.ts';
import { checkKeys, shardOf } from './table.ts';

export interface ApplyOptions extends Lifetimes {
  store: Store;
  /** Our clock in ms. */
  nowMs: number;
  /** Partitions of the live index. */
  liveShards: number;
}

/**
 * Applies one callback: merges the fact that it tells, and makes what is stored agree with the rules.
 *
 *     close of a known session   one write, no read
 *     everything else, until nothing differs:
 *       read    the own session, and its siblings: the sessions of its stream in its room
 *       decide  merge, and ask the rules about all of them
 *       write   the own session first, then siblings, each only if it is still as it was read
 *
 * Reading after a write is what makes two callbacks of one stream safe beside each other. The loop runs also when the
 * callback changes nothing: so ZEGO's retry completes what a crash cut short. An echo of any write (the SDK's own
 * retry, or one that lands after its time-out) meets a condition that no longer holds.
 * @returns `unchanged`: a repeat, or what is stored of its kind is newer
 * @throws Problem `invalid-field` before anything is written, or `store-unavailable`: then some of the writes may have
 * been made, and the retry makes the others
 */
export async function apply(
  event: StreamCreate | StreamClose,
  { store, nowMs, liveShards, ...lifetimes }: ApplyOptions,
): Promise<'applied' | 'unchanged'> {
  checkKeys(event);
  if (event.event === 'stream_close' && (await store.write(closeUpdate(event, nowMs, lifetimes.retentionMs)))) {
    return 'applied';
  }

  const view = <S extends Standing>(before: S, merged: S, live: boolean) =>
    withView(before, merged, live, { nowMs, shard: () => shardOf(before.stream_sid, liveShards), ...lifetimes });

  let result: 'applied' | 'unchanged' = 'unchanged';
  let room: Room = event;
  let own: Session | undefined;
  for (;;) {
    const [before, siblings]: [Session, Standing[]] = await Promise.all([
      own ?? store.session(event),
      store.siblings(event.stream_id, room),
    ]);
    const merged = merge(before, event, nowMs);
    if (merged.appid !== room.appid || merged.room_id !== room.room_id) {
      // The create puts the session into another room than this event tells: the siblings are there.
      [own, room] = [before, merged];
      continue;
    }
    const row = siblings.find((sibling) => sibling.stream_sid === event.stream_sid);
    if (row !== undefined && row.version !== before.version) {
      own = undefined;
      continue;
    }
    const others = siblings.filter((sibling) => sibling !== row);
    const [verdict, ...verdicts] = judge([merged, ...others]);

    const after = view(before, merged, verdict === 'live');
    const changed = others.flatMap((sibling, i) => {
      const viewed = view(sibling, sibling, verdicts[i] === 'live');
      return viewed === sibling ? [] : [viewed];
    });
    if (after === before && changed.length === 0) return result;

    own = after;
    if (after !== before) {
      if (!(await store.write(sessionUpdate(after)))) {
        own = undefined;
        continue;
      }
      own = { ...after, version: after.version + 1 };
      if (merged !== before) result = 'applied';
    }
    for (const sibling of changed) {
      if (!(await store.write(viewUpdate(sibling)))) break;
    }
  }
}
