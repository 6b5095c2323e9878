import { setTimeout as wait } from 'node:timers/promises';
import { causeOf } from './attempt.ts';

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
  token: string | undefined;
}

const TIMEOUT_MS = 10_000;

/**
 * The whole live list of an app, page by page.
 * @param atMostPages to look only whether it answers, one is enough
 * @throws Error with one sentence that says what to do
 */
export async function readList({ url, appid, token }: ListOptions, atMostPages = Infinity): Promise<Listed[]> {
  const listed: Listed[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null && page < atMostPages; page++) {
    const query = new URLSearchParams({ limit: '100', appid, ...(cursor === '' ? {} : { cursor }) });
    const { streams, next_cursor } = await readPage(`${url}/streams?${query}`, token);
    listed.push(...streams);
    cursor = next_cursor;
  }
  return listed;
}

interface Page {
  streams: Listed[];
  next_cursor: string | null;
}

async function readPage(url: string, token: string | undefined): Promise<Page> {
  const { origin, pathname } = new URL(url);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((error: Error) => {
    throw new Error(`${origin} does not answer (${causeOf(error)}): is --url right, and is the API up?`);
  });
  if (response.status === 401) {
    const what = token === undefined ? 'demands a token' : 'refuses the token';
    throw new Error(`The list ${what}: give one of the target's LIST_TOKEN with --token or in LIST_TOKEN.`);
  }
  const text = await response.text();
  const page = response.ok ? readJson(text) : undefined;
  if (page === undefined) {
    throw new Error(`GET ${origin}${pathname} answers ${response.status} and no list: is --url the API's base URL?`);
  }
  return page;
}

function readJson(text: string): Page | undefined {
  try {
    const page = JSON.parse(text) as Partial<Page>;
    return Array.isArray(page.streams) && page.next_cursor !== undefined ? (page as Page) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Looks again until it finds what is looked for, or has done so for a while: a list may be a moment late.
 * @returns the last look
 * @throws Error when the last look failed
 */
export async function lookAgain<T>(look: () => Promise<T>, done: (seen: T) => boolean, patienceMs: number): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  for (;;) {
    const last = performance.now() >= untilMs;
    try {
      const seen = await look();
      if (last || done(seen)) return seen;
    } catch (error) {
      if (last) throw error;
    }
    await wait(Math.min(1000, patienceMs));
  }
}
