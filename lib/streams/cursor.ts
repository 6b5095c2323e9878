import { createHash } from 'node:crypto';
import { Problem } from '../errors.ts';
import type { Order } from './commands.ts';

/** What a cursor belongs to. `limit` is no part of it: it may change from page to page. */
export interface CursorQuery {
  order: Order;
  room_id: string | undefined;
  appid: string | undefined;
}

/** Changes when a position means something else: cursors of an older release are then refused, not misread. */
const FORMAT = 1;
const DIGEST_BYTES = 9;

/**
 * An opaque page token: a `live_key`, and a digest over it and its query. The digest tells a damaged cursor and one of
 * another query. It guards against mistakes, not against people: a made-up position shows nothing that the list does
 * not show anyway.
 * @param position the `live_key` after which the next page starts
 */
export function encodeCursor(position: string, query: CursorQuery): string {
  return Buffer.concat([digest(position, query), Buffer.from(position)]).toString('base64url');
}

/**
 * @returns the position
 * @throws Problem `invalid-cursor`
 */
export function decodeCursor(cursor: string, query: CursorQuery): string {
  const position = Buffer.from(cursor, 'base64url').subarray(DIGEST_BYTES).toString();
  // Encoded again it must be the same text: so neither odd padding nor bytes that are no UTF-8 get through.
  if (position === '' || encodeCursor(position, query) !== cursor) {
    throw new Problem(
      'invalid-cursor',
      'cursor is broken, or belongs to another order, room_id or appid. Start again without it.',
    );
  }
  return position;
}

function digest(position: string, { order, room_id, appid }: CursorQuery): Buffer {
  const sealed = JSON.stringify([FORMAT, order, room_id ?? null, appid ?? null, position]);
  return createHash('sha256').update(sealed).digest().subarray(0, DIGEST_BYTES);
}
