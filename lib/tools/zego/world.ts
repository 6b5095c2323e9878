import { type Callback, CLOSE, type CloseType, type Publishing } from './callbacks.ts';
import { type Host, type Room, Rooms, type RoomsOptions, type Session } from './rooms.ts';

/** How long a killed app's session stays at ZEGO until its heartbeat times out. */
const HEARTBEAT_MS = [90_000, 100_000] as const;
/** After how long a killed app is started again. */
const RESTART_MS = [1000, 10_000] as const;
/** How long a lost connection takes to come back. After 90 s ZEGO would make a new stream. */
const RECONNECT_MS = [1000, 60_000] as const;

export interface WorldOptions extends RoomsOptions {
  rooms: readonly string[];
  hosts: readonly Host[];
  /** About how many streams are on air at the same time. */
  atMost: number;
  /** How many sessions may begin in all. */
  sessions: number;
  /** The probability that a session ends by a kill of its app. */
  crash: number;
  /** Waiting times are divided by it. */
  speed: number;
}

/** Hosts who go on air and off again. It looks at no clock and plays the same from the same seed. */
export class World {
  private readonly options: WorldOptions;
  private readonly zego: Rooms;
  /** On air, or about to be again. */
  private readonly busy = new Set<Host>();
  /** What happens by itself, the earliest first. */
  private readonly due: { atMs: number; happens: () => void }[] = [];

  constructor(options: WorldOptions) {
    this.options = options;
    this.zego = new Rooms(options);
  }

  /** How many sessions have begun so far. */
  get begun(): number {
    return this.zego.begun;
  }

  /** When something happens by itself: Unix ms, or undefined when nothing does. */
  get nextMs(): number | undefined {
    return this.due[0]?.atMs;
  }

  /** The truth: what is on air now. */
  onAir(): Publishing[] {
    return this.zego.onAir.map(({ publishing }) => publishing);
  }

  /** What happens by itself until then: heartbeats time out, apps are started again, connections come back. */
  advance(untilMs: number): Callback[] {
    for (let [next] = this.due; next !== undefined && next.atMs <= untilMs; [next] = this.due) {
      this.due.shift();
      this.tick(next.atMs);
      next.happens();
    }
    return this.zego.take();
  }

  /** A session begins: somebody goes on air, or somebody on air gets a new session. */
  begin(nowMs: number): Callback[] {
    const { random, rooms } = this.options;
    this.tick(nowMs);
    const { onAir } = this.zego;
    const host = this.idle();
    // A play fills first.
    if (host !== undefined && (onAir.length < 3 || random.chance(0.7))) {
      this.enter(host, random.pick(rooms));
    } else if (onAir.length > 0) {
      const session = random.pick(onAir);
      random.pick([() => this.beginAnew(session), () => this.move(session), () => this.recreateAsNew(session)])();
    }
    return this.zego.take();
  }

  /** Something else happens to one on air: most often it ends. */
  change(nowMs: number): Callback[] {
    const { random, atMost, crash } = this.options;
    this.tick(nowMs);
    const { onAir } = this.zego;
    if (onAir.length === 0) return [];
    const session = random.pick(onAir);
    // The emptier the rooms, the fewer leave.
    if (random.chance(0.8 * (1 - onAir.length / atMost))) {
      random.pick([() => this.recreate(session), () => this.disconnect(session)])();
    } else if (random.chance(crash)) this.crash(session);
    else if (random.chance(0.1)) this.clear(session.room);
    else this.leave(session, random.chance(0.15) ? CLOSE.kick : CLOSE.stop);
    return this.zego.take();
  }

  private enter(host: Host, room_id: string): void {
    this.busy.add(host);
    this.zego.publish(host, this.zego.opened(room_id, host));
  }

  private leave(session: Session, type: CloseType): void {
    this.busy.delete(session.host);
    this.zego.close(session, type);
    this.zego.closeIfEmpty(session.room, type);
  }

  /** A user who stops and starts again at once: the order of these callbacks is the least sure of all. */
  private beginAnew(session: Session): void {
    this.zego.close(session, this.options.random.pick([CLOSE.stop, CLOSE.relogin]));
    this.zego.publish(session.host, session.room);
  }

  private move(session: Session): void {
    const { random, rooms } = this.options;
    const others = rooms.filter((room_id) => room_id !== session.room.room_id);
    this.leave(session, CLOSE.stop);
    this.enter(session.host, random.pick(others.length === 0 ? rooms : others));
  }

  /** The app is killed. Started again it has a new session, while ZEGO takes the old one for live. */
  private crash(session: Session): void {
    this.zego.abandon(session);
    this.timeOut(session);
    this.after(RESTART_MS, () => {
      if (this.begun < this.options.sessions) this.enter(session.host, session.room.room_id);
      else this.busy.delete(session.host);
    });
  }

  private timeOut(session: Session): void {
    this.after(HEARTBEAT_MS, () => {
      // Its room may have been cleared meanwhile.
      if (!session.room.sessions.has(session)) return;
      this.zego.close(session, CLOSE.heartbeat);
      this.zego.closeIfEmpty(session.room, CLOSE.heartbeat);
    });
  }

  // Whether a recreate after a network fault keeps the sid and `create_time_ms` is documented nowhere: all four are
  // played.

  private recreate(session: Session): void {
    this.zego.resume(session, this.recreateMs(session));
  }

  private recreateAsNew(session: Session): void {
    this.zego.publish(session.host, session.room, { createMs: this.recreateMs(session), recreate: 1 });
    this.zego.abandon(session);
    if (this.options.random.chance(0.5)) this.timeOut(session);
    else this.zego.forget(session);
  }

  private recreateMs({ publishing }: Session): number {
    return this.options.random.chance(0.5) ? Number(publishing.create_time_ms) : this.zego.nowMs;
  }

  private disconnect(session: Session): void {
    this.zego.close(session, CLOSE.disconnect);
    this.after(RECONNECT_MS, () => {
      if (session.room.sessions.has(session)) this.recreate(session);
    });
  }

  private clear(room: Room): void {
    for (const session of room.sessions) {
      if (session.state !== 'leftover') this.busy.delete(session.host);
      if (session.state === 'disconnected') this.zego.forget(session);
      else this.zego.close(session, CLOSE.cleared);
    }
    this.zego.closeIfEmpty(room, CLOSE.cleared);
  }

  /** Somebody who is not on air. A few tries find one nearly always, however many there are. */
  private idle(): Host | undefined {
    const { random, hosts } = this.options;
    for (let i = 0; i < 8; i++) {
      const host = random.pick(hosts);
      if (!this.busy.has(host)) return host;
    }
    return hosts.find((host) => !this.busy.has(host));
  }

  private after([fromMs, toMs]: readonly [number, number], happens: () => void): void {
    const { random, speed } = this.options;
    const atMs = this.zego.nowMs + Math.ceil(random.integer(fromMs, toMs) / speed);
    this.due.splice(this.due.findLastIndex((other) => other.atMs <= atMs) + 1, 0, { atMs, happens });
  }

  /** No two things happen in the same ms: a room opens again after it has closed. */
  private tick(nowMs: number): void {
    this.zego.nowMs = Math.max(nowMs, this.zego.nowMs + 1);
  }
}
