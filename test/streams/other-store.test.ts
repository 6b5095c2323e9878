import fc from 'fast-check';
import { expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { blankSession, factOf, type Head, isSameRoom, type Room, type Session } from '../../lib/streams/session.ts';
import { type LiveEntry, SIBLINGS, type Store } from '../../lib/streams/store.ts';
import { expectedAnswers, history, LIFETIMES, LONG, orders, readAnswers, SEED, typed } from './histories.ts';

// The port can be implemented by anything: here by three Maps, without a key, an index or an expression.

const NOW = 1_800_000_000_000;

/** @param nowMs our clock */
function mapStore(nowMs: number): Store {
  const all = new Map<string, Session>();
  const heads = new Map<string, Head & { expires_at: number }>();
  const closings = new Map<string, { room_close_time: number; expires_at: number }>();

  const name = (...parts: unknown[]) => JSON.stringify(parts);
  const known = <T extends { expires_at: number | null }>(one: T | undefined): T | undefined =>
    one === undefined || (one.expires_at ?? 0) * 1000 <= nowMs ? undefined : one;
  const nameOf = ({ stream_id, stream_sid }: { stream_id: string; stream_sid: string }) => name(stream_id, stream_sid);
  const read = (key: { stream_id: string; stream_sid: string }) => known(all.get(nameOf(key)));
  const list = (order: 'newest' | 'oldest', wanted: (one: Session) => boolean): Session[] => {
    const position = ({ create_time_ms, stream_id, stream_sid }: Session) =>
      [String(create_time_ms ?? 0).padStart(13, '0'), stream_id, stream_sid].join('\0');
    const found = [...all.values()].filter((one) => known(one) !== undefined && wanted(one));
    found.sort((a, b) => (position(a) < position(b) ? -1 : 1));
    return order === 'oldest' ? found : found.reverse();
  };
  const write = (session: Session, change: Partial<Session>): true => {
    all.set(nameOf(session), { ...session, ...change, version: session.version + 1 });
    return true;
  };
  const facts = ({ appid, room_id }: Room, ids: Iterable<string>) => {
    const head = known(heads.get(name(appid, room_id))) ?? null;
    const closed = new Map<string, number>();
    for (const id of ids) {
      const closing = known(closings.get(name(appid, room_id, id)));
      if (closing !== undefined) closed.set(id, closing.room_close_time);
    }
    return { head, closed };
  };

  return {
    checkIds: () => {},
    async close(event, expires_at) {
      const session = read(event);
      if (session?.create == null || Number(session.create_seq) > event.stream_seq) return false;
      if (session.close_seq !== null && session.close_seq >= event.stream_seq) return false;
      return write(session, { close: factOf(event), close_seq: event.stream_seq, listed: false, expires_at });
    },
    async save(session) {
      return (all.get(nameOf(session))?.version ?? 0) === session.version && write(session, {});
    },
    async saveListing({ listed, expires_at, ...standing }) {
      const session = all.get(nameOf(standing));
      return session?.version === standing.version && write(session, { listed, expires_at });
    },
    async saveRoomFact(event, expires_at) {
      const { appid, room_id, room_session_id } = event;
      if (event.event === 'room_close') {
        const key = name(appid, room_id, room_session_id);
        const { room_close_time } = event;
        if ((known(closings.get(key))?.room_close_time ?? Number.POSITIVE_INFINITY) <= room_close_time) return false;
        closings.set(key, { room_close_time, expires_at });
        return true;
      }
      const { room_create_time } = event;
      const head = known(heads.get(name(appid, room_id)));
      const isNewer =
        head === undefined ||
        room_create_time > head.room_create_time ||
        (room_create_time === head.room_create_time && BigInt(room_session_id) > BigInt(head.room_session_id));
      if (isNewer) heads.set(name(appid, room_id), { room_session_id, room_create_time, expires_at });
      return isNewer;
    },

    roomFacts: async (room, ids) => facts(room, ids),
    sessionAndRoomFacts: async (key, room, ids) => ({
      session: read(key) ?? blankSession(key, all.get(nameOf(key))?.version),
      facts: facts(room, ids),
    }),
    sessions: async (keys) => keys.map(read),
    siblings: async (stream_id, room) => {
      const found = list('newest', (one) => one.stream_id === stream_id && isSameRoom(one, room));
      return found.filter((one, i) => i < SIBLINGS || one.create_time_ms === found[0]?.create_time_ms);
    },
    newerSiblings: async ({ stream_id, create_time_ms, ...room }) =>
      list(
        'oldest',
        (one) =>
          one.stream_id === stream_id && isSameRoom(one, room) && Number(one.create_time_ms) >= Number(create_time_ms),
      ),
    standings: async (stream_id, appid) =>
      list('newest', (one) => one.stream_id === stream_id && (appid ?? one.appid) === one.appid),
    liveEntries: async ({ order, room_id, appid, storedSinceMs, after }, count) => {
      const live = list(order, (one) => one.listed && Number(one.stored_ms) >= storedSinceMs).map(
        (one): LiveEntry & Room => ({ ...one, position: nameOf(one) }),
      );
      const start = live.findIndex(({ position }) => position === after) + 1;
      return live
        .slice(start)
        .filter((one) => (room_id ?? one.room_id) === one.room_id && (appid ?? one.appid) === one.appid)
        .slice(0, count);
    },
  };
}

it('histories in any order and with repeats, on a store of Maps: lists, reasons and times as the model says', async () => {
  const drawn = history().chain((events) => fc.tuple(fc.constant(events), orders(events)));
  await fc.assert(
    fc.asyncProperty(drawn, async ([events, order]) => {
      const store = mapStore(NOW);
      // Two at a time.
      for (let i = 0; i < order.length; i += 2) {
        await Promise.all(
          order.slice(i, i + 2).map((event) => apply(typed(event), { store, nowMs: NOW, ...LIFETIMES })),
        );
      }
      const keys = events.filter((event) => 'stream_id' in event);
      expect(await readAnswers(store, keys, { nowMs: NOW })).toEqual(expectedAnswers(events));
    }),
    { numRuns: LONG ? 20_000 : 300, seed: SEED },
  );
});
