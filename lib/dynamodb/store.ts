import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { Config } from '../config.ts';
import { blankSession, type Room, type SessionKey, type Standing } from '../streams/session.ts';
import type { Store } from '../streams/store.ts';
import { connect, createEngine, type Engine } from './engine.ts';
import { type Item, isPast, keyOf, siblingKeyOf, toRoomFacts, toSession, toStanding, versionOf } from './items.ts';
import { closedKey, type FactKey, headKey, liveKey, roomPart, siblingKey } from './keys.ts';
import { readPartitions } from './partitions.ts';
import {
  closedUpdate,
  closeUpdate,
  FILTERED_PAGE,
  headUpdate,
  listingUpdate,
  newerQuery,
  sessionUpdate,
  siblingsQuery,
  standingsQuery,
} from './requests.ts';

const STANDINGS_PAGE = 100;

/** What one request needs of its moment. */
export interface Moment {
  /** Our clock in ms. */
  nowMs: number;
  /** Aborts at the request's deadline. */
  signal: AbortSignal;
}

/**
 * The store in the tables that the configuration names. One connection serves every request.
 * @returns the store as one request sees it
 */
export function connectStore(
  config: Pick<Config, 'SESSIONS_TABLE' | 'ROOMS_TABLE' | 'LIVE_SHARDS'>,
  client: DynamoDBDocumentClient = connect(),
): (moment: Moment) => Store {
  const tables = { sessions: config.SESSIONS_TABLE, rooms: config.ROOMS_TABLE };
  return ({ nowMs, signal }) => createStore(createEngine(client, tables, signal), nowMs, config.LIVE_SHARDS);
}

/**
 * @param nowMs our clock
 * @param liveShards partitions of the live index
 */
export function createStore(engine: Engine, nowMs: number, liveShards: number): Store {
  const known = (items: readonly Item[]) => items.filter((item) => !isPast(item, nowMs));

  return {
    checkIds(event) {
      liveKey(event);
      siblingKey(event);
    },

    close: (event, expires_at) => engine.update('sessions', closeUpdate(event, expires_at, nowMs)),
    save: (session, before) => engine.update('sessions', sessionUpdate(session, before, liveShards)),
    saveListing: (standing) => engine.update('sessions', listingUpdate(standing, liveShards)),
    saveRoomFact: (event, expires_at) =>
      engine.update(
        'rooms',
        event.event === 'room_close' ? closedUpdate(event, expires_at, nowMs) : headUpdate(event, expires_at, nowMs),
      ),

    async roomFacts(room, room_session_ids) {
      const { rooms } = await engine.batchGet({ rooms: factKeys(room, room_session_ids) });
      return toRoomFacts(known(rooms));
    },

    async sessionAndRoomFacts({ stream_id, stream_sid }, room, room_session_ids) {
      const key = { stream_id, stream_sid };
      const { sessions, rooms } = await engine.batchGet({ sessions: [key], rooms: factKeys(room, room_session_ids) });
      const [item] = sessions;
      const session = item === undefined || isPast(item, nowMs) ? blankSession(key, versionOf(item)) : toSession(item);
      return { session, facts: toRoomFacts(known(rooms)) };
    },

    async sessions(keys) {
      const name = ({ stream_id, stream_sid }: SessionKey) => JSON.stringify([stream_id, stream_sid]);
      const asked = new Map(
        keys.map(({ stream_id, stream_sid }) => [name({ stream_id, stream_sid }), { stream_id, stream_sid }]),
      );
      const { sessions: items } = await engine.batchGet({ sessions: [...asked.values()] });
      const found = new Map(known(items).map((item) => [name(keyOf(item)), toSession(item)]));
      return keys.map((key) => found.get(name(key)));
    },

    async siblings(stream_id, room) {
      const found: Item[] = [];
      const first = siblingsQuery(stream_id, room);
      let { items, last } = await engine.query(first);
      found.push(...items);
      // Recreates may keep the time: of those with the newest one the rules must see all, however many they are. And
      // what is past its time hides nobody.
      while (
        last !== undefined &&
        (siblingKeyOf(last) === siblingKeyOf(known(found)[0]) || known(found).length === 0)
      ) {
        ({ items, last } = await engine.query({ ...first, Limit: FILTERED_PAGE }, last));
        found.push(...items);
      }
      return known(found).map(toStanding);
    },

    async newerSiblings(standing) {
      const found: Standing[] = [];
      let last: Item | undefined;
      do {
        const page = await engine.query(newerQuery(standing), last);
        found.push(...known(page.items).map(toStanding));
        last = page.last;
      } while (last !== undefined && (found.at(-1)?.create_time_ms ?? 0) <= (standing.create_time_ms ?? 0));
      return found;
    },

    async standings(stream_id, appid) {
      const found: Item[] = [];
      let high: string | undefined;
      let from: Item | undefined;
      for (;;) {
        const { items, last } = await engine.query(standingsQuery(stream_id, appid, high, STANDINGS_PAGE), from);
        found.push(...items);
        if (last === undefined) return known(found).map(toStanding);
        // The index sorts by room before time. What is left of a room that has filled a page is skipped: so a stream
        // that was restarted thousands of times in one room costs one page, and no other room is missed. Items past
        // their time fill nothing.
        const full =
          roomPart(siblingKeyOf(items[0])) === roomPart(siblingKeyOf(last)) && known(items).length === items.length;
        const key = siblingKeyOf(last);
        // A prefix alone is no key, so an upper bound that is one excludes all that begins with it.
        high = full ? roomPart(key) : key;
        from = full ? undefined : last;
      }
    },

    liveEntries: (query, count) => readPartitions(engine, query, count, liveShards),
  };
}

function factKeys(room: Room, room_session_ids: Iterable<string>): FactKey[] {
  return [headKey(room), ...Array.from(room_session_ids, (id) => closedKey(room, id))];
}
