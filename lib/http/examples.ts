import { Problem, type ProblemCode } from '../errors.ts';
import { problemDocument } from './response.ts';

/** The examples of the OpenAPI document: ZEGO's own samples, and what is answered to them. Tests hold them to the code. */

/** As ZEGO documents them, one of each event that is kept, and one that is not. */
export const CALLBACKS = {
  stream_create: {
    event: 'stream_create',
    appid: '1',
    timestamp: '1687981272',
    nonce: '7254119327986670314',
    signature: 'xxx',
    room_id: 'room1',
    room_session_id: '1234567',
    user_id: 'user1',
    user_name: 'user1_name',
    channel_id: '0xb-0x1',
    stream_id: 'stream_id',
    stream_sid: 's-115205136669740000000000104',
    title: 'title',
    stream_alias: 'aaa',
    stream_attr: '{"cid":0}',
    stream_seq: '01',
    create_time: '1687981272',
    create_time_ms: '1687981272742',
    extra_info: 'extra',
    recreate: '0',
    publish_id: 'publish',
    publish_name: 'publish_name',
    rtmp_url: ['rtmp://rtmp.wsdemo.zego.im/zegodemo/aaa', 'rtmp://testplay.aliyun.zego.im/livestream/aaa'],
    hls_url: [
      'http://hls.wsdemo.zego.im/zegodemo/aaa/playlist.m3u8',
      'http://testplay.aliyun.zego.im/livestream/aaa.m3u8',
    ],
    hdl_url: ['http://hdl.wsdemo.zego.im/zegodemo/aaa.flv', 'http://testplay.aliyun.zego.im/livestream/aaa.flv'],
    pic_url: ['http://pic.wsdemo.zego.im/zegodemo/aaa.jpg'],
  },
  stream_close: {
    event: 'stream_close',
    appid: '1',
    timestamp: '1666786067',
    nonce: '7266888922840654370',
    signature: 'xxx',
    room_id: 'room1',
    room_session_id: '123456789',
    user_id: 'user1',
    user_name: 'user1_name',
    channel_id: '0xb-0x1',
    type: '0',
    stream_alias: 'aaa',
    stream_id: 'stream_id',
    stream_sid: 's-115205136669740000000000104',
    stream_seq: '700',
    third_define_data: '{"u":"S1lxOUxMN2tRZ3lIY0JMSUs3VlMxZz09"}',
    create_time_ms: '1666786067353',
    destroy_timemillis: '1666986067248',
  },
  room_create: {
    event: 'room_create',
    appid: 1,
    timestamp: 1499676978,
    nonce: '350176',
    signature: 'signature',
    room_id: 'rid_1242649',
    room_session_id: 858012925204410400,
    room_create_time: '1499676978027',
    id_name: 'id123',
  },
  room_close: {
    event: 'room_close',
    appid: 1,
    timestamp: 1499676989,
    nonce: '350176',
    signature: 'signature',
    room_id: 'rid_1242649',
    room_session_id: 858012925204410400,
    close_reason: 1,
    room_close_time: '1499676989909',
  },
  room_login: {
    event: 'room_login',
    appid: 1,
    timestamp: 1499676978,
    nonce: '350176',
    signature: 'signature',
    room_id: 'rid_1242649',
    room_session_id: 858012925204410400,
    user_account: 'user1',
  },
} as const;

const { rtmp_url, hls_url, hdl_url, pic_url } = CALLBACKS.stream_create;

/** What ZEGO's `stream_create` becomes. */
export const LIVE = {
  stream_id: 'stream_id',
  stream_sid: 's-115205136669740000000000104',
  state: 'live',
  appid: '1',
  room_id: 'room1',
  room_session_id: '1234567',
  channel_id: '0xb-0x1',
  user_id: 'user1',
  user_name: 'user1_name',
  publish_id: 'publish',
  publish_name: 'publish_name',
  title: 'title',
  stream_alias: 'aaa',
  stream_attr: '{"cid":0}',
  codec: 'H.264',
  extra_info: 'extra',
  stream_seq: 1,
  recreate: 0,
  create_time: 1687981272,
  create_time_ms: 1687981272742,
  rtmp_url,
  hls_url,
  hdl_url,
  pic_url,
} as const;

/** And after ZEGO's `stream_close`. */
export const ENDED = { ...LIVE, state: 'ended', end_reason: 'stopped', end_time_ms: 1666986067248 } as const;

/** A detail of each problem, as the code words it. */
const DETAILS: Record<ProblemCode, string> = {
  'body-too-large': 'The body has more than 65536 bytes.',
  'unreadable-body': 'The body is no JSON object, no URL-encoded JSON object and no form.',
  'invalid-field': 'stream_sid is needed: a string or a number, not empty, within its length.',
  'bad-signature': 'No configured CallbackSecret gives this signature.',
  'timestamp-outside-window': 'timestamp is more than 600 s away from our clock.',
  'unknown-appid': 'appid is none of those configured in ZEGO_APP_ID.',
  'store-unavailable': 'The store did not answer. Try again.',
  'token-required': 'Send a token of LIST_TOKEN as "Authorization: Bearer …".',
  'invalid-parameter': 'limit must be a whole number from 1 to 100.',
  'invalid-cursor': 'cursor is broken, or of another release. Start again without it.',
  'stream-not-found': 'Nothing is known of this stream (any more).',
};

export interface ProblemExample {
  type: string;
  title: string;
  status: number;
  detail: string;
}

export function problemExample(code: ProblemCode): ProblemExample {
  return JSON.parse(problemDocument(new Problem(code, DETAILS[code])).body ?? '');
}
