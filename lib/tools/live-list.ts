import { setTimeout as wait } from 'node:timers/promises';
import { freshMsOf, jsonOf, NoAnswer, type Reply, request } from './client.ts';

/** A session as `GET /streams` shows it. */
export interface Listed {
  stream_sid: string;
  stream_id: string;
  room_id: string;
  readonly [field: string]: unknown;
}

export interface ListOptions {
  /** Base URL of the API. */
  url: string;
  appid: string;
  /** Only this room. */
  room_id?: string;
  token: string | undefined;
  /** Ends the reading, and rejects with its reason. */
  signal: AbortSignal;
}

/** How the list is read: it must show the same whatever the order and the size of the pages. */
export interface Paging {
  order: 'newest' | 'oldest';
  limit: number;
}

/**
 * The whole live list of an app, page by page.
 * @throws Error with one sentence that says what to do
 */
export async function readList(options: ListOptions, paging: Paging): Promise<Listed[]> {
  const listed: Listed[] = [];
  // An empty cursor would be none: the first page again.
  const cursors = new Set<string | null>(['']);
  // A session that a recreate moved while the list is read may come twice, with another time.
  const known = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { streams, next_cursor } = await readPage(options, paging, cursor);
    const before = known.size;
    for (const one of streams) known.add(`${one.stream_sid} ${one.create_time_ms}`);
    if (next_cursor !== null && (cursors.has(next_cursor) || known.size === before)) {
      throw new Error(`The list never ends: after ${listed.length + streams.length} streams a page leads back.`);
    }
    listed.push(...streams);
    cursors.add(next_cursor);
    cursor = next_cursor;
  }
  return listed;
}

export interface Page {
  streams: Listed[];
  next_cursor: string | null;
  /** For how long caches may show it, in ms. */
  freshMs: number;
}

/**
 * @param cursor empty: the first page
 * @throws Error with one sentence that says what to do
 */
export async function readPage(options: ListOptions, { order, limit }: Paging, cursor = ''): Promise<Page> {
  const { url, appid, room_id, token, signal } = options;
  const part = { ...(room_id === undefined ? {} : { room_id }), ...(cursor === '' ? {} : { cursor }) };
  const query = new URLSearchParams({ appid, order, limit: String(limit), ...part });
  const reply = await get(`${url}/streams?${query}`, token, signal);
  const { status } = reply;
  if (status === 401) {
    const what = token === undefined ? 'demands a token' : 'refuses the token';
    throw new Error(`The list ${what}: give one of the target's LIST_TOKEN with --token or in LIST_TOKEN.`);
  }
  if (status >= 500) throw new Error(`GET ${url}/streams answers ${status}: look at the log of the target.`);
  const page = status === 200 ? readPageOf(reply) : undefined;
  if (page === undefined) {
    throw new Error(`GET ${url}/streams answers ${status} and no list: is --url the API's base URL?`);
  }
  return page;
}

async function get(url: string, token: string | undefined, signal: AbortSignal): Promise<Reply> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  try {
    return await request(url, { headers, signal });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const { origin } = new URL(url);
    throw new Error(`${origin} does not answer (${error.code}): is --url right, and is the API up?`);
  }
}

/** @returns undefined when a response is no page of the list */
export function readPageOf(reply: Reply): Page | undefined {
  const { streams, next_cursor } = (jsonOf(reply) ?? {}) as Partial<Page>;
  if (!Array.isArray(streams) || !streams.every(isListed)) return undefined;
  if (next_cursor !== null && typeof next_cursor !== 'string') return undefined;
  return { streams, next_cursor, freshMs: freshMsOf(reply) };
}

function isListed(one: Partial<Listed> | null): boolean {
  const { stream_sid, stream_id, room_id } = one ?? {};
  return [stream_sid, stream_id, room_id].every((value) => typeof value === 'string');
}

/**
 * Looks again until it finds what is looked for, or has done so for a while: a list may be a moment late.
 * @returns the last look
 * @throws Error when the last look failed, or the reason of the signal
 */
export async function lookAgain<T>(
  look: () => Promise<T>,
  done: (seen: T) => boolean,
  { patienceMs, signal }: { patienceMs: number; signal: AbortSignal },
): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const last = performance.now() >= untilMs;
    try {
      const seen = await look();
      if (last || done(seen)) return seen;
    } catch (error) {
      if (last || signal.aborted) throw error;
    }
    await wait(Math.min(1000, patienceMs), undefined, { signal });
  }
}
