import {
  type Callback,
  CLOSE,
  type CloseType,
  type Publishing,
  type RoomSession,
  roomClose,
  roomCreate,
  streamClose,
  streamCreate,
} from './callbacks.ts';
import type { Random } from './random.ts';

export interface Host {
  user_id: string;
  user_name: string;
}

/** A room while it is open. */
export interface Room extends RoomSession {
  /** The last `stream_seq`: it counts the changes of the room's stream list. */
  seq: number;
  /** Those that ZEGO still has: also leftovers of killed apps, and those whose connection is lost. */
  sessions: Set<Session>;
}

export interface Session {
  host: Host;
  room: Room;
  publishing: Publishing;
  /** leftover: ZEGO takes it for live, but its app is gone. */
  state: 'on air' | 'disconnected' | 'leftover' | 'ended';
}

export interface RoomsOptions {
  appid: string;
  /** Unique to the run, and therefore part of every sid. */
  run: string;
  streamId: (host: Host, room_id: string) => string;
  random: Random;
}

/** What ZEGO's servers keep: the rooms that are open and the sessions in them. It tells every change as a callback. */
export class Rooms {
  private readonly options: RoomsOptions;
  private readonly open = new Map<string, Room>();
  private readonly live: Session[] = [];
  private told: Callback[] = [];
  /** When the next changes happen, Unix ms. */
  nowMs = 0;
  /** How many sessions have begun so far. */
  begun = 0;

  constructor(options: RoomsOptions) {
    this.options = options;
  }

  get onAir(): readonly Session[] {
    return this.live;
  }

  /** The room, opened by this host unless it is open. */
  opened(room_id: string, { user_id }: Host): Room {
    const { appid, random } = this.options;
    const known = this.open.get(room_id);
    if (known !== undefined) return known;
    const room = { appid, room_id, room_session_id: random.id64(), seq: 0, sessions: new Set<Session>() };
    this.open.set(room_id, room);
    this.told.push(roomCreate(room, this.nowMs, user_id));
    return room;
  }

  /** A new session, with a new sid. */
  publish(host: Host, room: Room, { createMs = this.nowMs, recreate = 0 as 0 | 1 } = {}): void {
    const { appid, run, streamId } = this.options;
    const { room_id, room_session_id } = room;
    const stream_id = streamId(host, room_id);
    this.begun += 1;
    const stream_sid = `s-${run}-${this.begun}`;
    const create_time_ms = String(createMs);
    const ids = {
      appid,
      room_id,
      room_session_id,
      channel_id: room_id,
      stream_id,
      stream_alias: stream_id,
      stream_sid,
    };
    const publishing = { ...ids, ...host, create_time_ms };
    const session: Session = { host, room, publishing, state: 'ended' };
    room.sessions.add(session);
    this.become(session, 'on air');
    this.told.push(streamCreate(publishing, this.nextSeq(room), this.nowMs, recreate));
  }

  /** A session goes on under its sid. */
  resume(session: Session, createMs: number): void {
    session.publishing = { ...session.publishing, create_time_ms: String(createMs) };
    this.become(session, 'on air');
    this.told.push(streamCreate(session.publishing, this.nextSeq(session.room), this.nowMs, 1));
  }

  close(session: Session, type: CloseType): void {
    // A lost connection may come back.
    if (type === CLOSE.disconnect) this.become(session, 'disconnected');
    else this.forget(session);
    this.told.push(streamClose(session.publishing, this.nextSeq(session.room), this.nowMs, type));
  }

  /** Its app is gone, and ZEGO does not know. */
  abandon(session: Session): void {
    this.become(session, 'leftover');
  }

  /** It ends, and nothing is told. */
  forget(session: Session): void {
    session.room.sessions.delete(session);
    this.become(session, 'ended');
  }

  closeIfEmpty(room: Room, last: CloseType): void {
    if (room.sessions.size > 0) return;
    this.open.delete(room.room_id);
    this.told.push(roomClose(room, this.nowMs, last));
  }

  /** The callbacks since the last time. */
  take(): Callback[] {
    const told = this.told;
    this.told = [];
    return told;
  }

  private become(session: Session, state: Session['state']): void {
    const index = session.state === 'on air' ? this.live.indexOf(session) : -1;
    if (index >= 0) this.live.splice(index, 1);
    if (state === 'on air') this.live.push(session);
    session.state = state;
  }

  /** Now and then it grows by more: updates of a stream's extra info count too. */
  private nextSeq(room: Room): number {
    room.seq += room.seq > 0 && this.options.random.chance(0.1) ? 2 : 1;
    return room.seq;
  }
}
