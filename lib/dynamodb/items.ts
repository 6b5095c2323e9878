import type { CloseFact, CreateFact, Head, RoomFacts, Session, SessionKey, Standing } from '../streams/session.ts';
import type { LiveEntry } from '../streams/store.ts';
import {
  closedRoomSession,
  type FactKey,
  fromSiblingKey,
  isHead,
  liveKey,
  liveTime,
  shardOf,
  siblingKey,
} from './keys.ts';

/** An item as lib-dynamodb reads and writes it. docs/storage.md explains every attribute. */
export type Item = Record<string, unknown>;

/**
 * Every attribute of an item but its keys and `version`; undefined: the item does not have it.
 * @param liveShards partitions of the live index
 */
export function sessionAttributes(session: Session, liveShards: number): Item {
  return {
    appid: session.appid,
    room_id: session.room_id,
    room_session_id: session.room_session_id ?? undefined,
    sibling_key: siblingKey(session),
    create_seq: session.create_seq ?? undefined,
    close_seq: session.close_seq ?? undefined,
    stored_ms: session.stored_ms ?? undefined,
    create: toRegister(session.create),
    close: toRegister(session.close),
    ...listingAttributes(session, liveShards),
  };
}

/** The attributes that put a session on the list, or take it off, and say when it is forgotten. */
export function listingAttributes(standing: Standing, liveShards: number): Item {
  const indexed = standing.listed
    ? { live_shard: shardOf(standing.stream_sid, liveShards), live_key: liveKey(standing), live_room: standing.room_id }
    : UNLISTED;
  return { ...indexed, expires_at: standing.expires_at };
}

/** Off the list: in none of its indexes. */
export const UNLISTED = { live_shard: undefined, live_key: undefined, live_room: undefined };

/** A register as a map without its null values and empty arrays, which `fromRegister` restores. */
export function toRegister(fact: CreateFact | CloseFact | null): Item | undefined {
  if (fact === null) return undefined;
  const register: Item = {};
  for (const [name, value] of Object.entries(fact)) {
    if (value !== null && !(Array.isArray(value) && value.length === 0)) register[name] = value;
  }
  return register;
}

const NOTHING_TOLD: Omit<CreateFact, 'create_time_ms'> = {
  user_id: null,
  user_name: null,
  channel_id: null,
  stream_alias: null,
  publish_id: null,
  publish_name: null,
  title: null,
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

function fromRegister<Fact>(register: unknown, nothingTold: Partial<Fact>): Fact | null {
  return register === undefined ? null : ({ ...nothingTold, ...(register as Item) } as Fact);
}

/** @param item an item of the table, whole */
export function toSession(item: Item): Session {
  const create = fromRegister<CreateFact>(item.create, NOTHING_TOLD);
  const close = fromRegister<CloseFact>(item.close, { ...NOTHING_TOLD, create_time_ms: null, end_reason: null });
  return { ...toStanding(item), create_time_ms: (create ?? close)?.create_time_ms ?? null, create, close };
}

/** @param item an item of the table or of the index `siblings` */
export function toStanding(item: Item): Standing {
  return {
    ...keyOf(item),
    ...fromSiblingKey(siblingKeyOf(item)),
    room_session_id: (item.room_session_id as string | undefined) ?? null,
    create_seq: (item.create_seq as number | undefined) ?? null,
    close_seq: (item.close_seq as number | undefined) ?? null,
    stored_ms: (item.stored_ms as number | undefined) ?? null,
    listed: item.live_shard !== undefined,
    version: versionOf(item),
    expires_at: item.expires_at as number,
  };
}

/** @param item an item of the index `live` or `room` */
export function toLiveEntry(item: Item): LiveEntry {
  const live_key = item.live_key as string;
  return {
    ...keyOf(item),
    create_time_ms: liveTime(live_key),
    room_session_id: (item.room_session_id as string | undefined) ?? null,
    position: live_key,
  };
}

/** @param item an item of the table of sessions or of any of its indexes */
export function keyOf(item: Item): SessionKey {
  return { stream_id: item.stream_id as string, stream_sid: item.stream_sid as string };
}

/** 0 where no item is. */
export function versionOf(item: Item | undefined): number {
  return (item?.version as number | undefined) ?? 0;
}

/** Empty where no item is. */
export function siblingKeyOf(item: Item | undefined): string {
  return (item?.sibling_key as string | undefined) ?? '';
}

/** @param items facts of one room */
export function toRoomFacts(items: readonly Item[]): RoomFacts {
  let head: Head | null = null;
  const closed = new Map<string, number>();
  for (const item of items as unknown as readonly (FactKey & Head & { room_close_time: number })[]) {
    const closedSession = closedRoomSession(item);
    if (closedSession !== undefined) closed.set(closedSession, item.room_close_time);
    if (isHead(item)) head = { room_session_id: item.room_session_id, room_create_time: item.room_create_time };
  }
  return { head, closed };
}

/** Whether TTL should have removed an item: it deletes late and in no order, so what is past its time counts as absent. */
export function isPast(item: Item, nowMs: number): boolean {
  return (item.expires_at as number) * 1000 <= nowMs;
}
