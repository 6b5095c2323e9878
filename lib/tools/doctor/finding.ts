import { describe, type NoAnswer, type Reply } from './exchange.ts';

/** What came of a check. */
export interface Finding {
  /** fault: something is wrong; remark: it may be meant; skipped: not checked, and the note says why. */
  state: 'fine' | 'fault' | 'remark' | 'skipped';
  note: string;
  /** What to do. */
  advice?: string;
  /** How long the answer took. */
  ms?: number;
}

/** Nothing to do. */
export const fine = (note: string, ms?: number): Finding => finding('fine', note, undefined, ms);
/** Something to do, which the advice says. */
export const fault = (note: string, advice: string, ms?: number): Finding => finding('fault', note, advice, ms);
/** Something to do, unless it is meant. */
export const remark = (note: string, advice: string, ms?: number): Finding => finding('remark', note, advice, ms);
/** Not checked, for the reason of the note. */
export const skipped = (note: string, advice?: string): Finding => finding('skipped', note, advice);

function finding(state: Finding['state'], note: string, advice?: string, ms?: number): Finding {
  return { state, note, ...(advice === undefined ? {} : { advice }), ...(ms === undefined ? {} : { ms }) };
}

const LOGS =
  'A function failed or does not reach its tables or Parameter Store. Its log says why: npx serverless logs -f callback, or -f streams.';

const THROTTLED =
  'API Gateway or Lambda throttles: look at their limits, and at what else calls. ZEGO would come again, but five times only.';
const OTHER_VERSION = 'Is it this API, in this version? Deploy again.';

/** What to do about most of what is not as it should be. */
export const DEPLOY = 'The deployment is another version, or several are mixed: deploy again.';

/** An answer that should be another one. A failure of the server needs another advice than a wrong answer. */
export function unexpected(reply: Reply, expected: string, advice = OTHER_VERSION): Finding {
  const { status, ms } = reply;
  const what = status === 429 ? THROTTLED : status >= 500 ? LOGS : advice;
  return fault(`${describe(reply)} instead of ${expected}`, what, ms);
}

/** A check during which nothing answered. */
export const silent = ({ message }: NoAnswer): Finding =>
  fault(message, 'It answered before. When that comes again, look at the log of the function: npx serverless logs.');
