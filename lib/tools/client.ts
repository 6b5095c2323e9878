import { PROBLEMS } from '../errors.ts';

/** How long a response is awaited. ZEGO's own limit is not documented. */
export const TIMEOUT_MS = 10_000;

export interface Request {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs?: number;
  /** Gives up early, and rejects with its reason. */
  signal?: AbortSignal;
}

/** A response, whatever it says. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  /** When the request was made, on the clock of `performance.now()`, and how long it took. */
  startMs: number;
  ms: number;
}

/** Nothing answered. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  /** `ECONNREFUSED`, `CERT_HAS_EXPIRED`, `TIMEOUT`, … */
  readonly code: string;

  constructor(code: string, timeoutMs: number) {
    super(code === 'TIMEOUT' ? `no answer within ${timeoutMs / 1000} s` : `no answer: ${code}`);
    this.code = code;
  }
}

/**
 * Sends one request. A redirect is a response: ZEGO is not known to follow any.
 * @throws NoAnswer, or the reason of the signal
 */
export async function request(url: string, options: Request = {}): Promise<Reply> {
  const { timeoutMs = TIMEOUT_MS, signal, ...init } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signals = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  const startMs = performance.now();
  try {
    const response = await fetch(url, { ...init, redirect: 'manual', signal: signals });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, startMs, ms: performance.now() - startMs };
  } catch (error) {
    signal?.throwIfAborted();
    const { name, cause } = error as Error;
    const { code } = (cause ?? {}) as { code?: unknown };
    const isLate = name === 'TimeoutError' || /_TIMEOUT$|^ETIMEDOUT$/.test(String(code));
    throw new NoAnswer(isLate ? 'TIMEOUT' : typeof code === 'string' ? code : 'UNKNOWN', timeoutMs);
  }
}

/** @returns undefined when the text is no JSON */
export function jsonOf({ text }: Pick<Reply, 'text'>): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const RESULTS = ['applied', 'unchanged', 'ignored'];

/** A result or the code of a problem when it is one of ours: what others send may be anything, a secret too. */
export function resultOf(reply: Pick<Reply, 'text'>): string {
  const { result, type } = (jsonOf(reply) ?? {}) as { result?: unknown; type?: unknown };
  const found = String(result ?? type ?? '').replace(/^.*:/, '');
  return RESULTS.includes(found) || Object.hasOwn(PROBLEMS, found) ? found : '';
}

/** For how long caches may show a response, in ms. */
export function freshMsOf({ headers }: Pick<Reply, 'headers'>): number {
  const [, seconds = 0] = /\bmax-age=(\d+)/.exec(headers.get('cache-control') ?? '') ?? [];
  return Number(seconds) * 1000;
}
