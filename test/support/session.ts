import { blankSession, merge, type Session, withView } from '../../lib/streams/session.ts';
import { closeEvent, createEvent } from './callback.ts';

/** A session as a create, a close or both leave it, with fields of ZEGO's samples changed; live without a close. */
export function sessionOf(
  create: Record<string, unknown> | null,
  close: Record<string, unknown> | null,
  nowMs: number,
): Session {
  const blank = blankSession(createEvent());
  let session = blank;
  if (create !== null) session = merge(session, createEvent(create), nowMs);
  if (close !== null) session = merge(session, closeEvent(close), nowMs);
  return withView(blank, session, close === null, { nowMs, maxLiveMs: 1000, retentionMs: 1000 });
}
