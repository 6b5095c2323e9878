/// <reference types="vite/types/importMeta.d.ts" />
import fc from 'fast-check';
import { readPage } from '../../lib/streams/list.ts';
import { readStream } from '../../lib/streams/lookup.ts';
import type { SessionKey } from '../../lib/streams/session.ts';
import type { Store } from '../../lib/streams/store.ts';
import type { Reading } from '../../lib/streams/view.ts';
import type { RoomEvent, StreamEvent, StreamFields } from '../../lib/zego/event.ts';
import {
  type Close,
  type Create,
  model,
  nameOf,
  type PlainEvent,
  type RoomClose,
  type RoomCreate,
  type Seen,
} from './model.ts';

// Lives of rooms, as ZEGO tells them. A history is drawn as steps, and the steps are played by a small ZEGO: so every
// history that shrinking tries is one that can happen.

/** `vitest --mode long`: many times as much, and all of what is otherwise a share. */
export const LONG = import.meta.env.MODE === 'long';
/** Printed with each run, and set by `SEED=… vitest`, so that a run can be repeated. */
export const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

export interface HistoryOptions {
  /**
   * Also what ZEGO is not known to do: a create that moves its session to another room, a close that tells another
   * room than its create, two changes of a room with one `stream_seq`, a room whose clock is 4 s ahead.
   */
  odd?: boolean;
  /** At most as many steps; a step makes at most a few events. */
  maxSteps?: number;
}

const START = 1_700_000_000_000;
/** Mostly ties and near-ties: of sessions, and of sessions with the room's next session (2 s). */
const PAUSES_MS = [0, 0, 0, 1, 1, 2, 998, 1000, 1999, 2000, 2001, 2002, 95_000] as const;
/** Numbers of different lengths, two that JSON.parse makes equal, and the largest: compared as text they sort wrongly. */
const ROOM_SESSIONS = [
  '9',
  '10',
  '858012925204410368',
  '858012925204410400',
  '18446744073709551615',
  '7',
  '99',
  '100',
] as const;

