import { randomBytes } from 'node:crypto';
import type { Reply, Request } from '../client.ts';
import { type Listed, lookAgain, type Page, readPageOf } from '../live-list.ts';
import type { StreamCallback, Value } from '../zego/callbacks.ts';
import { signed, type Unsigned } from '../zego/delivery.ts';
import { type Encode, encode, type Fields } from '../zego/encoding.ts';
import type { DoctorOptions } from './doctor-options.ts';
import { type Exchanged, exchange } from './exchange.ts';
import { Sessions } from './sessions.ts';

/** What a check may need before it can be made. */
export type Need = 'secret' | 'appid' | 'list' | 'session';

/** What is known of a deployment so far. Checks do not change it: their findings say what they learned. */
export interface Known {
  /** Why something is not there; what is not named is there. */
  missing: Partial<Record<Need, string | undefined>>;
  /** How far the deployment's clock is ahead of this machine's. */
  aheadMs: number;
  /** The CallbackSecret that the deployment has, as far as is known. */
  secret: string;
  /** Whether any signature is accepted. */
  unchecked: boolean;
  /** Whether the list demands a token. */
  demandsToken: boolean;
  /** How old a response of the list may be. */
  freshMs: number;
  /** What should be live, in the order of its creates. */
  live: readonly StreamCallback[];
  /** The sids of what is not read back as it was sent: once is enough to say so. */
  changed: readonly string[];
  /** Whether a close counts: where none does, a late create cannot be checked. */
  closesCount: boolean;
  /** What was read when not all had ended yet, and when, on the clock of `performance.now()`. */
  remembered: readonly { path: string; atMs: number }[];
}

/** @param secret that of the options */
function knownAtFirst({ secret, noSecret }: Pick<DoctorOptions, 'secret' | 'noSecret'>): Known {
  return {
    missing: { session: 'no stream could be created', ...(secret === undefined ? { secret: noSecret } : {}) },
    aheadMs: 0,
    secret: secret ?? '',
    unchecked: false,
    demandsToken: false,
    freshMs: 0,
    live: [],
    changed: [],
    closesCount: false,
    remembered: [],
  };
}

export interface ContextOptions {
  /** Ends the examination; what may have been stored is closed all the same. */
  signal: AbortSignal;
  /** How long a response is awaited. */
  timeoutMs?: number;
  /** How long the list may lag behind, caches aside. */
  patienceMs?: number;
  /** This machine's clock. */
  now?: () => number;
  /** Begins all ids, which nobody else has. */
  run?: string;
}

/** Of what caches may keep, so much is awaited: most URLs are new, so that it matters little. */
export const MOST_FRESH_MS = 30_000;

interface Reading {
  headers?: Readonly<Record<string, string>>;
  token?: string | null;
}

/** What was sent so far. All contexts of an examination share it. */
interface Sent {
  /** The last `limit`, which makes a query of the list new. */
  limit: number;
  /** How often each stream was read. */
  reads: Map<string, number>;
  /** How long the last response took. */
  lastMs: number;
  /** How long signed callbacks took. */
  callbackMs: number[];
  /** The streams of this examination. */
  sessions: Sessions;
}

/** How a deployment is asked, and what is known of it by now. */
export class DoctorContext {
  readonly options: DoctorOptions;
  readonly known: Known;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Begins all ids of this examination. */
  readonly run: string;
  readonly sent: Sent;
  readonly patienceMs: number;

  constructor(options: DoctorOptions, given: ContextOptions, known = knownAtFirst(options), sent = nothingSent()) {
    const { signal, timeoutMs = 10_000, patienceMs = 10_000, now = Date.now, run = newRun() } = given;
    this.options = options;
    this.known = known;
    this.sent = sent;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.patienceMs = patienceMs;
    this.now = now;
    this.run = run;
  }

  /** The same, with what a check has learned. */
  with({ missing, ...learned }: Partial<Known>): DoctorContext {
    const known = { ...this.known, ...learned, missing: { ...this.known.missing, ...missing } };
    return new DoctorContext(this.options, this, known, this.sent);
  }

