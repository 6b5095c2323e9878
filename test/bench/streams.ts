import { type Item, sessionAttributes } from '../../lib/dynamodb/items.ts';
import { blankSession, merge, type SessionKey, withView } from '../../lib/streams/session.ts';
import { createEvent } from '../support/callback.ts';

const ROOM_SIZE = 20;
/** A stream begins this long after the one before it. */
const APART_MS = 300;
const HOUR_MS = 3_600_000;
export const MAX_LIVE_MS = 48 * HOUR_MS;
const RETENTION_MS = 24 * HOUR_MS;

/** Streams that are on air at once, by number: 0 is the newest. Keys are equally long, however many there are. */
export interface Streams {
  count: number;
  rooms: number;
  roomOf: (i: number) => string;
  streamOf: (i: number) => string;
  /** What the `stream_create` of a stream leaves in the table. */
  itemOf: (i: number) => SessionKey & Item;
}

/** @param nowMs our clock, when the newest of them began */
export function streamsOnAir(count: number, liveShards: number, nowMs: number): Streams {
  const rooms = count / ROOM_SIZE;
  // Those of a room did not begin one after another.
  const roomOf = (i: number) => `room-${digits(i % rooms, 5)}`;
  const streamOf = (i: number) => `${roomOf(i)}-host-${digits(i, 6)}`;

  function itemOf(i: number): SessionKey & Item {
    const beganMs = nowMs - i * APART_MS;
    const event = createEvent({
      appid: '1234567890',
      room_id: roomOf(i),
      room_session_id: `8580129252${digits(i % rooms, 8)}`,
      channel_id: `0xb-0x${digits(i % rooms, 5)}`,
      stream_id: streamOf(i),
      stream_alias: streamOf(i),
      stream_sid: `s-115205136669740000000${digits(i, 6)}`,
      user_id: `user-${digits(i, 6)}`,
      publish_id: `user-${digits(i, 6)}`,
      title: `Title of the stream ${digits(i, 6)}`,
      create_time: String(Math.floor(beganMs / 1000)),
      create_time_ms: String(beganMs),
      ...signedUrls(streamOf(i)),
    });
    const { stream_id, stream_sid } = event;
    const blank = blankSession(event);
    const session = withView(blank, merge(blank, event, beganMs), true, {
      nowMs: beganMs,
      maxLiveMs: MAX_LIVE_MS,
      retentionMs: RETENTION_MS,
    });
    return { stream_id, stream_sid, version: 1, ...sessionAttributes(session, liveShards) };
  }

  return { count, rooms, roomOf, streamOf, itemOf };
}

function signedUrls(stream: string): Record<string, string[]> {
  const signature = `wsSecret=${'0123456789abcdef'.repeat(2)}&wsABSTime=64a1b2c3`;
  return {
    rtmp_url: [`rtmp://pull.example.com/live/${stream}?${signature}`],
    hls_url: [`https://pull.example.com/live/${stream}.m3u8?${signature}`],
    hdl_url: [`https://pull.example.com/live/${stream}.flv?${signature}`],
    pic_url: [`https://pic.example.com/live/${stream}.jpg?${signature}`],
  };
}

function digits(number: number, length: number): string {
  return String(number).padStart(length, '0');
}
