import type { RoomEvent, StreamEvent } from '../zego/event.ts';
import { closedWith, isToldLive, judge, type Verdict } from './rules.ts';
import {
  factsOf,
  isSameRoom,
  type Lifetimes,
  merge,
  type Room,
  type RoomFacts,
  type Session,
  type Standing,
  toSeconds,
  withView,
} from './session.ts';
import { SIBLINGS, type Store } from './store.ts';

export interface ApplyOptions extends Lifetimes {
  store: Store;
  /** Our clock in ms. */
  nowMs: number;
  /** Somebody else wrote in between: what was read is read again. */
  onConflict?: () => void;
}

/** `unchanged`: a repeat, or what is stored of its kind is newer. */
export type Result = 'applied' | 'unchanged';

/**
 * Applies one callback.
 * @throws Problem `invalid-field` before anything is written, or `store-unavailable`: then some of the writes may have
 * been made, and ZEGO's retry makes the others
 */
export function apply(event: StreamEvent | RoomEvent, options: ApplyOptions): Promise<Result> {
  switch (event.event) {
    case 'stream_create':
    case 'stream_close':
      return applyStream(event, options);
    default:
      return applyRoom(event, options);
  }
}

/**
 * Applies the callback of a stream: merges the fact that it tells, and makes what is stored agree with the rules.
 *
 *     close of a known session   one write, no read
 *     everything else, until nothing differs:
 *       read    the own session, the facts of its room, and its siblings: the sessions of its stream in its room
 *       decide  merge, and ask the rules about all of them
 *       write   the own session first, then siblings, each only if it is still as it was read
 *
 * Reading before a write keeps the late create of a superseded session, or one of a closed room, from being seen as
 * live. Reading after it makes two callbacks of one stream safe beside each other. The loop runs also when the callback
 * changes nothing: so ZEGO's retry completes what a crash cut short. An echo of any write (the SDK's own retry, or one
 * that lands after its time-out) meets a condition that no longer holds.
 */
async function applyStream(event: StreamEvent, options: ApplyOptions): Promise<Result> {
  const { store, nowMs, retentionMs } = options;
  const { stream_id, stream_sid } = event;
  store.checkIds(event);
  if (event.event === 'stream_close' && (await store.close(event, toSeconds(nowMs + retentionMs)))) return 'applied';

  let result: Result = 'unchanged';
  let room: Room = event;
  let left: Room | undefined;
  let own: Session | undefined;
  const asked = new Set<string>();
  ask(asked, event);
  for (;;) {
    const [{ facts, session: before }, siblings] = await Promise.all([
      own === undefined ? store.sessionAndRoomFacts(event, room, asked) : withFacts(own, store.roomFacts(room, asked)),
      store.siblings(stream_id, room),
    ]);
    const merged = merge(before, event, nowMs);
    if (!isSameRoom(merged, room)) {
      // A newer create tells another room than this event: the siblings are there.
      [own, left, room] = [before, room, merged];
      continue;
    }
    if (isToldLive(merged) && ask(asked, merged)) {
      // It tells another session of the room.
      own = before;
      continue;
    }
    const row = siblings.find((sibling) => sibling.stream_sid === stream_sid);
    if (row === undefined ? own !== undefined && siblings.length < SIBLINGS : row.version !== before.version) {
      // It has changed between the two reads, or has been moved since it was written here.
      options.onConflict?.();
      own = undefined;
      continue;
    }
    const others = siblings.filter((sibling) => sibling !== row);
    const [verdict, ...verdicts] = judge([merged, ...others], facts);
    const after = withView(before, merged, verdict === 'live', options);
    const { changed, unread } = review(others, verdicts, asked, options);
    if (after === before && changed.length === 0 && unread.length === 0) break;

    own = after;
    if (after !== before) {
      if (before.appid !== '' && !isSameRoom(before, merged)) {
        // Whom it superseded in the room that it leaves is live again: before, so that a crash here is made good by the
        // retry, and once more in the end, for what others have written meanwhile.
        left = before;
        await settle(stream_id, left, options, { without: stream_sid });
      }
      if (!(await store.save(after, before))) {
        options.onConflict?.();
        own = undefined;
        continue;
      }
      own = { ...after, version: after.version + 1 };
      if (merged !== before) result = 'applied';
    }
    await saveListings(changed, options);
    for (const sibling of unread) ask(asked, sibling);
  }
  if (left !== undefined) await settle(stream_id, left, options);
  return result;
}

