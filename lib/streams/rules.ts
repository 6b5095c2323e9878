import type { Standing } from './session.ts';

/** `told`: a close said so. Inferred endings will stand beside it. */
export type Verdict = 'live' | 'told';

/**
 * The rules of the live list: the sessions of one stream in one room → who is live, who ended and why. A function of
 * facts alone: the view that is stored is never evidence, so a wrong one is put right by the next callback.
 * @returns one verdict for each session, in the same order
 */
export function judge(sessions: readonly Standing[]): Verdict[] {
  return sessions.map(toldBy);
}

/**
 * Rule 1. Told to be live while the create's `stream_seq` is larger than the close's. Neither times nor room sessions
 * decide: ZEGO's own sample close names another room session than its sample create and a seq 699 higher.
 */
function toldBy({ create_seq, close_seq }: Standing): Verdict {
  return create_seq !== null && create_seq > (close_seq ?? -1) ? 'live' : 'told';
}
