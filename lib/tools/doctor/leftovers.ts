import type { Reply } from '../client.ts';
import type { Listed } from '../live-list.ts';
import { count } from '../terminal.ts';
import { DEPLOY, type Finding, fail, knowing, pass, skip } from './check.ts';
import { type DoctorContext, type Known, MOST_FRESH_MS } from './context.ts';

// The checks at the end: that nothing is left behind, neither live nor in a cache.

/** How long an index may lag behind. */
const INDEX_LAG_MS = 2000;

/** Closes everything, and looks whether it is gone. */
export async function closeEverything(context: DoctorContext): Promise<Finding> {
  if (context.sessions.size === 0) return skip('nothing was created');
  return knowing({ remembered: await remember(context) }, closeAndLook(context));
}

async function closeAndLook(context: DoctorContext): Promise<Finding> {
  const { sessions, known } = context;
  const left = await sessions.closeAll(context, 3);
  if (left.length > 0) return notTaken(left);
  const closed = `${count(sessions.size, 'stream', 'streams')} closed`;
  if (known.missing.list !== undefined) return pass(closed);
  const seen = await context.until(
    async () => [await context.ofRoom(), await context.ofRoom({ room_id: `${context.run}-2` })],
    isEmpty,
  );
  if (isEmpty(seen)) return pass(`${closed}, and the list is empty of them`);
  if (seen.includes(undefined)) return fail(`${closed}, but no list shows whether they are gone`, DEPLOY);
  return fail(`${closed}, but some are still listed`, 'Closes do not count, or the index lags behind.');
}

function isEmpty(lists: readonly (Listed[] | undefined)[]): boolean {
  return lists.every((list) => list?.length === 0);
}

/** What a cache may have of before: read as long as a stream is live, and by the same URLs when it has ended. */
async function remember(context: DoctorContext): Promise<Known['remembered']> {
  const [kept] = context.known.live;
  if (kept === undefined || context.known.missing.list !== undefined) return [];
  const { stream_id, stream_sid } = kept.publishing;
  const paths = [
    `/streams?${new URLSearchParams({ room_id: context.run })}`,
    `/streams/${stream_id}?${new URLSearchParams({ stream_sid, appid: context.options.appid })}`,
  ];
  const remembered = [];
  for (const path of paths) {
    const reply = await context.get(path);
    if (reply.status === 200 && showsLive(reply)) remembered.push({ path, atMs: performance.now() });
  }
  return remembered;
}

/** By now all have ended, as URLs that are new show. */
export async function cachedList(context: DoctorContext): Promise<Finding> {
  const { freshMs, remembered } = context.known;
  if (remembered.length === 0) return skip('nothing was kept that could be old');
  if (freshMs > MOST_FRESH_MS) return skip(`answers are kept for ${freshMs / 1000} s: too long to wait`);
  for (const { path, atMs } of remembered) {
    // An index that lags is no cache.
    const dueMs = Math.max(0, freshMs - (performance.now() - atMs)) + INDEX_LAG_MS;
    const reply = await context.within(
      dueMs,
      () => context.get(path),
      (seen) => !showsLive(seen),
    );
    if (!showsLive(reply)) continue;
    return fail(
      `${path.startsWith('/streams?') ? 'the list' : 'a stream'} of before is still shown`,
      'A cache before the API keeps answers longer than their Cache-Control says: let it go by that.',
      reply.ms,
    );
  }
  return pass(freshMs === 0 ? 'none is kept' : `none is older than ${freshMs / 1000} s`);
}

function showsLive({ text }: Reply): boolean {
  return text.includes('"state":"live"');
}

/** @param left the `stream_id` of each stream that may be live */
export function notTaken(left: readonly string[]): Finding {
  return fail(
    `the end of ${count(left.length, 'stream', 'streams')} is not taken`,
    `They end by themselves after MAX_LIVE_HOURS, if they were stored: ${left.join(', ')}.`,
  );
}
