import type { Arguments } from './arguments.ts';
import { type Callback, CLOSE, roomClose, streamClose } from './callbacks.ts';
import { createDelivery, type Delivery } from './delivery.ts';
import type { Listed } from './list.ts';
import { createRandom } from './random.ts';

/**
 * Leaves nothing live behind: closes what is still listed, and the rooms that are open.
 * @param deliveries what was told so far
 * @returns how many streams it closed
 */
export async function cleanUp(
  args: Arguments,
  deliveries: readonly Delivery[],
  listed: readonly Listed[],
): Promise<number> {
  const told = deliveries.filter(({ outcome }) => outcome === 'accepted').map(({ callback }) => callback);
  const calm = { duplicate: 0, delay: 0, lose: 0, signal: new AbortController().signal };
  const deliver = createDelivery({ ...args, ...calm, random: createRandom(args.seed, 2) });
  const sids = new Set(listed.map(({ stream_sid }) => stream_sid));
  const closed = await Promise.all(streamCloses(told, sids).map(deliver));
  await Promise.all(roomCloses(told).map(deliver));
  return closed.filter(({ outcome }) => outcome === 'accepted').length;
}

function streamCloses(told: readonly Callback[], sids: ReadonlySet<string>): Callback[] {
  const last = told.reduce((seq, { fields }) => Math.max(seq, Number(fields.stream_seq ?? 0)), 0);
  const publishings = new Map(
    told.flatMap((callback) =>
      'publishing' in callback ? [[callback.publishing.stream_sid, callback.publishing]] : [],
    ),
  );
  return [...publishings.values()]
    .filter(({ stream_sid }) => sids.has(stream_sid))
    .map((publishing, i) => streamClose(publishing, last + 1 + i, Date.now(), CLOSE.stop));
}

function roomCloses(told: readonly Callback[]): Callback[] {
  const open = new Map(
    told.flatMap((callback) =>
      callback.event === 'room_create' ? [[callback.room.room_session_id, callback.room]] : [],
    ),
  );
  for (const { event, fields } of told) if (event === 'room_close') open.delete(String(fields.room_session_id));
  return [...open.values()].map((room) => roomClose(room, Date.now(), CLOSE.stop));
}
