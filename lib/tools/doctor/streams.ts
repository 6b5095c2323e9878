import { isDeepStrictEqual } from 'node:util';
import type { Publishing, StreamCallback } from '../simulator/callbacks.ts';
import type { Listed } from '../simulator/list.ts';
import { count } from '../terminal.ts';
import { lostDigits, WAYS, wrongFields } from './encodings.ts';
import { describe, isApplied, jsonOf, type Reply, told } from './exchange.ts';
import { type Finding, fault, fine, remark, skipped, unexpected } from './finding.ts';
import { cachingOf } from './readers.ts';
import type { Sessions } from './sessions.ts';
import { MOST_FRESH_MS, type Visit } from './visit.ts';

/** So many of the whole list are read at most. */
const PAGES = 10;

/** How long an index may lag behind. */
const INDEX_LAG_MS = 2000;

const DEPLOY = 'The deployment is another version, or several are mixed: deploy again.';

/** The checks of streams that come and go, in the order in which they are made. */
export class StreamChecks {
  private readonly visit: Visit;
  private readonly sessions: Sessions;
  /** What should be live, in the order of its creates. */
  private readonly live: StreamCallback[] = [];
  /** The sids of what is not read back as it was told: once is enough to say so. */
  private readonly changed = new Set<string>();
  private readonly first: Publishing;
  /** In the other room, which is opened and closed. */
  private readonly inRoom: Publishing;
  /** Whether a close counts: where none does, a late create cannot be checked. */
  private closesCount = false;
  /** What was read when not all had ended yet. */
  private readonly remembered: { path: string; atMs: number }[] = [];

  constructor(visit: Visit, sessions: Sessions) {
    this.visit = visit;
    this.sessions = sessions;
    this.first = sessions.publishing('first');
    this.inRoom = sessions.publishing('room-close', `${visit.run}-2`);
  }

  async create(): Promise<Finding> {
    const { reply, callback } = await this.sessions.create(this.first, { seq: 3 });
    if (!isApplied(reply)) return unexpected(reply, '200 applied');
    delete this.visit.without.session;
    this.live.push(callback);
    return fine(describe(reply), reply.ms);
  }

  /** As ZEGO does when it missed the answer. */
  async repeat(): Promise<Finding> {
    const { reply } = await this.sessions.create(this.first, { seq: 3 });
    return isUnchanged(reply);
  }

  /** A stream told in one encoding, and read back. */
  async encoding(name: string): Promise<Finding> {
    const write = WAYS[name];
    const id = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const options = { seq: this.live.length + 3, ...(write === undefined ? {} : { write }) };
    const { reply, callback } = await this.sessions.create(this.sessions.publishing(id), options);
    if (!isApplied(reply)) return unexpected(reply, '200 applied');
    this.live.push(callback);
    const { list } = this.visit.without;
    if (list !== undefined) return skipped(`taken, but not read back: ${list}`);
    const read = () => this.visit.stream(callback.publishing);
    const last = await this.visit.until(read, (seen) => wrongFields(jsonOf(seen), callback).length === 0);
    const wrong = wrongFields(jsonOf(last), callback);
    if (wrong.length === 0) return fine('read back exactly', reply.ms);
    this.changed.add(callback.publishing.stream_sid);
    if (last.status !== 200) return unexpected(last, 'the stream');
    return fault(
      `read back with ${wrong.join(', ')} changed`,
      lostDigits(jsonOf(last), callback)
        ? 'Long numbers lose their last digits: something takes them for doubles. Deploy this version, and let callbacks pass as they are.'
        : 'What stands before the API rewrites bodies, or the deployment is another version: deploy this one.',
      last.ms,
    );
  }

