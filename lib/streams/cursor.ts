import { createHash } from 'node:crypto';
import { Problem } from '../errors.ts';
import { MAX_SORT_KEY_BYTES } from '../limits.ts';
import type { Order } from './store.ts';

/** What a cursor belongs to. `limit` is no part of it: it may change from page to page. */
export interface CursorQuery {
  order: Order;
  room_id: string | undefined;
  appid: string | undefined;
}

/** Changes when a position means something else: cursors of another release are then refused, not misread. */
const FORMAT = 1;
const QUERY_BYTES = 6;
const CHECKSUM_BYTES = 6;

/**
 * An opaque page token in base64url:
 *
 *     format (1 byte) | digest of the query (6) | position | checksum of all that (6)
 *
 * It guards against mistakes, not against people: a made-up position shows nothing that the list does not show anyway.
 * @param position the list entry's position after which the next page starts
 */
export function encodeCursor(position: string, query: CursorQuery): string {
  const sealed = Buffer.concat([Buffer.of(FORMAT), queryDigest(query), Buffer.from(position)]);
  return Buffer.concat([sealed, digest(sealed, CHECKSUM_BYTES)]).toString('base64url');
}

/**
 * @returns the position
 * @throws Problem `invalid-cursor`
 */
export function decodeCursor(cursor: string, query: CursorQuery): string {
  const bytes = Buffer.from(cursor, 'base64url');
  const sealed = bytes.subarray(0, -CHECKSUM_BYTES);
  const position = sealed.subarray(1 + QUERY_BYTES).toString();
  const isWhole =
    // Node skips what is no base64url.
    bytes.toString('base64url') === cursor && digest(sealed, CHECKSUM_BYTES).equals(bytes.subarray(-CHECKSUM_BYTES));
  const isKey = position !== '' && Buffer.byteLength(position) <= MAX_SORT_KEY_BYTES;
  if (!isWhole || !isKey || sealed[0] !== FORMAT) throw invalidCursor('is broken, or of another release');
  if (!queryDigest(query).equals(sealed.subarray(1, 1 + QUERY_BYTES))) {
    throw invalidCursor('belongs to another order, room_id or appid');
  }
  return position;
}

function invalidCursor(fault: string): Problem {
  return new Problem('invalid-cursor', `cursor ${fault}. Start again without it.`);
}

function queryDigest({ order, room_id, appid }: CursorQuery): Buffer {
  return digest(JSON.stringify([order, room_id ?? null, appid ?? null]), QUERY_BYTES);
}

function digest(data: string | Buffer, bytes: number): Buffer {
  return createHash('sha256').update(data).digest().subarray(0, bytes);
}