const choice = fc.nat({ max: 11 });
const step = fc.record({
  kind: fc.constantFrom(
    ...(['start', 'start', 'start', 'start', 'stop', 'stop', 'kick', 'time-out', 'time-out'] as const),
    ...(['recreate', 'recreate', 'recreate', 'close-room', 'close-room', 'open-room', 'open-room', 'retell'] as const),
    ...(['odd-move', 'odd-close'] as const),
  ),
  pause: fc.constantFrom(...PAUSES_MS),
  app: fc.nat({ max: 3 }),
  room: choice,
  stream: choice,
  /** Which of several: an open session, an earlier event, a room session. */
  which: choice,
  newSid: fc.boolean(),
  newTime: fc.boolean(),
  /** How far the room's `stream_seq` moves. A gap is a lost callback or an update of the extra info. */
  seq: fc.constantFrom(1, 1, 1, 2, 0),
  /** An old app: it tells no `room_session_id`, and no `create_time_ms` with its closes. */
  old: fc.nat({ max: 4 }).map((n) => n === 0),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What ZEGO tells of one to three rooms, of which some callbacks are lost. */
export function history({ odd = false, maxSteps = 20 }: HistoryOptions = {}): fc.Arbitrary<PlainEvent[]> {
  return fc
    .record({
      steps: fc.array(step, { minLength: 3, maxLength: maxSteps, size: 'max' }),
      apps: fc.constantFrom(1, 1, 2),
      rooms: fc.constantFrom(1, 1, 2, 3),
      streams: fc.constantFrom(1, 1, 2, 3),
      lost: fc.oneof(fc.constant<number[]>([]), fc.array(fc.nat({ max: 3 * maxSteps }), { maxLength: 6 })),
    })
    .map(({ steps, lost, ...sizes }) => {
      const told = play(steps, { ...sizes, odd });
      return told.filter((_, i) => !lost.includes(i));
    })
    .filter((events) => events.length > 0);
}

/** Every event at least once, in any order. */
export function orders(events: readonly PlainEvent[]): fc.Arbitrary<PlainEvent[]> {
  return fc
    .array(fc.constantFrom(...events), { maxLength: 4 })
    .chain((repeats) => fc.shuffledSubarray([...events, ...repeats], { minLength: events.length + repeats.length }));
}

/** The same of streams and rooms of other names, so that many histories fit into one table. */
export function renamed(events: readonly PlainEvent[], prefix: string): PlainEvent[] {
  return events.map((event) => ({
    ...event,
    room_id: prefix + event.room_id,
    ...('stream_id' in event && { stream_id: prefix + event.stream_id }),
  }));
}

interface RoomSession {
  appid: string;
  room_id: string;
  room_session_id: string;
  /** The last one told. */
  seq: number;
}

interface Publishing {
  session: RoomSession;
  /** The last one. */
  create: Create;
  /** `stream_seq` of its last close, 0 while there is none. */
  closeSeq: number;
  /** The app that made it was killed: it is closed when its heartbeat times out. */
  leftover: boolean;
}

interface Sizes {
  apps: number;
  rooms: number;
  streams: number;
  odd: boolean;
}

/** ZEGO: one body for each sid, seq and kind; no session begins before its own room session, and none outlives it. */
function play(steps: readonly Step[], { apps, rooms, streams, odd }: Sizes): PlainEvent[] {
  const told: PlainEvent[] = [];
  const current = new Map<string, RoomSession>();
  let open: Publishing[] = [];
  let now = START;
  let sids = 0;

  function place({ app, room }: Step, other = 0) {
    const [appid, room_id] = [String(1 + (app % apps)), `room#${(room + other) % rooms}`];
    return { appid, room_id, name: `${appid}/${room_id}` };
  }
  function openRoom(at: Step, other = 0): RoomSession {
    const { appid, room_id, name } = place(at, other);
    const taken = told.flatMap((event) =>
      event.event === 'room_create' && event.appid === appid && event.room_id === room_id ? event.room_session_id : [],
    );
    const free = ROOM_SESSIONS.filter((id) => !taken.includes(id));
    const room_session_id = free[at.which % (free.length || 1)] ?? String(1000 + taken.length);
    const room_create_time = now + (odd && at.newTime ? 4000 : 0);
    told.push({ event: 'room_create', appid, room_id, room_session_id, room_create_time });
    const session = { appid, room_id, room_session_id, seq: 0 };
    current.set(name, session);
    return session;
  }
  /** @param least for what one sid tells: more than it has told of that kind */
  function nextSeq(session: RoomSession, { seq }: Step, least = 0): number {
    session.seq = Math.max(session.seq + (odd ? seq : seq || 1), least);
    return session.seq;
  }
  function create(
    session: RoomSession,
    at: Step,
    fields: Pick<Create, 'room_session_id' | 'stream_id' | 'stream_sid' | 'create_time_ms'>,
    least = 0,
  ): Create {
    const { appid, room_id } = session;
    const stream_seq = nextSeq(session, at, least);
    const title = `${fields.stream_sid} ${stream_seq}`;
    const event: Create = { event: 'stream_create', appid, room_id, stream_seq, title, ...fields };
    told.push(event);
    return event;
  }
  function close(one: Publishing, at: Step, end_reason: string, room_id = one.create.room_id): void {
    const { session, create } = one;
    const { appid, room_session_id, stream_id, stream_sid } = create;
    const create_time_ms = at.old ? null : create.create_time_ms;
    const stream_seq = nextSeq(session, at, Math.max(create.stream_seq, one.closeSeq + 1));
    one.closeSeq = stream_seq;
    told.push({
      event: 'stream_close',
      ...{ appid, room_id, room_session_id, stream_id, stream_sid, stream_seq },
      ...{ create_time_ms, end_reason, end_time_ms: now },
    });
  }
  const pick = (at: Step, wanted: (one: Publishing) => boolean = () => true): Publishing | undefined => {
    const candidates = open.filter(wanted);
    return candidates[at.which % (candidates.length || 1)];
  };
  const isOpen = ({ session }: Publishing) => [...current.values()].includes(session);
  const drop = (one: Publishing) => {
    open = open.filter((other) => other !== one);
  };

  for (const at of steps) {
    now += at.pause;
    switch (at.kind) {
      case 'start': {
        const { appid, name } = place(at);
        // The same in both apps: a stream_id is unique within one.
        const stream_id = `stream${at.stream % streams}`;
        // Killed and started again, or moved to another room: what it published before is left behind.
        for (const one of open) {
          if (one.create.stream_id === stream_id && one.create.appid === appid) one.leftover = true;
        }
        const session = current.get(name) ?? openRoom(at);
        const room_session_id = at.old ? null : session.room_session_id;
        const stream_sid = `s-${++sids}`;
        open.push({
          session,
          create: create(session, at, { room_session_id, stream_id, stream_sid, create_time_ms: now }),
          closeSeq: 0,
          leftover: false,
        });
        break;
      }
      case 'recreate': {
        const one = pick(at, isOpen);
        if (one === undefined) break;
        const { room_session_id, stream_id } = one.create;
        const stream_sid = at.newSid ? `s-${++sids}` : one.create.stream_sid;
        const create_time_ms = at.newTime ? now : one.create.create_time_ms;
        const recreated = create(
          one.session,
          at,
          { room_session_id, stream_id, stream_sid, create_time_ms },
          one.create.stream_seq + 1,
        );
        if (at.newSid) {
          one.leftover = true;
          open.push({ session: one.session, create: recreated, closeSeq: 0, leftover: false });
        } else {
          one.create = recreated;
        }
        break;
      }
      case 'stop':
      case 'kick':
      case 'time-out': {
        const one = pick(at, ({ leftover }) => leftover === (at.kind === 'time-out'));
        if (one === undefined) break;
        close(one, at, { stop: 'stopped', kick: 'kicked', 'time-out': 'heartbeat_timeout' }[at.kind]);
        // A recreate may find it closed: then its sid comes back.
        if (at.newSid) drop(one);
        break;
      }
      case 'close-room': {
        const { appid, room_id, name } = place(at);
        const session = current.get(name);
        if (session === undefined) break;
        for (const one of open.filter((one) => one.session === session)) {
          if (!one.leftover || at.newTime) close(one, at, 'room_cleared');
          drop(one);
        }
        const { room_session_id } = session;
        told.push({ event: 'room_close', appid, room_id, room_session_id, room_close_time: now });
        current.delete(name);
        break;
      }
      case 'open-room': {
        // Also one that is open: it was closed, and nobody was told.
        const session = current.get(place(at).name);
        for (const one of open) if (one.session === session) one.leftover = true;
        openRoom(at);
        break;
      }
      case 'retell': {
        // A retry with a `timestamp` of its own, where that is all that tells an end.
        const ends = told.filter((event) => event.event === 'stream_close' || event.event === 'room_close');
        const end = ends[at.which % (ends.length || 1)];
        if (end?.event === 'stream_close') told.push({ ...end, end_time_ms: end.end_time_ms + 2000 });
        if (end?.event === 'room_close') told.push({ ...end, room_close_time: end.room_close_time + 2000 });
        break;
      }
      case 'odd-move': {
        const one = odd ? pick(at) : undefined;
        if (one === undefined) break;
        const session = current.get(place(at, 1).name) ?? openRoom(at, 1);
        if (session.appid !== one.create.appid) break;
        const { stream_id, stream_sid } = one.create;
        const room_session_id = at.old ? null : session.room_session_id;
        const fields = { room_session_id, stream_id, stream_sid, create_time_ms: now };
        Object.assign(one, { session, create: create(session, at, fields, one.create.stream_seq + 1) });
        break;
      }
      case 'odd-close': {
        const one = odd ? pick(at) : undefined;
        if (one !== undefined) close(one, at, 'disconnected', `room#${at.room % 3}`);
        break;
      }
    }
  }
  return told;
}

const NOT_TOLD: Omit<StreamFields, keyof Create | 'appid'> = {
  user_id: null,
  user_name: null,
  channel_id: null,
  stream_alias: null,
  publish_id: null,
  publish_name: null,
  stream_attr: null,
  codec: null,
  extra_info: null,
  recreate: null,
  create_time: null,
  rtmp_url: [],
  hls_url: [],
  hdl_url: [],
  pic_url: [],
};

/** The same as the product's parser types it. */
export function typed(event: PlainEvent): StreamEvent | RoomEvent {
  switch (event.event) {
    case 'stream_create':
      return { ...NOT_TOLD, ...event, title: event.title ?? null };
    case 'stream_close':
      return { ...NOT_TOLD, ...event, title: null };
    default:
      return { ...event };
  }
}

/** Long enough that nothing expires: rule 5 counts on our clock, the others do not. */
export const LIFETIMES = { maxLiveMs: 1e9, retentionMs: 1e9 };

/** What readers are to be answered: every session asked by its sid, and the live list, newest first. */
export interface Answers {
  sessions: Record<string, Seen | undefined>;
  live: string[];
}

export function expectedAnswers(events: readonly PlainEvent[]): Answers {
  const seen = [...model(events)];
  const live = seen.filter(([, { state }]) => state === 'live');
  const newest = live.sort(
    ([a, { create_time_ms: timeA }], [b, { create_time_ms: timeB }]) =>
      Number(timeB) - Number(timeA) || (a < b ? 1 : -1),
  );
  return { sessions: Object.fromEntries(seen), live: newest.map(([name]) => name) };
}

/** What the product answers, of these sessions and on all pages of the list. */
export async function readAnswers(
  store: Store,
  keys: Iterable<SessionKey>,
  { nowMs, room_id }: { nowMs: number; room_id?: string },
): Promise<Answers> {
  const options = { store, nowMs, ...LIFETIMES };
  const sessions: Answers['sessions'] = {};
  for (const { stream_id, stream_sid } of keys) {
    const reading = await readStream({ kind: 'stream', stream_id, stream_sid, appid: undefined }, options);
    sessions[nameOf({ stream_id, stream_sid })] = reading && seenIn(reading);
  }
  const live: string[] = [];
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await readPage(
      { kind: 'page', order: 'newest', room_id, appid: undefined, limit: 100, cursor },
      options,
    );
    live.push(...page.readings.map(({ session }) => nameOf(session)));
    cursor = page.next_cursor ?? undefined;
    more = cursor !== undefined;
  }
  return { sessions, live };
}

function seenIn({ session: { room_id, create_time_ms }, ending }: Reading): Seen {
  if (ending === null) return { room_id, create_time_ms, state: 'live' };
  return { room_id, create_time_ms, state: 'ended', ...ending, end_time_ms: ending.end_time_ms ?? Number.NaN };
}

function create(stream_sid: string, stream_seq: number, ms: number, room: Partial<Create> = {}): Create {
  const place = { appid: '1', room_id: 'room', room_session_id: '9', stream_id: 'stream' };
  return { event: 'stream_create', ...place, stream_sid, stream_seq, create_time_ms: START + ms, ...room };
}

function close(of: Create, stream_seq: number, ms: number, fields: Partial<Close> = {}): Close {
  const { title: _, ...create } = of;
  return { ...create, event: 'stream_close', stream_seq, end_reason: 'stopped', end_time_ms: START + ms, ...fields };
}

function roomCreate(room_session_id: string, ms: number): RoomCreate {
  return { event: 'room_create', appid: '1', room_id: 'room', room_session_id, room_create_time: START + ms };
}

function roomClose(room_session_id: string, ms: number, room_id = 'room'): RoomClose {
  return { event: 'room_close', appid: '1', room_id, room_session_id, room_close_time: START + ms };
}

const a = create('a', 1, 0);
const next = { room_session_id: '10' };
const untold = { room_session_id: null };
const elsewhere = { room_id: 'elsewhere', room_session_id: '7' };

/** Small sets of events of one stream, for what goes through all of them: every subset is a history. */
export const ALPHABETS: Readonly<Record<string, readonly PlainEvent[]>> = {
  'b is newer than a': [
    ...[a, close(a, 2, 400), create('a', 3, 0)],
    ...[create('b', 4, 1000), close(create('b', 4, 1000), 5, 1500)],
    ...[roomClose('9', 5000), roomCreate('10', 6000)],
  ],
  'a comes back newer than b': [
    ...[a, close(a, 2, 400), create('a', 4, 2000)],
    ...[create('b', 3, 1000), close(create('b', 3, 1000), 5, 2500)],
    ...[roomClose('9', 4001), roomCreate('10', 4000)],
  ],
  'b is told newer by its close than by its create': [
    ...[a, create('a', 6, 1000), close(a, 7, 3000)],
    ...[create('b', 2, 500), create('b', 4, 2000), close(create('b', 4, 2000), 5, 2500)],
    ...[roomClose('9', 5000)],
  ],
  'a tie in one room session, a comes back after b': [
    ...[a, close(a, 2, 0), create('a', 4, 0)],
    ...[create('b', 3, 0), close(create('b', 3, 0), 5, 0)],
    ...[roomClose('9', 0), roomCreate('10', 2000)],
  ],
  'a tie across room sessions, with equal seqs': [
    ...[a, close(a, 2, 1), create('a', 3, 0)],
    ...[create('b', 1, 0, next), close(create('b', 1, 0, next), 2, 1)],
    ...[roomClose('9', 0), roomCreate('10', 0)],
  ],
  'b stands in the next room session, 2 s and 1 ms after a': [
    ...[a, close(a, 2, 400), create('a', 3, 1)],
    ...[create('b', 1, 2001, next), close(create('b', 1, 2001, next), 2, 2500)],
    ...[roomClose('10', 9000), roomCreate('10', 2001)],
  ],
  'room sessions are not told': [
    ...[create('a', 1, 0, untold), close(create('a', 1, 0, untold), 2, 400), create('a', 3, 0, untold)],
    ...[create('b', 4, 0, untold), close(create('b', 4, 0, untold), 5, 400, { create_time_ms: null })],
    ...[roomClose('9', 5000), roomCreate('10', 6000)],
  ],
  'ends are told again, with another timestamp': [
    ...[a, close(a, 2, 400), close(a, 2, 2400), create('b', 3, 1000)],
    ...[roomClose('9', 1000), roomClose('9', 900), roomCreate('10', 3000)],
  ],
};

/** The same with what ZEGO is not known to do. */
export const ODD_ALPHABETS: Readonly<Record<string, readonly PlainEvent[]>> = {
  'a moves to another room, which is closed': [
    ...[a, create('a', 3, 2000, elsewhere), close(a, 4, 3000)],
    ...[create('b', 2, 1000), create('b', 5, 1000, elsewhere)],
    ...[roomClose('9', 2500), roomClose('7', 2500, 'elsewhere')],
  ],
  'closes tell another room than their creates': [
    ...[a, close(a, 2, 400, elsewhere), create('a', 3, 0, elsewhere)],
    ...[create('b', 4, 1000), close(create('b', 4, 1000), 5, 1500, elsewhere)],
    ...[roomClose('9', 5000), roomClose('7', 5000, 'elsewhere')],
  ],
};
