import { createHash, timingSafeEqual } from 'node:crypto';
import { invalidField, Problem } from '../errors.ts';
import type { ZegoRecord } from './body.ts';

export interface SignatureInput {
  /** The project's CallbackSecret. (The ServerSecret is another one, for calls to ZEGO.) */
  secret: string;
  timestamp: string;
  nonce: string;
}

/**
 * ZEGO's signature of a callback: lower-case hex SHA-1 of secret, timestamp and nonce, sorted as bytes and joined.
 * It covers no other field.
 * Source: https://doc-zh.zego.im/article/19700
 */
export function sign({ secret, timestamp, nonce }: SignatureInput): string {
  const parts = [secret, timestamp, nonce].map((part) => Buffer.from(part)).sort(Buffer.compare);
  return createHash('sha1').update(Buffer.concat(parts)).digest('hex');
}

export interface VerifyOptions {
  /** CallbackSecrets that are accepted: several while one replaces another. */
  secrets: readonly string[];
  /** How far `timestamp` may be from now, both ways, in seconds. 0 switches the check off. */
  windowSeconds: number;
  /** Our clock, in ms. */
  nowMs: number;
}

/** What every callback carries, as it was sent. */
export interface Envelope {
  /** The event's name: lower case with underscores, or PascalCase keys' own. */
  event: string;
  /** Digits. */
  timestamp: string;
  nonce: string;
  signature: string;
  /** Whether the envelope's keys are PascalCase, as some of ZEGO's newer products send them. */
  pascalCase: boolean;
}

/** The same, once it is known to come from ZEGO. */
export interface Verified extends Pick<Envelope, 'event' | 'pascalCase'> {
  /** `timestamp` of the callback in ms. */
  timestampMs: number;
  /** Which of `secrets` matched, from 1: for the log, so that a rotation can be finished. */
  secret: number;
}

/**
 * Reads what is needed to verify a callback: it needs no secret.
 * @throws Problem `invalid-field`
 */
export function readEnvelope(record: ZegoRecord): Envelope {
  const pascalCase = (record.event ?? null) === null && (record.Event ?? null) !== null;
  const event = envelopeField(record, 'event', pascalCase);
  const timestamp = envelopeField(record, 'timestamp', pascalCase);
  const nonce = envelopeField(record, 'nonce', pascalCase);
  const signature = envelopeField(record, 'signature', pascalCase);
  if (!/^\d+$/.test(timestamp)) {
    throw invalidField(pascalCase ? 'Timestamp' : 'timestamp', 'must be a non-negative integer.');
  }
  return { event, timestamp, nonce, signature, pascalCase };
}

/**
 * Checks that ZEGO signed a callback, and when.
 * @throws Problem `bad-signature` or `timestamp-outside-window`, checked in this order
 */
export function verify(envelope: Envelope, { secrets, windowSeconds, nowMs }: VerifyOptions): Verified {
  const { event, timestamp, nonce, signature, pascalCase } = envelope;
  const given = Buffer.from(signature.toLowerCase());
  // Every secret is tried whatever the others say, so that time tells nothing about them.
  const matches = secrets.map((secret) => {
    const expected = Buffer.from(sign({ secret, timestamp, nonce }));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
  const secret = matches.indexOf(true) + 1;
  if (secret === 0) {
    throw new Problem('bad-signature', 'No configured CallbackSecret gives this signature.');
  }

  const timestampMs = toMs(Number(timestamp));
  const aheadMs = timestampMs - nowMs;
  if (windowSeconds > 0 && Math.abs(aheadMs) > windowSeconds * 1000) {
    throw new Problem('timestamp-outside-window', `timestamp is more than ${windowSeconds} s away from our clock.`, {
      reason: aheadMs > 0 ? 'timestamp-too-far-ahead' : 'timestamp-too-old',
    });
  }
  return { event, timestampMs, pascalCase, secret };
}

/** Most events tell seconds; ZEGO's AI agent tells ms, which have 13 digits from 2001 to 2286. */
function toMs(timestamp: number): number {
  return timestamp >= 1e12 && timestamp < 1e13 ? timestamp : timestamp * 1000;
}

function envelopeField(record: ZegoRecord, name: string, pascalCase: boolean): string {
  const pascal = name.charAt(0).toUpperCase() + name.slice(1);
  const value = record[name] ?? record[pascal];
  if (typeof value !== 'string' || value === '') {
    throw invalidField(pascalCase ? pascal : name, 'must be a string or a number, and not empty.');
  }
  return value;
}
