import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import pLimit from 'p-limit';
import { sign } from '../../zego/signature.ts';
import { NoAnswer, request, resultOf, TIMEOUT_MS } from '../client.ts';
import type { Callback, Value } from './callbacks.ts';
import { ENCODING_NAMES, type Encoding, encode, type Fields } from './encoding.ts';
import type { Random } from './random.ts';

/** How long after the previous attempt ZEGO tries again. After the last one the callback is lost. */
export const RETRY_MS = [2000, 4000, 8000, 16_000, 32_000];
const DELAY_MS = [1000, 30_000] as const;
const REPEAT_MS = [0, 10_000] as const;
const AT_ONCE = 16;

/** What came back of one attempt. */
export interface Answer {
  /** undefined: no answer */
  status: number | undefined;
  /** `applied`, the code of a problem, why there was no answer. */
  told: string;
  /** When the request was made, on the clock of `performance.now()`, and how long it took. */
  startMs: number;
  durationMs: number;
}

export interface DeliveryOptions {
  /** Base URL of the API. */
  url: string;
  secret: string;
  encoding: Encoding | 'mixed';
  /** Waiting times are divided by it. */
  speed: number;
  /** Probabilities: sent again though accepted; sent late; never sent. */
  duplicate: number;
  delay: number;
  lose: number;
  random: Random;
  /** Ends all waiting, and rejects with its reason. Requests under way are finished. */
  signal: AbortSignal;
  /** How often a callback is sent at most until it is accepted. */
  attempts?: number;
  /** Called before each attempt. */
  onAttempt?: (callback: Callback) => void;
  onAnswer?: (answer: Answer) => void;
}

/** What became of one callback. */
export interface Delivery {
  callback: Callback;
  /** refused: by the target, each time. lost: never sent. */
  outcome: 'accepted' | 'refused' | 'lost';
  delayed: boolean;
  /** How many of the answers came after it had been accepted. */
  repeats: number;
  answers: readonly Answer[];
}

export type Deliver = (callback: Callback) => Promise<Delivery>;

/**
 * Sends callbacks as ZEGO does. What is lost, delayed or repeated is decided when it is called, so that the order of
 * calls and the seed settle it.
 */
export function createDelivery(options: DeliveryOptions): Deliver {
  const { url, secret, speed, random, signal, onAttempt = () => {}, onAnswer = () => {} } = options;
  const retriesMs = RETRY_MS.slice(0, (options.attempts ?? Infinity) - 1);
  const limit = pLimit(AT_ONCE);
  setMaxListeners(0, signal);
  const pause = (ms: number) => wait(Math.max(0, ms), undefined, { signal });

  function fate() {
    return {
      lost: random.chance(options.lose),
      delayed: random.chance(options.delay),
      delayMs: random.integer(...DELAY_MS) / speed,
      repeated: random.chance(options.duplicate),
      repeatMs: random.integer(...REPEAT_MS) / speed,
      encoding: pickEncoding(options.encoding, random),
      arrays: random.pick(['numbered', 'plain'] as const),
      // Whether a retry is signed again is not documented.
      signsAgain: random.chance(0.5),
    };
  }

  return async function deliver(callback) {
    const { lost, delayed, delayMs, repeated, repeatMs, encoding, arrays, signsAgain } = fate();
    const answers: Answer[] = [];
    if (lost) return { callback, outcome: 'lost', delayed: false, repeats: 0, answers };

    let fields: Fields | undefined;
    const attempt = async () => {
      if (fields === undefined || signsAgain) fields = signed(callback, secret);
      const encoded = encode(fields, encoding, arrays);
      const answer = await limit(() => {
        signal.throwIfAborted();
        onAttempt(callback);
        return post(`${url}/callbacks/zego`, encoded);
      });
      answers.push(answer);
      onAnswer(answer);
      return answer;
    };
    const untilAccepted = async () => {
      let last = await attempt();
      for (const retryMs of retriesMs) {
        if (isAccepted(last)) break;
        await pause(last.startMs + retryMs / speed - performance.now());
        last = await attempt();
      }
      return isAccepted(last);
    };

    if (delayed) await pause(delayMs);
    const accepted = await untilAccepted();
    const attempts = answers.length;
    if (accepted && repeated) {
      await pause(repeatMs);
      await untilAccepted();
    }
    const outcome = accepted ? 'accepted' : 'refused';
    return { callback, outcome, delayed, repeats: answers.length - attempts, answers };
  };
}

/** Sends a callback once. It never rejects: that nothing answers is an answer. */
async function post(url: string, { type, body }: { type: string; body: string }): Promise<Answer> {
  const startMs = performance.now();
  try {
    const reply = await request(url, { method: 'POST', headers: { 'content-type': type }, body });
    return { status: reply.status, told: resultOf(reply), startMs, durationMs: reply.ms };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    const told = error.code === 'TIMEOUT' ? `none within ${TIMEOUT_MS / 1000} s` : error.code;
    return { status: undefined, told, startMs, durationMs: performance.now() - startMs };
  }
}

export function isAccepted({ status = 0 }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** `503 store-unavailable` */
export function describeAnswer({ status, told }: Answer): string {
  return status === undefined ? `no answer (${told})` : `${status} ${told}`.trim();
}

function pickEncoding(encoding: Encoding | 'mixed', random: Random): Encoding {
  const picked = random.pick(ENCODING_NAMES);
  return encoding === 'mixed' ? picked : encoding;
}

/** What there is to sign of a callback. */
export interface Unsigned {
  event: string;
  fields: Fields & { appid: Value };
}

/**
 * Signed as both kinds of events have it: `timestamp` is a number in `room_*`.
 * @param nowMs ZEGO's clock
 */
export function signed({ event, fields }: Unsigned, secret: string, nowMs = Date.now()): Fields {
  const timestamp = String(Math.floor(nowMs / 1000));
  const nonce = String(randomInt(2 ** 47));
  const { appid, ...more } = fields;
  return {
    event,
    appid,
    timestamp: event.startsWith('room_') ? BigInt(timestamp) : timestamp,
    nonce,
    signature: sign({ secret, timestamp, nonce }),
    ...more,
  };
}
