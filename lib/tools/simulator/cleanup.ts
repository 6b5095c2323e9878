import { type Callback, CLOSE, roomClose, streamClose } from '../zego/callbacks.ts';
import { createDelivery, type Delivery } from '../zego/delivery.ts';
import { createRandom } from '../zego/random.ts';
import type { SimulatorOptions } from './simulator-options.ts';

export interface Left {
  /** Every callback of which an attempt was made: the target may have taken it, whatever came back. */
  sent: Iterable<Callback>;
  deliveries: readonly Delivery[];
  /** What is listed, by `stream_sid`; undefined: unknown, and all is closed that may be live. */
  listed?: ReadonlySet<string>;
  /** How often each callback is tried at most. */
  attempts?: number;
}

/**
 * Leaves nothing live behind: tells the end of the streams and of the rooms.
 * @returns how many streams the target was told the end of
 */
export async function cleanUp(
  options: SimulatorOptions,
  { sent, deliveries, listed, attempts = Infinity }: Left,
): Promise<number> {
  const told = [...sent];
  const calm = { duplicate: 0, delay: 0, lose: 0, signal: new AbortController().signal };
  const deliver = createDelivery({ ...options, ...calm, attempts, random: createRandom(options.seed, 2) });
  const closes = streamCloses(told).filter(({ fields }) => listed?.has(fields.stream_sid) ?? true);
  const closed = await Promise.all(closes.map(deliver));
  await Promise.all(roomCloses(told, deliveries).map(deliver));
  return closed.filter(({ outcome }) => outcome === 'accepted').length;
}

function streamCloses(told: readonly Callback[]) {
  const last = told.reduce((seq, { fields }) => Math.max(seq, Number(fields.stream_seq ?? 0)), 0);
  const publishings = new Map(
    told.flatMap((callback) =>
      callback.kind === 'stream' ? [[callback.publishing.stream_sid, callback.publishing]] : [],
    ),
  );
  return [...publishings.values()].map((publishing) => streamClose(publishing, last + 1, Date.now(), CLOSE.stop));
}

function roomCloses(told: readonly Callback[], deliveries: readonly Delivery[]): Callback[] {
  const open = new Map(
    told.map((callback) => {
      const room = callback.kind === 'room' ? callback.room : callback.publishing;
      return [room.room_session_id, room];
    }),
  );
  for (const { callback, outcome } of deliveries) {
    if (callback.event === 'room_close' && outcome === 'accepted') open.delete(callback.room.room_session_id);
  }
  return [...open.values()].map((room) => roomClose(room, Date.now(), CLOSE.stop));
}