  async room(): Promise<Finding> {
    const seen = await this.visit.until(
      () => this.listed(),
      (listed) => isDeepStrictEqual(sidsOf(listed), sidsOf(this.newest())),
    );
    if (seen === undefined) return fault('no list', DEPLOY);
    const missing = this.live.filter(({ publishing }) => !sidsOf(seen).includes(publishing.stream_sid));
    if (missing.length > 0) {
      return fault(
        `${missing.length} of ${this.live.length} live streams are missing`,
        'The index of the room lags behind, or a cache does not go by the whole query.',
      );
    }
    const strange = seen.length - this.live.length;
    if (strange !== 0)
      return fault(
        `${count(Math.abs(strange), 'stream', 'streams')} too ${strange > 0 ? 'many' : 'few'} for this room_id`,
        DEPLOY,
      );
    if (!isDeepStrictEqual(sidsOf(seen), sidsOf(this.newest()))) return fault('not newest first', DEPLOY);
    const exact = this.live.filter(({ publishing }) => !this.changed.has(publishing.stream_sid));
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
      const isPast = page.streams.some(({ create_time_ms }) => Number(create_time_ms) < this.sessions.startMs);
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
    for (let i = 0; i <= this.live.length && cursor !== null; i++) {
      const query = { room_id: this.visit.run, limit: '1', ...(cursor === '' ? {} : { cursor }) };
      const page = await this.visit.page(`/streams?${new URLSearchParams(query)}`);
      if (page === undefined) break;
      sids.push(...sidsOf(page.streams));
      cursor = page.next_cursor;
    }
    return sids;
  }

  async order(): Promise<Finding> {
    const expected = sidsOf(this.live.map(({ publishing }) => publishing));
    const read = () => this.listed({ order: 'oldest' });
    const seen = await this.visit.until(read, (listed) => isDeepStrictEqual(sidsOf(listed), expected));
    if (isDeepStrictEqual(sidsOf(seen), expected)) return fine('oldest first');
    return fault('order=oldest is not the list turned round', DEPLOY);
  }

  async byId(): Promise<Finding> {
    const asked = [this.live.at(-1), this.live[0]].flatMap((one) => (one === undefined ? [] : [one.publishing]));
    const query = new URLSearchParams(asked.map(({ stream_id }): [string, string] => ['stream_id', stream_id]));
    const read = () => this.visit.list(`/streams?${query}`);
    const seen = await this.visit.until(read, (listed) => isDeepStrictEqual(sidsOf(listed), sidsOf(asked)));
    if (isDeepStrictEqual(sidsOf(seen), sidsOf(asked))) return fine('those asked for, in the order asked');
    return fault('not the streams that were asked for', DEPLOY);
  }

  async close(): Promise<Finding> {
    const reply = await this.sessions.close(this.first, 20);
    if (!isApplied(reply)) return unexpected(reply, '200 applied');
    this.live.shift();
    return fine(describe(reply), reply.ms);
  }

  async closeAgain(): Promise<Finding> {
    return isUnchanged(await this.sessions.close(this.first, 20));
  }

  async ended(): Promise<Finding> {
    const finding = await this.reads(this.first, 'ended', 'stopped');
    if (finding.state !== 'fine') return finding;
    const isListed = (listed: Listed[] | undefined) => sidsOf(listed).includes(this.first.stream_sid);
    const seen = await this.visit.until(
      () => this.listed(),
      (listed) => listed !== undefined && !isListed(listed),
    );
    this.closesCount = true;
    if (seen !== undefined && !isListed(seen)) return fine('read as stopped, and off the list', finding.ms);
    return fault('still on the list', 'The index lags behind, or a cache does not go by the whole query.');
  }

  /** A retry that comes after the close. */
  async lateCreate(): Promise<Finding> {
    if (!this.closesCount) return skipped('its close does not count');
    const { reply } = await this.sessions.create(this.first, { seq: 3 });
    if (reply.status !== 200) return unexpected(reply, '200');
    return this.staysEnded(this.first);
  }

  /** Of a stream whose close overtakes its create. */
  async closeFirst(): Promise<Finding> {
    if (!this.closesCount) return skipped('closes do not count');
    const publishing = this.sessions.publishing('close-first');
    const close = await this.sessions.close(publishing, 31);
    if (!isApplied(close)) return unexpected(close, '200 applied');
    const { reply } = await this.sessions.create(publishing, { seq: 30 });
    if (reply.status !== 200) return unexpected(reply, '200');
    return this.staysEnded(publishing);
  }

  private async staysEnded(publishing: Publishing): Promise<Finding> {
    const finding = await this.reads(publishing, 'ended', 'stopped');
    if (finding.state === 'fine') return fine('it stays ended', finding.ms);
    return { ...finding, note: `${finding.note}: a late create brings an ended stream back`, advice: DEPLOY };
  }