  get sessions(): Sessions {
    return this.sent.sessions;
  }

  get url(): string {
    return this.options.url;
  }

  /** The deployment's clock. */
  theirMs(): number {
    return Math.floor(this.now() + this.known.aheadMs);
  }

  /** @param token null: none at all */
  get(path: string, { headers = {}, token = this.token() }: Reading = {}): Promise<Reply> {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    return this.ask(path, { headers: { ...authorization, ...headers }, signal: this.signal });
  }

  /** The one to read the list with. */
  token(): string | null {
    return this.options.token === 'public' || !this.known.demandsToken ? null : (this.options.token ?? null);
  }

  /** Sends a callback. Once it is under way it is not given up: it may be stored. */
  async send(
    callback: Unsigned,
    { secret = this.known.secret, nowMs = this.theirMs(), write = json as Encode } = {},
  ): Promise<Exchanged> {
    const { type, body } = write(signed(callback, secret, nowMs));
    const reply = await this.post(body, type);
    this.sent.callbackMs.push(reply.ms);
    return reply;
  }

  post(body: string, type = 'application/json'): Promise<Exchanged> {
    return this.ask('/callbacks/zego', { method: 'POST', headers: { 'content-type': type }, body });
  }

  private async ask(path: string, ask: Request): Promise<Exchanged> {
    const reply = await exchange(this.url + path, { ...ask, timeoutMs: this.timeoutMs });
    this.sent.lastMs = reply.ms;
    return reply;
  }

  /** An event that is not kept: even a deployment that checks nothing stores nothing of it. */
  harmless(): Unsigned {
    const fields: Fields & { appid: Value } = { appid: this.options.appid, room_id: this.run, user_id: this.run };
    return { event: 'room_login', fields };
  }

  /** A query of the list that was not sent before, as long as there are some: what is in a cache proves nothing. */
  freshQuery(query: Readonly<Record<string, string>> = { room_id: this.run }): string {
    this.sent.limit = this.sent.limit > 20 ? this.sent.limit - 1 : 100;
    return `/streams?${new URLSearchParams({ ...query, limit: String(this.sent.limit) })}`;
  }

  /** The list of this examination's own room, by a URL that was not asked before. */
  async ofRoom(query: Readonly<Record<string, string>> = {}): Promise<Listed[] | undefined> {
    return (await this.page(this.freshQuery({ room_id: this.run, ...query })))?.streams;
  }

  /** @returns undefined when the response is no page of the list */
  async page(path: string): Promise<Page | undefined> {
    const reply = await this.get(path);
    return reply.status === 200 ? readPageOf(reply) : undefined;
  }

  /** One session, by another URL each time, as long as there are some. */
  async stream({ stream_id, stream_sid }: { stream_id: string; stream_sid: string }): Promise<Reply> {
    const { appid } = this.options;
    const queries = [{ stream_sid }, { appid }, {}, { stream_sid, appid }];
    const times = this.sent.reads.get(stream_id) ?? 0;
    this.sent.reads.set(stream_id, times + 1);
    const query = new URLSearchParams(queries[times % queries.length]);
    return this.get(`/streams/${stream_id}${query.size === 0 ? '' : `?${query}`}`);
  }

  /** Looks until it sees what it looks for, or is out of patience: caches, and then indexes, lag. */
  until<T>(look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
    return this.within(this.patienceMs + Math.min(this.known.freshMs, MOST_FRESH_MS), look, done);
  }

  /** The same, but for so long. */
  within<T>(patienceMs: number, look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
    return lookAgain(look, done, { patienceMs, signal: this.signal });
  }
}

function nothingSent(): Sent {
  return { limit: 100, reads: new Map(), lastMs: 0, callbackMs: [], sessions: new Sessions() };
}

function newRun(): string {
  return `doctor-${randomBytes(6).toString('hex')}`;
}

function json(fields: Fields): { type: string; body: string } {
  return encode(fields, 'json');
}
