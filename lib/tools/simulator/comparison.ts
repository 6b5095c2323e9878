import { isDeepStrictEqual } from 'node:util';
import type { Listed } from '../live-list.ts';
import { type Publishing, type StreamCallback, shownBy } from '../zego/callbacks.ts';
import { type Delivery, describeAnswer } from '../zego/delivery.ts';

export interface Difference {
  kind: 'missing' | 'ghost' | 'unknown' | 'wrong field' | 'listed twice' | 'in one order only' | 'out of order';
  stream_sid: string;
  stream_id: string;
  room_id: string;
  /** Only by callbacks that were never sent. */
  explained: boolean;
  why: string;
}

/** `room_create` ends what began this long before it. */
const ROOM_GRACE_MS = 2000;

interface Told extends Delivery {
  callback: StreamCallback;
}

/**
 * Where the list is not as it should be, and why.
 * @param onAir what is on air
 * @param deliveries what became of every callback
 * @param listed our part of the list
 */
export function compare(
  onAir: readonly Publishing[],
  deliveries: readonly Delivery[],
  listed: readonly Listed[],
): Difference[] {
  const creates = grouped(deliveries.filter(isCreate), ({ callback }) => callback.fields.stream_sid);
  const listings = new Map(listed.map((listing) => [listing.stream_sid, listing]));
  const truth = new Map(onAir.map((publishing) => [publishing.stream_sid, publishing]));

  const missing = onAir
    .filter(({ stream_sid }) => !listings.has(stream_sid))
    .map((publishing) =>
      difference('missing', publishing, whyMissing(creates.get(publishing.stream_sid) ?? [], deliveries)),
    );

  const wrong = [...listings].flatMap(([stream_sid, listing]) => {
    const own = creates.get(stream_sid);
    if (own === undefined) return [difference('unknown', listing, { why: 'no callback ever told of it' })];
    if (!truth.has(stream_sid)) return [difference('ghost', listing, whyGhost(own, deliveries))];
    return wrongFields(listing, own);
  });
  return [...missing, ...wrong];
}

interface Reason {
  explained?: boolean;
  why: string;
}

export function difference(
  kind: Difference['kind'],
  { stream_sid, stream_id, room_id }: Pick<Publishing, 'stream_sid' | 'stream_id' | 'room_id'>,
  { explained = false, why }: Reason,
): Difference {
  return { kind, stream_sid, stream_id, room_id, explained, why };
}

/** Explained when its latest create was lost, and nothing that was accepted keeps it live. */
function whyMissing(creates: readonly Told[], deliveries: readonly Delivery[]): Reason {
  const last = latest(creates);
  const known = latest(creates.filter(isAccepted));
  if (known !== undefined && !deliveries.some((one) => isAccepted(one) && ends(one, known.callback))) {
    return { why: `${fateOf(known)}, and nothing that ends it was` };
  }
  return { explained: last?.outcome === 'lost', why: last === undefined ? 'nothing told of it' : fateOf(last) };
}

/** Explained when all that would have ended it was lost. */
function whyGhost(creates: readonly Told[], deliveries: readonly Delivery[]): Reason {
  const known = latest(creates.filter(isAccepted));
  if (known === undefined) return { why: 'none of its creates was accepted' };
  const enders = deliveries.filter((delivery) => ends(delivery, known.callback));
  const reached = enders.find(isAccepted) ?? enders.find(({ outcome }) => outcome === 'refused');
  if (reached !== undefined) return { why: fateOf(reached) };
  return { explained: enders.length > 0, why: enders.map(fateOf).join('; ') || 'nothing told of its end' };
}

/** Whether this callback, had it arrived, would have ended the session that is known by this create. */
function ends({ callback: { event, fields } }: Delivery, { fields: session }: StreamCallback): boolean {
  if (fields.room_id !== session.room_id) return false;
  const sameRoomSession = String(fields.room_session_id) === session.room_session_id;
  const laterSeq = Number(fields.stream_seq) > Number(session.stream_seq);
  const laterMs = Number(fields.create_time_ms) - Number(session.create_time_ms);
  switch (event) {
    case 'room_close':
      return sameRoomSession;
    case 'room_create':
      return !sameRoomSession && Number(fields.room_create_time) - Number(session.create_time_ms) > ROOM_GRACE_MS;
    default:
      if (fields.stream_id !== session.stream_id) return false;
      if (fields.stream_sid === session.stream_sid) return event === 'stream_close' && laterSeq;
      // At a tie only creates can be compared: the seq of a close says nothing about when its session began.
      return laterMs > 0 || (laterMs === 0 && sameRoomSession && event === 'stream_create' && laterSeq);
  }
}

function wrongFields(listing: Listed, creates: readonly Told[]): Difference[] {
  const known = latest(creates.filter(isAccepted));
  if (known === undefined) return [difference('unknown', listing, { why: 'none of its creates was accepted' })];
  return Object.entries(shownBy(known.callback))
    .filter(([name, value]) => !isDeepStrictEqual(listing[name], value))
    .map(([name, value]) => {
      const why = `${name} is ${JSON.stringify(listing[name])}, and should be ${JSON.stringify(value)}`;
      return difference('wrong field', listing, { why });
    });
}

/** `Map.groupBy`, which Node 20 does not have. */
function grouped<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

function latest(told: readonly Told[]): Told | undefined {
  return told.toSorted((a, b) => Number(b.callback.fields.stream_seq) - Number(a.callback.fields.stream_seq))[0];
}

function isAccepted({ outcome }: Delivery): boolean {
  return outcome === 'accepted';
}

function isCreate(delivery: Delivery): delivery is Told {
  return delivery.callback.event === 'stream_create';
}

/** `stream_close 7 of s-1-2 was lost` */
function fateOf({ callback: { event, fields }, outcome, answers }: Delivery): string {
  const name =
    event === 'stream_create' || event === 'stream_close'
      ? `${event} ${fields.stream_seq} of ${fields.stream_sid}`
      : `${event} ${fields.room_session_id} of ${fields.room_id}`;
  const last = answers.at(-1);
  if (outcome !== 'refused' || last === undefined) return `${name} was ${outcome}`;
  return `${name} was refused ${answers.length} times, at last with ${describeAnswer(last)}`;
}
