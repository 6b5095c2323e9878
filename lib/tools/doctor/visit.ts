import { randomBytes } from 'node:crypto';
import { type Listed, lookAgain } from '../simulator/list.ts';
import type { Value } from '../zego/callbacks.ts';
import { signed, type Unsigned } from '../zego/delivery.ts';
import { encode, type Fields } from '../zego/encoding.ts';
import type { Arguments } from './arguments.ts';
import { type Ask, exchange, jsonOf, type Reply } from './exchange.ts';

/** What a check may need before it can be made. */
export type Need = 'secret' | 'appid' | 'list' | 'session';

export interface VisitOptions {
  /** Ends the visit; what may have been stored is closed all the same. */
  signal: AbortSignal;
  /** How long an answer is awaited. */
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

interface Page {
  streams: Listed[];
  next_cursor: string | null;
}

/** How callbacks are written down. */
export type Encode = (fields: Fields) => { type: string; body: string };

/** One visit to a deployment: what is known of it so far, and how it is asked. */
export class Visit {
  readonly args: Arguments;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly now: () => number;
  /** Begins all ids of this visit. */
  readonly run: string;
  /** Why something is not there; what is not named is there. */
  readonly without: Partial<Record<Need, string>> = {};
  /** How far the deployment's clock is ahead of this machine's. */
  aheadMs = 0;
  /** The one that the deployment has, as far as is known. */
  secret: string;
  /** Whether any signature is accepted. */
  unchecked = false;
  /** Whether the list demands a token. */
  demandsToken = false;
  /** How old an answer of the list may be. */
  freshMs = 0;
  /** How long the last answer took. */
  lastMs = 0;
  /** How long signed callbacks took. */
  readonly callbackMs: number[] = [];
  private readonly patienceMs: number;
  private limit = 100;
  private readonly reads = new Map<string, number>();

  constructor(args: Arguments, options: VisitOptions) {
    const { signal, timeoutMs = 10_000, patienceMs = 10_000, now = Date.now, run = newRun() } = options;
    this.args = args;
    this.run = run;
    this.url = args.url;
    this.signal = signal;
    this.timeoutMs = timeoutMs;
    this.patienceMs = patienceMs;
    this.now = now;
    this.secret = args.secret ?? '';
    if (args.secret === undefined) this.without.secret = args.noSecret;
    this.without.session = 'no stream could be created';
  }

  /** The deployment's clock. */
  theirMs(): number {
    return Math.floor(this.now() + this.aheadMs);
  }

  /** @param token null: none at all */
  get(path: string, { headers = {}, token = this.token() }: Reading = {}): Promise<Reply> {
    const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
    return this.ask(path, { headers: { ...authorization, ...headers }, signal: this.signal });
  }

  /** The one to read the list with. */
  token(): string | null {
    return this.args.token === 'public' || !this.demandsToken ? null : (this.args.token ?? null);
  }

  /** Sends a callback. Once it is under way it is not given up: it may be stored. */
  async tell(callback: Unsigned, { secret = this.secret, nowMs = this.theirMs(), write = json } = {}): Promise<Reply> {
    const { type, body } = write(signed(callback, secret, nowMs));
    const reply = await this.post(body, type);
    this.callbackMs.push(reply.ms);
    return reply;
  }

  post(body: string, type = 'application/json'): Promise<Reply> {
    return this.ask('/callbacks/zego', { method: 'POST', headers: { 'content-type': type }, body });
  }

  private async ask(path: string, request: Omit<Ask, 'timeoutMs'>): Promise<Reply> {
    const reply = await exchange(this.url + path, { ...request, timeoutMs: this.timeoutMs });
    this.lastMs = reply.ms;
    return reply;
  }

  /** An event that is not kept: even a deployment that checks nothing stores nothing of it. */
  harmless(): Unsigned {
    const fields: Fields & { appid: Value } = { appid: this.args.appid, room_id: this.run, user_id: this.run };
    return { event: 'room_login', fields };
  }

  /** A query of the list that was not sent before, as long as there are some: what is in a cache proves nothing. */
  freshQuery(query: Readonly<Record<string, string>>): string {
    this.limit = this.limit > 20 ? this.limit - 1 : 100;
    return `/streams?${new URLSearchParams({ ...query, limit: String(this.limit) })}`;
  }

  /** @returns undefined when the answer is no list */
  async list(path: string): Promise<Listed[] | undefined> {
    return (await this.page(path))?.streams;
  }

  /** The list of this visit's own room, by a URL that was not asked before. */
  ofRoom(query: Readonly<Record<string, string>> = {}): Promise<Listed[] | undefined> {
    return this.list(this.freshQuery({ room_id: this.run, ...query }));
  }

  /** @returns undefined when the answer is no page of the list */
  async page(path: string): Promise<Page | undefined> {
    const reply = await this.get(path);
    const { streams, next_cursor } = (jsonOf(reply) ?? {}) as Partial<Page>;
    const isList = Array.isArray(streams) && streams.every((one) => typeof one?.stream_sid === 'string');
    const isEnd = next_cursor === null;
    if (reply.status !== 200 || !isList || !(isEnd || typeof next_cursor === 'string')) return undefined;
    return { streams, next_cursor };
  }

  /** One session, by another URL each time, as long as there are some. */
  async stream({ stream_id, stream_sid }: { stream_id: string; stream_sid: string }): Promise<Reply> {
    const { appid } = this.args;
    const queries = [{ stream_sid }, { appid }, {}, { stream_sid, appid }];
    const times = this.reads.get(stream_id) ?? 0;
    this.reads.set(stream_id, times + 1);
    const query = new URLSearchParams(queries[times % queries.length]);
    return this.get(`/streams/${stream_id}${query.size === 0 ? '' : `?${query}`}`);
  }

  /** Looks until it sees what it looks for, or is out of patience: caches, and then indexes, lag. */
  until<T>(look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
    return this.within(this.patienceMs + Math.min(this.freshMs, MOST_FRESH_MS), look, done);
  }

  /** The same, but for so long. */
  within<T>(patienceMs: number, look: () => Promise<T>, done: (seen: T) => boolean): Promise<T> {
    return lookAgain(look, done, { patienceMs, signal: this.signal });
  }
}

function newRun(): string {
  return `doctor-${randomBytes(6).toString('hex')}`;
}

function json(fields: Fields): { type: string; body: string } {
  return encode(fields, 'json');
}
