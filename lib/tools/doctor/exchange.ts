import { PROBLEMS } from '../../errors.ts';
import { toldBy } from '../zego/attempt.ts';

export interface Ask {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  timeoutMs: number;
  /** Gives up early, and rejects with its reason. */
  signal?: AbortSignal;
}

/** An answer, whatever it says. */
export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  ms: number;
  /** Whether it was sent before, and that answer was lost. */
  again?: true;
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
 * Asks, and once more when no answer comes, as ZEGO does: one may be lost anywhere, a second one is not lost by chance.
 * @throws NoAnswer, or the reason of the signal
 */
export async function exchange(url: string, ask: Ask): Promise<Reply> {
  try {
    return await exchangeOnce(url, ask);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { ...(await exchangeOnce(url, ask)), again: true };
  }
}

async function exchangeOnce(url: string, { timeoutMs, signal, ...request }: Ask): Promise<Reply> {
  const startMs = performance.now();
  const timeout = AbortSignal.timeout(timeoutMs);
  const signals = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    // A redirect is an answer: ZEGO is not known to follow any.
    const response = await fetch(url, { ...request, redirect: 'manual', signal: signals });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, ms: performance.now() - startMs };
  } catch (error) {
    signal?.throwIfAborted();
    const { name, cause } = error as Error;
    const { code } = (cause ?? {}) as { code?: unknown };
    const isLate = name === 'TimeoutError' || /_TIMEOUT$|^ETIMEDOUT$/.test(String(code));
    throw new NoAnswer(isLate ? 'TIMEOUT' : typeof code === 'string' ? code : 'UNKNOWN', timeoutMs);
  }
}

const RESULTS = ['applied', 'unchanged', 'ignored'];

/** A result or the code of a problem, when it is one of ours: what others tell may be anything, a secret too. */
export function told({ text }: Reply): string {
  const found = toldBy(text);
  return RESULTS.includes(found) || Object.hasOwn(PROBLEMS, found) ? found : '';
}

/** Whether a callback was taken as news: when its first answer was lost, it may be a repeat by now. */
export function isApplied(reply: Reply): boolean {
  return told(reply) === 'applied' || (reply.again === true && told(reply) === 'unchanged');
}

/** API Gateway's own answers. */
const MESSAGES = [
  'Not Found',
  'Forbidden',
  'Missing Authentication Token',
  'Unauthorized',
  'Internal Server Error',
  'Service Unavailable',
  'Too Many Requests',
];

/** What API Gateway says by itself; of other answers nothing. */
export function gatewayMessage(reply: Reply): string | undefined {
  const { message } = (jsonOf(reply) ?? {}) as { message?: unknown };
  return MESSAGES.find((known) => known === message);
}

/** `401 bad-signature`, `404 "Not Found"` */
export function describe(reply: Reply): string {
  const message = gatewayMessage(reply);
  return `${reply.status} ${told(reply) || (message === undefined ? '' : `"${message}"`)}`.trim();
}

/** @returns undefined when it is no JSON */
export function jsonOf({ text }: Reply): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
