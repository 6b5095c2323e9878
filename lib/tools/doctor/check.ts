import { jsonOf, NoAnswer, type Reply, resultOf } from '../client.ts';
import type { DoctorContext, Known, Need } from './context.ts';
import type { DoctorOptions } from './doctor-options.ts';

/** One thing that is checked of a deployment. */
export interface Check {
  name: string;
  /** What is right. Markdown, as docs/doctor.md has it. */
  description: string;
  /** Without these it is skipped. */
  needs?: readonly Need[];
  /** Whether it was asked for; undefined: it always is. */
  isRequested?: (options: DoctorOptions) => boolean;
  run: (context: DoctorContext) => Promise<Finding>;
}

/** What came of a check. */
export interface Finding {
  /** fail: something is wrong; warn: it may be meant; skip: not checked, and the note says why. */
  state: 'pass' | 'fail' | 'warn' | 'skip';
  note: string;
  /** What to do. */
  advice?: string;
  /** How long the response took. */
  ms?: number;
  /** What the next checks know by it. */
  learned?: Partial<Known>;
}

/** Nothing to do. */
export const pass = (note: string, ms?: number): Finding => finding('pass', note, undefined, ms);
/** Something to do, which the advice says. */
export const fail = (note: string, advice: string, ms?: number): Finding => finding('fail', note, advice, ms);
/** Something to do, unless it is meant. */
export const warn = (note: string, advice: string, ms?: number): Finding => finding('warn', note, advice, ms);
/** Not checked, for the reason of the note. */
export const skip = (note: string, advice?: string): Finding => finding('skip', note, advice);

function finding(state: Finding['state'], note: string, advice?: string, ms?: number): Finding {
  return { state, note, ...(advice === undefined ? {} : { advice }), ...(ms === undefined ? {} : { ms }) };
}

/** The same finding, and what the next checks know by it. */
export function learning(finding: Finding, learned: Partial<Known>): Finding {
  return { ...finding, learned: { ...finding.learned, ...learned } };
}

/** The same finding, which leaves something out: what needs it is skipped. */
export function without(need: Need, why: string, finding: Finding): Finding {
  return learning(finding, { missing: { [need]: why } });
}

const LOGS =
  'A function failed or does not reach its tables or Parameter Store. Its log says why: npx serverless logs -f callback, or -f streams.';

const THROTTLED =
  'API Gateway or Lambda throttles: look at their limits, and at what else calls. ZEGO would come again, but five times only.';
const OTHER_VERSION = 'Is it this API, in this version? Deploy again.';

/** What to do about most of what is not as it should be. */
export const DEPLOY = 'The deployment is another version, or several are mixed: deploy again.';

/** A response that should be another one. A failure of the server needs another advice than a wrong response. */
export function unexpected(reply: Reply, expected: string, advice = OTHER_VERSION): Finding {
  const { status, ms } = reply;
  const what = status === 429 ? THROTTLED : status >= 500 ? LOGS : advice;
  return fail(`${describe(reply)} instead of ${expected}`, what, ms);
}

/** A check during which nothing answered. */
export const silent = ({ message }: NoAnswer): Finding =>
  fail(message, 'It answered before. If that happens again, look at the log of the function: npx serverless logs.');

/**
 * Goes on with a check that has changed the deployment: what was learned by that counts also when nothing answers any
 * more.
 */
export async function knowing(learned: Partial<Known>, finding: Promise<Finding>): Promise<Finding> {
  const found = await finding.catch((error: unknown) => {
    if (error instanceof NoAnswer) return silent(error);
    throw error;
  });
  return learning(found, learned);
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

/** What API Gateway says by itself; of other responses nothing. */
export function gatewayMessage(reply: Reply): string | undefined {
  const { message } = (jsonOf(reply) ?? {}) as { message?: unknown };
  return MESSAGES.find((known) => known === message);
}

/** `401 bad-signature`, `404 "Not Found"` */
export function describe(reply: Reply): string {
  const message = gatewayMessage(reply);
  return `${reply.status} ${resultOf(reply) || (message === undefined ? '' : `"${message}"`)}`.trim();
}
