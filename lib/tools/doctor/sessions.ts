import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  CLOSE,
  type Publishing,
  roomClose,
  roomCreate,
  type StreamCallback,
  streamClose,
  streamCreate,
} from '../zego/callbacks.ts';
import type { Reply } from './exchange.ts';
import type { Encode, Visit } from './visit.ts';

/** Several scripts, and characters that mean something to an encoding. */
const USER_NAME = '小梅 & "O\'Brien" فاطمة 👩‍🎤 100% a+b=c %2F\nñ';

export interface CreateOptions {
  seq: number;
  /** 1: ZEGO goes on with a stream after a network fault. */
  recreate?: 0 | 1;
  write?: Encode;
}

export interface Created {
  reply: Reply;
  callback: StreamCallback;
}

/** The streams of one visit. It knows all that may be live, so that nothing is left behind. */
export class Sessions {
  private readonly visit: Visit;
  private readonly seqs = new Map<string, { publishing: Publishing; seq: number }>();
  private publishings = 0;
  /** The deployment's clock when the first could begin. */
  readonly startMs: number;
  /** Odd and above 2^53: a reader that takes it for a double loses its last digits. */
  private readonly roomSession = String((randomBytes(8).readBigUInt64BE() >> 1n) | (1n << 61n) | 1n);

  constructor(visit: Visit) {
    this.visit = visit;
    this.startMs = visit.theirMs();
  }

  /** @param name ends its ids */
  publishing(name: string, room_id = this.visit.run): Publishing {
    const { run, args } = this.visit;
    const stream_id = `${run}-${name}`;
    return {
      appid: args.appid,
      room_id,
      room_session_id: this.roomSession,
      user_id: run,
      user_name: USER_NAME,
      channel_id: room_id,
      stream_alias: stream_id,
      stream_id,
      stream_sid: `s-${stream_id}`,
      // No two at the same time: so there is one order.
      create_time_ms: String(this.startMs + this.publishings++),
    };
  }

  /** How many streams were told of. */
  get size(): number {
    return this.seqs.size;
  }

  async create(publishing: Publishing, { seq, recreate = 0, write }: CreateOptions): Promise<Created> {
    const callback = streamCreate(publishing, seq, this.visit.theirMs(), recreate);
    this.note(publishing, seq);
    return { callback, reply: await this.visit.tell(callback, write === undefined ? {} : { write }) };
  }

  close(publishing: Publishing, seq: number): Promise<Reply> {
    this.note(publishing, seq);
    return this.visit.tell(streamClose(publishing, seq, this.visit.theirMs(), CLOSE.stop));
  }

  /** It opened before its stream began: so it ends nothing. */
  openRoom(room: Publishing): Promise<Reply> {
    return this.visit.tell(roomCreate(room, Number(room.create_time_ms), this.visit.run));
  }

  closeRoom(room: Publishing): Promise<Reply> {
    return this.visit.tell(roomClose(room, this.visit.theirMs(), CLOSE.stop));
  }

  /**
   * Tells the end of all streams, once more of those that ended: a deployment that is broken may have brought them back.
   * @param attempts how often each is tried
   * @returns those whose end was not accepted
   */
  async closeAll(attempts: number): Promise<string[]> {
    const left = await Promise.all([...this.seqs.values()].map((told) => this.closeOne(told.publishing, attempts)));
    return left.flat();
  }

  private async closeOne(publishing: Publishing, attempts: number): Promise<string[]> {
    const seq = (this.seqs.get(publishing.stream_sid)?.seq ?? 0) + 1;
    for (let i = 0; i < attempts; i++) {
      if (i > 0) await wait(500);
      const reply = await this.close(publishing, seq).catch(() => undefined);
      if (reply !== undefined && reply.status < 300) return [];
    }
    return [publishing.stream_id];
  }

  /** Before it is sent: whatever comes back, it may be stored. */
  private note(publishing: Publishing, seq: number): void {
    const known = this.seqs.get(publishing.stream_sid)?.seq ?? 0;
    this.seqs.set(publishing.stream_sid, { publishing, seq: Math.max(known, seq) });
  }
}
