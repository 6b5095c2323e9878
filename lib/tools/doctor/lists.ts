import { isDeepStrictEqual } from 'node:util';
import type { Listed } from '../simulator/list.ts';
import { count } from '../terminal.ts';
import type { Publishing, StreamCallback } from '../zego/callbacks.ts';
import { wrongFields } from './encodings.ts';
import { DEPLOY, type Finding, fault, fine, remark } from './finding.ts';
import type { Visit } from './visit.ts';

/** So many of the whole list are read at most. */
const PAGES = 10;

/** What lists should show. */
export interface Known {
  /** In the order of their creates. */
  readonly live: readonly StreamCallback[];
  /** The sids of those that are not read back as they were told. */
  readonly changed: ReadonlySet<string>;
}

/** The checks of the live list, when there are streams. */
export class ListChecks {
  private readonly visit: Visit;
  private readonly known: Known;
  /** The deployment's clock when the first of them could begin. */
  private readonly startMs: number;

  constructor(visit: Visit, known: Known, startMs: number) {
    this.visit = visit;
    this.known = known;
    this.startMs = startMs;
  }

  async room(): Promise<Finding> {
    const seen = await this.visit.until(
      () => this.visit.ofRoom(),
      (listed) => isDeepStrictEqual(sidsOf(listed), sidsOf(this.newest())),
    );
    if (seen === undefined) return fault('no list', DEPLOY);
    const missing = this.known.live.filter(({ publishing }) => !sidsOf(seen).includes(publishing.stream_sid));
    if (missing.length > 0) {
      return fault(
        `${missing.length} of ${this.known.live.length} live streams are missing`,
        'The index of the room lags behind, or a cache does not go by the whole query.',
      );
    }
    const strange = seen.length - this.known.live.length;
    if (strange !== 0)
      return fault(
        `${count(Math.abs(strange), 'stream', 'streams')} too ${strange > 0 ? 'many' : 'few'} for this room_id`,
        DEPLOY,
      );
    if (!isDeepStrictEqual(sidsOf(seen), sidsOf(this.newest()))) return fault('not newest first', DEPLOY);
    const exact = this.known.live.filter(({ publishing }) => !this.known.changed.has(publishing.stream_sid));
    const wrong = [...new Set(exact.flatMap((callback) => wrongFields(entryOf(seen, callback), callback)))];
    if (wrong.length > 0) return fault(`${wrong.join(', ')} changed`, DEPLOY);
    return fine(`all ${seen.length} streams, newest first`);
  }

  /** Among everybody's: it is read from another index than that of a room. */
  async everybodys(): Promise<Finding> {
    const expected = sidsOf(this.newest());
    const seen = await this.visit.until(
      () => this.ownOfNewest(expected),
      (found) => isDeepStrictEqual(found?.sids, expected),
    );
    if (seen === undefined) return fault('no list', DEPLOY);
    const { sids, isEnd } = seen;
    if (isDeepStrictEqual(sids, expected)) return fine(`all ${sids.length} streams among the others, newest first`);
    if (sids.length === expected.length) return fault('not newest first', DEPLOY);
    const missing = `${expected.length - sids.length} of ${expected.length} live streams are missing`;
    if (!isEnd) {
      return remark(`${missing} among the newest ${PAGES * 100}`, 'Very much begins at the moment: try again later.');
    }
    return fault(
      missing,
      'The list reads fewer LIVE_SHARDS than callbacks write, or its index lags behind: deploy all functions together, with npx serverless deploy.',
    );
  }

  private async ownOfNewest(own: readonly string[]): Promise<{ sids: string[]; isEnd: boolean } | undefined> {
    const sids: string[] = [];
    let path = this.visit.freshQuery({});
    for (let i = 0; i < PAGES && sids.length < own.length; i++) {
      const page = await this.visit.page(path);
      if (page === undefined) return undefined;
      sids.push(...sidsOf(page.streams).filter((sid) => own.includes(sid)));
      // What is older comes after all of ours.
      const isPast = page.streams.some(({ create_time_ms }) => Number(create_time_ms) < this.startMs);
      if (page.next_cursor === null || isPast) return { sids, isEnd: true };
      path = `/streams?${new URLSearchParams({ cursor: page.next_cursor, limit: '100' })}`;
    }
    return { sids, isEnd: false };
  }

  async pages(): Promise<Finding> {
    const read = () => this.pageByPage();
    const expected = sidsOf(this.newest());
    const seen = await this.visit.until(read, (sids) => isDeepStrictEqual(sids, expected));
    if (isDeepStrictEqual(seen, expected)) return fine(`${seen.length} pages of one stream each`);
    return fault(
      `${seen.length} streams, page by page, instead of ${expected.length}`,
      'What stands before the API changes queries or mixes up cached pages: its cache must go by the whole query.',
    );
  }

  private async pageByPage(): Promise<string[]> {
    const sids: string[] = [];
    let cursor: string | null = '';
    // One more than there should be: a list that never ends is none.
    for (let i = 0; i <= this.known.live.length && cursor !== null; i++) {
      const query = { room_id: this.visit.run, limit: '1', ...(cursor === '' ? {} : { cursor }) };
      const page = await this.visit.page(`/streams?${new URLSearchParams(query)}`);
      if (page === undefined) break;
      sids.push(...sidsOf(page.streams));
      cursor = page.next_cursor;
    }
    return sids;
  }

  async order(): Promise<Finding> {
    const expected = sidsOf(this.known.live.map(({ publishing }) => publishing));
    const read = () => this.visit.ofRoom({ order: 'oldest' });
    const seen = await this.visit.until(read, (listed) => isDeepStrictEqual(sidsOf(listed), expected));
    if (isDeepStrictEqual(sidsOf(seen), expected)) return fine('oldest first');
    return fault('order=oldest is not the list turned round', DEPLOY);
  }

  async byId(): Promise<Finding> {
    const asked = [this.known.live.at(-1), this.known.live[0]].flatMap((one) =>
      one === undefined ? [] : [one.publishing],
    );
    const query = new URLSearchParams(asked.map(({ stream_id }): [string, string] => ['stream_id', stream_id]));
    const read = () => this.visit.list(`/streams?${query}`);
    const seen = await this.visit.until(read, (listed) => isDeepStrictEqual(sidsOf(listed), sidsOf(asked)));
    if (isDeepStrictEqual(sidsOf(seen), sidsOf(asked))) return fine('those asked for, in the order asked');
    return fault('not the streams that were asked for', DEPLOY);
  }

  private newest(): Publishing[] {
    return this.known.live.map(({ publishing }) => publishing).toReversed();
  }
}

/** In the order of the list. */
export function sidsOf(listed: readonly { stream_sid: string }[] = []): string[] {
  return listed.map(({ stream_sid }) => stream_sid);
}

function entryOf(listed: readonly Listed[], { publishing }: StreamCallback): Listed | undefined {
  return listed.find(({ stream_sid }) => stream_sid === publishing.stream_sid);
}
