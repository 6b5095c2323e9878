/** What ZEGO tells, in its fields and types: everything of `stream_*` is a string, `room_*` has numbers. */
export type Value = string | bigint | readonly string[];
export type Callback = StreamCallback | RoomCallback;

interface Told {
  /** When ZEGO would send it for the first time, Unix ms. */
  atMs: number;
}

export interface StreamCallback extends Told {
  kind: 'stream';
  event: 'stream_create' | 'stream_close';
  publishing: Publishing;
  fields: Publishing & { stream_seq: string } & Readonly<Record<string, Value>>;
}

export interface RoomCallback extends Told {
  kind: 'room';
  event: 'room_create' | 'room_close';
  room: RoomSession;
  fields: { appid: bigint; room_id: string; room_session_id: bigint } & Readonly<Record<string, Value>>;
}

/** What both events of a stream tell alike. */
export interface Publishing {
  appid: string;
  room_id: string;
  room_session_id: string;
  user_id: string;
  user_name: string;
  channel_id: string;
  stream_alias: string;
  stream_id: string;
  stream_sid: string;
  create_time_ms: string;
}

/** Which room, and which of its sessions. */
export type RoomSession = Pick<Publishing, 'appid' | 'room_id' | 'room_session_id'>;

/** `type` of a `stream_close`, as far as it is played. */
export const CLOSE = { stop: 0, heartbeat: 1, relogin: 2, kick: 3, disconnect: 4, cleared: 5 } as const;
export type CloseType = (typeof CLOSE)[keyof typeof CLOSE];

/** By `cid` of `stream_attr`. */
export const CODECS = ['H.264', 'H.264 SVC', 'VP8', 'H.265'];

/** @param recreate 1: after a network fault the server continues the stream */
export function streamCreate(publishing: Publishing, seq: number, atMs: number, recreate: 0 | 1): StreamCallback {
  const { user_id, user_name, room_id, stream_id, create_time_ms } = publishing;
  return {
    kind: 'stream',
    event: 'stream_create',
    atMs,
    publishing,
    fields: {
      ...publishing,
      // As in ZEGO's sample: `01`.
      stream_seq: seq % 5 === 0 ? `0${seq}` : String(seq),
      // A percent sign breaks a reader that URL-decodes plain JSON; so do + and %2F in the URLs.
      title: `${user_name} · ${room_id} 100% live`,
      stream_attr: `{"cid":${seq % CODECS.length}}`,
      create_time: String(Math.floor(Number(create_time_ms) / 1000)),
      extra_info: seq % 3 === 0 ? `{"seat":${seq}}` : '',
      recreate: String(recreate),
      publish_id: user_id,
      publish_name: user_name,
      rtmp_url: [`rtmp://rtmp.example.com/live/${stream_id}`],
      hls_url: [`http://hls.example.com/live/${stream_id}/playlist.m3u8`],
      hdl_url: [
        `http://hdl.example.com/live/${stream_id}.flv?auth=1+2%2F3%3D&a=b`,
        `http://hdl2.example.com/${stream_id}.flv`,
      ],
      pic_url: [`http://pic.example.com/live/${stream_id}.jpg`],
    },
  };
}

export function streamClose(publishing: Publishing, seq: number, atMs: number, type: CloseType): StreamCallback {
  return {
    kind: 'stream',
    event: 'stream_close',
    atMs,
    publishing,
    fields: {
      ...publishing,
      stream_seq: String(seq),
      type: String(type),
      third_define_data: '{"u":""}',
      destroy_timemillis: String(atMs),
    },
  };
}

export function roomCreate(room: RoomSession, atMs: number, user_id: string): RoomCallback {
  return {
    kind: 'room',
    event: 'room_create',
    atMs,
    room,
    fields: { ...roomFields(room), room_create_time: String(atMs), id_name: user_id },
  };
}

/** @param last how the last stream of the room ended */
export function roomClose(room: RoomSession, atMs: number, last: CloseType): RoomCallback {
  // 1: the last user's heartbeat timed out, 3: the last user was kicked, 0: anything else
  const reason = last === CLOSE.heartbeat || last === CLOSE.kick ? last : 0;
  return {
    kind: 'room',
    event: 'room_close',
    atMs,
    room,
    fields: { ...roomFields(room), close_reason: BigInt(reason), room_close_time: String(atMs) },
  };
}

function roomFields({ appid, room_id, room_session_id }: RoomSession) {
  return { appid: BigInt(appid), room_id, room_session_id: BigInt(room_session_id) };
}

/** A live session as the list shows it when this is its latest create. More fields may come. */
export function shownBy({ fields }: StreamCallback) {
  const { stream_seq, stream_attr, extra_info, recreate, create_time, create_time_ms, ...same } = fields;
  return {
    ...same,
    state: 'live',
    stream_attr,
    codec: CODECS[JSON.parse(String(stream_attr)).cid],
    extra_info: extra_info === '' ? null : extra_info,
    stream_seq: Number(stream_seq),
    recreate: Number(recreate),
    create_time: Number(create_time),
    create_time_ms: Number(create_time_ms),
  };
}