async function withFacts(session: Session, facts: Promise<RoomFacts>) {
  return { session, facts: await facts };
}

/** `room_close` of a room with hundreds of streams has to end in time. */
const STREAMS_AT_ONCE = 16;
const LIVE_PAGE = 1000;

/**
 * Applies the callback of a room: stores the fact that it tells, then ends what it ends.
 *
 * The fact comes first: a create that comes after it finds it, and one that came before it is in the index. Index reads
 * are eventually consistent on AWS, which leaves one interleaving: a create whose handler read the room for the last
 * time before the fact was written, which the index does not show yet, and whose close is lost. No write of single items
 * can rule that out; such a session ends with the next callback of its stream, or after MAX_LIVE_HOURS.
 *
 * What the deadline cuts short is still in the index when ZEGO's retry comes.
 */
async function applyRoom(event: RoomEvent, options: ApplyOptions): Promise<Result> {
  const { store, nowMs, maxLiveMs, retentionMs } = options;
  const applied = await store.saveRoomFact(event, toSeconds(nowMs + maxLiveMs + retentionMs));

  const { appid, room_id } = event;
  const facts = factsOf(event);
  let after: string | undefined;
  do {
    const query = { order: 'oldest', room_id, appid, storedSinceMs: 0, after } as const;
    const entries = await store.liveEntries(query, LIVE_PAGE);
    const ended = entries.filter((entry) => closedWith(entry, facts).length > 0);
    const streams = new Set(ended.map(({ stream_id }) => stream_id)).values();
    const settleThem = async () => {
      for (const stream_id of streams) await settle(stream_id, event, options, { asked: facts.closed.keys() });
    };
    await Promise.all(Array.from({ length: STREAMS_AT_ONCE }, settleThem));
    after = entries.length < LIVE_PAGE ? undefined : entries.at(-1)?.position;
  } while (after !== undefined);
  return applied ? 'applied' : 'unchanged';
}

/**
 * Makes the views of one stream's sessions in a room agree with the rules.
 * @param more `asked`: room sessions that some of them are in; `without`: the sid of one that is about to leave the room
 */
async function settle(
  stream_id: string,
  room: Room,
  options: ApplyOptions,
  more: { asked?: Iterable<string>; without?: string } = {},
): Promise<void> {
  const { store } = options;
  const asked = new Set(more.asked);
  for (;;) {
    const [facts, rows] = await Promise.all([store.roomFacts(room, asked), store.siblings(stream_id, room)]);
    const siblings = rows.filter(({ stream_sid }) => stream_sid !== more.without);
    const { changed, unread } = review(siblings, judge(siblings, facts), asked, options);
    if (changed.length === 0 && unread.length === 0) return;
    await saveListings(changed, options);
    for (const sibling of unread) ask(asked, sibling);
  }
}

/** Whether a session's room session is closed is read by its id. @returns whether it was not asked before */
function ask(asked: Set<string>, { room_session_id }: Pick<Standing, 'room_session_id'>): boolean {
  if (room_session_id === null || asked.has(room_session_id)) return false;
  asked.add(room_session_id);
  return true;
}

/**
 * @returns `changed`: the siblings whose view differs from what the rules say, as it has to be; `unread`: those that
 * would be live, if their room session is not closed, which was not asked
 */
function review(
  siblings: readonly Standing[],
  verdicts: readonly Verdict[],
  asked: ReadonlySet<string>,
  options: ApplyOptions,
): { changed: Standing[]; unread: Standing[] } {
  const [changed, unread]: [Standing[], Standing[]] = [[], []];
  for (const [i, sibling] of siblings.entries()) {
    const live = verdicts[i] === 'live';
    const viewed = withView(sibling, sibling, live, options);
    if (live && sibling.room_session_id !== null && !asked.has(sibling.room_session_id)) unread.push(sibling);
    else if (viewed !== sibling) changed.push(viewed);
  }
  return { changed, unread };
}

/** One that has changed meanwhile ends the round: the next one reads it anew. */
async function saveListings(changed: readonly Standing[], { store, onConflict }: ApplyOptions): Promise<void> {
  for (const sibling of changed) {
    if (!(await store.saveListing(sibling))) {
      onConflict?.();
      return;
    }
  }
}