  /** ZEGO goes on with a stream: what was closed is live again. */
  async recreate(): Promise<Finding> {
    const { reply } = await this.sessions.create(this.first, { seq: 40, recreate: 1 });
    if (!isApplied(reply)) return unexpected(reply, '200 applied');
    const finding = await this.reads(this.first, 'live');
    return finding.state === 'fine' ? fine('live again', finding.ms) : finding;
  }

  async roomCreate(): Promise<Finding> {
    const reply = await this.sessions.openRoom(this.inRoom);
    return isApplied(reply) ? fine(describe(reply), reply.ms) : unexpected(reply, '200 applied');
  }

  /** Its id is a JSON number of 64 bits, where the stream's callback has a string. */
  async roomClose(): Promise<Finding> {
    const { reply } = await this.sessions.create(this.inRoom, { seq: 1 });
    if (!isApplied(reply)) return unexpected(reply, '200 applied');
    const closed = await this.sessions.closeRoom(this.inRoom);
    if (!isApplied(closed)) return unexpected(closed, '200 applied');
    const finding = await this.reads(this.inRoom, 'ended', 'room_closed');
    if (finding.state === 'fine') return fine('its stream ends', finding.ms);
    const advice =
      'The close of a room does not reach its streams: their room_session_id may have lost digits on the way. Deploy this version, and let callbacks pass as they are.';
    return { ...finding, advice };
  }

  /** Closes everything, and looks whether it is gone. */
  async leave(): Promise<Finding> {
    if (this.sessions.size === 0) return skipped('nothing was created');
    await this.remember();
    const left = await this.sessions.closeAll(3);
    if (left.length > 0) return notTaken(left);
    const closed = `${count(this.sessions.size, 'stream', 'streams')} closed`;
    if (this.visit.without.list !== undefined) return fine(closed);
    const look = async () => [await this.listed(), await this.listed({ room_id: `${this.visit.run}-2` })];
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
      if (reply.status === 200 && reply.text.includes('"live"'))
        this.remembered.push({ path, atMs: performance.now() });
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
        ({ text }) => !text.includes('"live"'),
      );
      if (!reply.text.includes('"live"')) continue;
      return fault(
        `${path.startsWith('/streams?') ? 'the list' : 'a stream'} of before is still shown`,
        'A cache before the API keeps answers longer than their Cache-Control says: let it go by that.',
        reply.ms,
      );
    }
    return fine(freshMs === 0 ? 'none is kept' : `none is older than ${freshMs / 1000} s`);
  }

  private listed(query: Record<string, string> = {}): Promise<Listed[] | undefined> {
    return this.visit.list(this.visit.freshQuery({ room_id: this.visit.run, ...query }));
  }

  private newest(): Publishing[] {
    return this.live.map(({ publishing }) => publishing).toReversed();
  }

  private async reads(publishing: Publishing, state: 'live' | 'ended', end_reason?: string): Promise<Finding> {
    const isSo = (reply: Reply) => {
      const seen = (jsonOf(reply) ?? {}) as Record<string, unknown>;
      return seen.state === state && (end_reason === undefined || seen.end_reason === end_reason);
    };
    const seen = await this.visit.until(() => this.visit.stream(publishing), isSo);
    const kept = cachingOf(this.visit, seen);
    if (isSo(seen)) return kept.state === 'fine' ? fine(state, seen.ms) : kept;
    if (seen.status !== 200) return unexpected(seen, `the stream, ${state}`);
    return fault(
      `not read as ${[state, ...(end_reason === undefined ? [] : [end_reason])].join(', ')}`,
      DEPLOY,
      seen.ms,
    );
  }
}

/** @param left the `stream_id` of each stream that may be live */
export function notTaken(left: readonly string[]): Finding {
  return fault(
    `the end of ${count(left.length, 'stream', 'streams')} is not taken`,
    `They end by themselves after MAX_LIVE_HOURS, if they were stored: ${left.join(', ')}.`,
  );
}

function isUnchanged(reply: Reply): Finding {
  if (told(reply) === 'unchanged') return fine(describe(reply), reply.ms);
  return unexpected(reply, '200 unchanged', `A repeat of ZEGO's counts as news. ${DEPLOY}`);
}

function sidsOf(listed: readonly { stream_sid: string }[] = []): string[] {
  return listed.map(({ stream_sid }) => stream_sid);
}

function entryOf(listed: readonly Listed[], { publishing }: StreamCallback): Listed | undefined {
  return listed.find(({ stream_sid }) => stream_sid === publishing.stream_sid);
}
