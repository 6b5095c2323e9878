import type { Listed } from '../simulator/list.ts';
import type { Publishing, StreamCallback } from '../zego/callbacks.ts';
import { lostDigits, WAYS, wrongFields } from './encodings.ts';
import { describe, isApplied, jsonOf, type Reply, told } from './exchange.ts';
import { DEPLOY, type Finding, fault, fine, skipped, unexpected } from './finding.ts';
import { sidsOf } from './lists.ts';
import { cachingOf } from './readers.ts';
import type { Sessions } from './sessions.ts';
import type { Visit } from './visit.ts';

/** The checks of streams that come and go, in the order in which they are made. */
export class StreamChecks {
  private readonly visit: Visit;
  private readonly sessions: Sessions;
  /** What should be live, in the order of its creates. */
  readonly live: StreamCallback[] = [];
  /** The sids of what is not read back as it was told: once is enough to say so. */
  readonly changed = new Set<string>();
  private readonly first: Publishing;
  /** In the other room, which is opened and closed. */
  private readonly inRoom: Publishing;
  /** Whether a close counts: where none does, a late create cannot be checked. */
  private closesCount = false;

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
      () => this.visit.ofRoom(),
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

function isUnchanged(reply: Reply): Finding {
  if (told(reply) === 'unchanged') return fine(describe(reply), reply.ms);
  return unexpected(reply, '200 unchanged', `A repeat of ZEGO's counts as news. ${DEPLOY}`);
}
