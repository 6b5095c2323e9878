// What readers should see, straight from the rules of the live list. It imports nothing of the product and is built
// another way: no registers and no merging, but questions to the whole set of events.

interface Room {
  appid: string;
  room_id: string;
}
type Stream = Room & { room_session_id: string | null; stream_id: string; stream_sid: string; stream_seq: number };
export type Create = Stream & { event: 'stream_create'; create_time_ms: number; title?: string };
export type Close = Stream & { event: 'stream_close'; create_time_ms: number | null } & Ending;
export type RoomCreate = Room & { event: 'room_create'; room_session_id: string; room_create_time: number };
export type RoomClose = Room & { event: 'room_close'; room_session_id: string; room_close_time: number };
export type PlainEvent = Create | Close | RoomCreate | RoomClose;

type Ending = { end_reason: string | null; end_time_ms: number };
export type Seen = { room_id: string; create_time_ms: number | null } & (
  | { state: 'live' }
  | ({ state: 'ended' } & Ending)
);

/** @returns what readers should see of each session, by `nameOf` */
export function model(events: readonly PlainEvent[]): Map<string, Seen> {
  const creates = events.filter((event) => event.event === 'stream_create');
  const closes = events.filter((event) => event.event === 'stream_close');
  const roomCreates = events.filter((event) => event.event === 'room_create');
  const roomCloses = events.filter((event) => event.event === 'room_close');

  const known = [...new Set([...creates, ...closes].map(nameOf))].flatMap((name) => {
    const create = first(creates.filter(named(name)), bySeq);
    const close = first(closes.filter(named(name)), (a, b) => bySeq(a, b) || byEnd(a, b));
    const fields = create ?? close;
    return fields === undefined ? [] : [{ ...fields, time: fields.create_time_ms ?? 0, create, close }];
  });
  type Known = (typeof known)[number];

  const isNewer = (one: Known, other: Known) =>
    one.time > other.time ||
    (one.time === other.time &&
      one.room_session_id === other.room_session_id &&
      (one.create?.stream_seq ?? -1) > (other.create?.stream_seq ?? -1));

  function superseded(session: Known): Ending[] {
    return known
      .filter((one) => one.stream_id === session.stream_id && one.stream_sid !== session.stream_sid)
      .filter((one) => inRoomOf(session)(one) && isNewer(one, session))
      .map((one) => ({ end_reason: 'superseded', end_time_ms: one.time }));
  }

  function roomClosed(session: Known): Ending[] {
    const closed = roomCloses
      .filter((room) => inRoomOf(session)(room) && room.room_session_id === session.room_session_id)
      .map((room) => room.room_close_time);
    const head = first(roomCreates.filter(inRoomOf(session)), byNewest);
    const reopened = [head?.room_create_time ?? 0]
      .filter((time) => session.time < time - 2000)
      .filter(() => session.room_session_id !== null && session.room_session_id !== head?.room_session_id);
    return [...closed, ...reopened].map((end_time_ms) => ({ end_reason: 'room_closed', end_time_ms }));
  }

  return new Map(
    known.map((session): [string, Seen] => {
      const { create, close, room_id, create_time_ms } = session;
      const told = close !== undefined && (create?.stream_seq ?? -1) <= close.stream_seq ? close : undefined;
      // Sorting is stable: of equal times superseded comes first.
      const ending = told ?? first([...superseded(session), ...roomClosed(session)], byEnd);
      const seen = { room_id, create_time_ms };
      if (ending === undefined) return [nameOf(session), { ...seen, state: 'live' }];
      const { end_reason, end_time_ms } = ending;
      return [nameOf(session), { ...seen, state: 'ended', end_reason, end_time_ms }];
    }),
  );
}

export const nameOf = (of: { stream_id: string; stream_sid: string }) => `${of.stream_id} ${of.stream_sid}`;
const named = (name: string) => (of: Stream) => nameOf(of) === name;
const inRoomOf = (a: Room) => (b: Room) => a.appid === b.appid && a.room_id === b.room_id;
const bySeq = (a: Stream, b: Stream) => b.stream_seq - a.stream_seq;
const byEnd = (a: Ending, b: Ending) => a.end_time_ms - b.end_time_ms;
const byNewest = (a: RoomCreate, b: RoomCreate) =>
  b.room_create_time - a.room_create_time || (BigInt(a.room_session_id) > BigInt(b.room_session_id) ? -1 : 1);
const first = <T>(list: readonly T[], order: (a: T, b: T) => number): T | undefined => list.toSorted(order)[0];
