import type { Listed } from '../simulator/list.ts';
import { count } from '../terminal.ts';
import type { StreamCallback } from '../zego/callbacks.ts';
import type { Reply } from './exchange.ts';
import { DEPLOY, type Finding, fault, fine, skipped } from './finding.ts';
import type { Sessions } from './sessions.ts';
import { MOST_FRESH_MS, type Visit } from './visit.ts';

/** How long an index may lag behind. */
const INDEX_LAG_MS = 2000;

/** The checks at the end: that nothing is left behind, neither live nor in a cache. */
export class LeavingChecks {
  private readonly visit: Visit;
  private readonly sessions: Sessions;
  /** What should be live until then. */
  private readonly live: readonly StreamCallback[];
  /** What was read when not all had ended yet. */
  private readonly remembered: { path: string; atMs: number }[] = [];

  constructor(visit: Visit, sessions: Sessions, live: readonly StreamCallback[]) {
    this.visit = visit;
    this.sessions = sessions;
    this.live = live;
  }

  /** Closes everything, and looks whether it is gone. */
  async leave(): Promise<Finding> {
    if (this.sessions.size === 0) return skipped('nothing was created');
    await this.remember();
    const left = await this.sessions.closeAll(3);
    if (left.length > 0) return notTaken(left);
    const closed = `${count(this.sessions.size, 'stream', 'streams')} closed`;
    if (this.visit.without.list !== undefined) return fine(closed);
    const look = async () => [await this.visit.ofRoom(), await this.visit.ofRoom({ room_id: `${this.visit.run}-2` })];
    const isEmpty = (lists: (Listed[] | undefined)[]) => lists.every((list) => list?.length === 0);
    const seen = await this.visit.until(look, isEmpty);
    if (isEmpty(seen)) return fine(`${closed}, and the list is empty of them`);
    if (seen.includes(undefined)) return fault(`${closed}, but no list shows whether they are gone`, DEPLOY);
    return fault(`${closed}, but some are still listed`, 'Closes do not count, or the index lags behind.');
  }

  /** What a cache may have of before: read as long as a stream is live, and by the same URLs when it has ended. */
  private async remember(): Promise<void> {
    const [kept] = this.live;
    if (kept === undefined || this.visit.without.list !== undefined) return;
    const { stream_id, stream_sid } = kept.publishing;
    const paths = [
      `/streams?${new URLSearchParams({ room_id: this.visit.run })}`,
      `/streams/${stream_id}?${new URLSearchParams({ stream_sid, appid: this.visit.args.appid })}`,
    ];
    for (const path of paths) {
      const reply = await this.visit.get(path);
      if (reply.status === 200 && showsLive(reply)) this.remembered.push({ path, atMs: performance.now() });
    }
  }

  /** By now all have ended, as URLs that are new show. */
  async stale(): Promise<Finding> {
    const { freshMs } = this.visit;
    if (this.remembered.length === 0) return skipped('nothing was kept that could be old');
    if (freshMs > MOST_FRESH_MS) return skipped(`answers are kept for ${freshMs / 1000} s: too long to wait`);
    for (const { path, atMs } of this.remembered) {
      // An index that lags is no cache.
      const dueMs = Math.max(0, freshMs - (performance.now() - atMs)) + INDEX_LAG_MS;
      const reply = await this.visit.within(
        dueMs,
        () => this.visit.get(path),
        (seen) => !showsLive(seen),
      );
      if (!showsLive(reply)) continue;
      return fault(
        `${path.startsWith('/streams?') ? 'the list' : 'a stream'} of before is still shown`,
        'A cache before the API keeps answers longer than their Cache-Control says: let it go by that.',
        reply.ms,
      );
    }
    return fine(freshMs === 0 ? 'none is kept' : `none is older than ${freshMs / 1000} s`);
  }
}

function showsLive({ text }: Reply): boolean {
  return text.includes('"state":"live"');
}

/** @param left the `stream_id` of each stream that may be live */
export function notTaken(left: readonly string[]): Finding {
  return fault(
    `the end of ${count(left.length, 'stream', 'streams')} is not taken`,
    `They end by themselves after MAX_LIVE_HOURS, if they were stored: ${left.join(', ')}.`,
  );
}
