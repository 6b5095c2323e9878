import { Problem, type ProblemCode } from '../errors.ts';
import { problemDocument } from '../http/response.ts';
import room_close from '../zego/samples/room_close.json' with { type: 'json' };
import room_create from '../zego/samples/room_create.json' with { type: 'json' };
import stream_close from '../zego/samples/stream_close.json' with { type: 'json' };
import stream_create from '../zego/samples/stream_create.json' with { type: 'json' };

/** The examples of the OpenAPI document: ZEGO's own samples, and what is answered to them. Tests hold them to the code. */

/** As ZEGO documents them, one of each event that is kept, and one that is not. */
export const CALLBACKS = {
  stream_create,
  stream_close,
  room_create,
  room_close,
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
};

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
  'internal-error': 'This service has failed. Try again.',
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
