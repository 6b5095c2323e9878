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
import type { Unsigned } from '../zego/delivery.ts';
import type { Encode } from '../zego/encoding.ts';
import type { Exchanged } from './exchange.ts';

/** Several scripts, and characters that mean something to an encoding. */
const USER_NAME = '小梅 & "O\'Brien" فاطمة 👩‍🎤 100% a+b=c %2F\nñ';

/** What sends the callbacks of these streams. */
interface Sender {
  readonly options: { appid: string };
  /** Begins all ids. */
  readonly run: string;
  /** The deployment's clock. */
  theirMs: () => number;
  send: (callback: Unsigned, options?: { write?: Encode }) => Promise<Exchanged>;
}

export interface CreateOptions {
  seq: number;
  /** 1: ZEGO goes on with a stream after a network fault. */
  recreate?: 0 | 1;
  write?: Encode;
}

export interface Created {
  reply: Exchanged;
  callback: StreamCallback;
}

/** The streams of one examination. It knows all that may be live, so that nothing is left behind. */
export class Sessions {
  private readonly seqs = new Map<string, { publishing: Publishing; seq: number }>();
  private readonly publishings = new Map<string, Publishing>();
  /** Odd and above 2^53: a reader that takes it for a double loses its last digits. */
  private readonly roomSession = String((randomBytes(8).readBigUInt64BE() >> 1n) | (1n << 61n) | 1n);
  /** The deployment's clock when the first of them could begin. */
  startMs = 0;

  /** @param name ends its ids: the same name is the same stream */
  publishing(sender: Sender, name: string, room_id = sender.run): Publishing {
    const known = this.publishings.get(name);
    if (known !== undefined) return known;
    this.startMs ||= sender.theirMs();
    const { appid } = sender.options;
    const stream_id = `${sender.run}-${name}`;
    const publishing = {
      appid,
      room_id,
      room_session_id: this.roomSession,
      user_id: sender.run,
      user_name: USER_NAME,
      channel_id: room_id,
      stream_alias: stream_id,
      stream_id,
      stream_sid: `s-${stream_id}`,
      // No two at the same time: so there is one order.
      create_time_ms: String(this.startMs + this.publishings.size),
    };
    this.publishings.set(name, publishing);
    return publishing;
  }

  /** Of how many streams something was sent. */
  get size(): number {
    return this.seqs.size;
  }

  async create(sender: Sender, publishing: Publishing, { seq, recreate = 0, write }: CreateOptions): Promise<Created> {
    const callback = streamCreate(publishing, seq, sender.theirMs(), recreate);
    this.note(publishing, seq);
    return { callback, reply: await sender.send(callback, write === undefined ? {} : { write }) };
  }

  close(sender: Sender, publishing: Publishing, seq: number): Promise<Exchanged> {
    this.note(publishing, seq);
    return sender.send(streamClose(publishing, seq, sender.theirMs(), CLOSE.stop));
  }

  /** It opened before its stream began: so it ends nothing. */
  openRoom(sender: Sender, room: Publishing): Promise<Exchanged> {
    return sender.send(roomCreate(room, Number(room.create_time_ms), sender.run));
  }

  closeRoom(sender: Sender, room: Publishing): Promise<Exchanged> {
    return sender.send(roomClose(room, sender.theirMs(), CLOSE.stop));
  }

  /**
   * Sends the end of all streams, once more of those that ended: a deployment that is broken may have brought them back.
   * @param attempts how often each is tried
   * @returns the `stream_id` of those whose end was not accepted
   */
  async closeAll(sender: Sender, attempts: number): Promise<string[]> {
    const open = [...this.seqs.values()].map(({ publishing }) => this.closeOne(sender, publishing, attempts));
    return (await Promise.all(open)).flat();
  }

  private async closeOne(sender: Sender, publishing: Publishing, attempts: number): Promise<string[]> {
    const seq = (this.seqs.get(publishing.stream_sid)?.seq ?? 0) + 1;
    for (let i = 0; i < attempts; i++) {
      if (i > 0) await wait(500);
      const reply = await this.close(sender, publishing, seq).catch(() => undefined);
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
