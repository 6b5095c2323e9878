import { PROBLEMS, type ProblemCode } from '../errors.ts';
import { APPID_PATTERN, MAX_BYTES } from '../limits.ts';
import { ENDED, problemExample } from './examples.ts';

/**
 * The schemas of the OpenAPI document, in JSON Schema 2020-12: bodies of answers, parameters and headers. Answers may get
 * new fields, so none of them is closed.
 */
export type Schema = Readonly<Record<string, unknown>>;

export const ref = (path: string) => ({ $ref: `#/components/${path}` });

type Field = keyof typeof ENDED;

/** A field of an answer, with its value in ZEGO's sample as the example. */
const field = (name: Field, description: string, schema: Schema): Schema => ({
  description,
  ...schema,
  examples: [ENDED[name]],
});
const string = (name: Field, description: string) => field(name, description, { type: 'string' });
const stringOrNull = (name: Field, description: string) => field(name, description, { type: ['string', 'null'] });
const integer = (name: Field, description: string) =>
  field(name, description, { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const integerOrNull = (name: Field, description: string) =>
  field(name, description, { type: ['integer', 'null'], minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const urls = (name: Field, kind: string) =>
  field(name, `${kind} URLs to play or show the stream. Empty when ZEGO told none.`, {
    type: 'array',
    items: { type: 'string' },
  });

const FIELDS = {
  stream_id: string('stream_id', 'The id of the stream.'),
  stream_sid: string('stream_sid', "ZEGO's id of this publishing of the stream."),
  appid: field('appid', 'The AppID of the ZEGO project.', { type: 'string', pattern: APPID_PATTERN }),
  room_id: string('room_id', 'The room that the stream is published in.'),
  room_session_id: stringOrNull(
    'room_session_id',
    'The session of the room. An integer of 64 bits, so it is a string. Null when ZEGO told none.',
  ),
  channel_id: string('channel_id', 'As ZEGO told it, else equal to `room_id`.'),
  user_id: stringOrNull('user_id', 'Who publishes the stream. Null when ZEGO told nobody.'),
  user_name: stringOrNull('user_name', 'The name of who publishes the stream, or null.'),
  publish_id: stringOrNull('publish_id', 'As ZEGO told it, else equal to `user_id`.'),
  publish_name: stringOrNull('publish_name', 'As ZEGO told it, else equal to `user_name`.'),
  title: stringOrNull('title', 'The title of the stream, or null.'),
  stream_alias: string('stream_alias', 'As ZEGO told it, else equal to `stream_id`.'),
  stream_attr: stringOrNull('stream_attr', 'Attributes of the stream: JSON in a string, as ZEGO told it, or null.'),
  codec: field('codec', 'The video codec, read out of `stream_attr`. Null when it is not known.', {
    type: ['string', 'null'],
    enum: ['H.264', 'H.264 SVC', 'VP8', 'H.265', null],
  }),
  extra_info: stringOrNull('extra_info', 'What the publisher added to the stream, or null.'),
  stream_seq: integer('stream_seq', "Counts the changes of the room's streams."),
  recreate: integerOrNull('recreate', '1 when ZEGO tells of a stream again that it told of before, else 0 or null.'),
  create_time: integerOrNull('create_time', 'When the stream started. Unix time in seconds, or null.'),
  create_time_ms: integerOrNull(
    'create_time_ms',
    'When the stream started. Unix time in milliseconds. Null only when no create is known, but a close that tells no time.',
  ),
  rtmp_url: urls('rtmp_url', 'RTMP'),
  hls_url: urls('hls_url', 'HLS'),
  hdl_url: urls('hdl_url', 'HTTP-FLV'),
  pic_url: urls('pic_url', 'Snapshot'),
};

/** Why a session ended. No enum: another reason may come one day, and an answer with it must not break a reader. */
const END_REASONS = [
  '`stopped`, `heartbeat_timeout`, `relogin`, `kicked`, `disconnected`, `room_cleared` or `deleted`: a close of ZEGO told it.',
  '`close_type_N`: a close told another `type` N.',
  '`superseded`: a newer session of the stream is known. `room_closed`: its room closed. `expired`: nothing more came.',
  'Null: a close told no `type`, or the reason is no longer kept. Other values may come.',
].join(' ');

function session(state: 'live' | 'ended', description: string, more: Record<string, Schema>): Schema {
  const { stream_id, stream_sid, ...others } = FIELDS;
  const properties = {
    stream_id,
    stream_sid,
    state: { description: 'Whether the session is live or has ended.', type: 'string', const: state },
    ...others,
    ...more,
  };
  return { description, type: 'object', required: Object.keys(properties), properties };
}

const codes = Object.keys(PROBLEMS) as ProblemCode[];

const OBJECT = { type: 'object', additionalProperties: true };

export const ANSWERS: Record<string, Schema> = {
  LiveSession: session('live', 'A session that is live.', {
    create_time_ms: integer('create_time_ms', 'When the stream started. Unix time in milliseconds.'),
  }),
  EndedSession: session('ended', 'A session that has ended.', {
    end_reason: stringOrNull('end_reason', END_REASONS),
    end_time_ms: integerOrNull(
      'end_time_ms',
      'When the session ended. Unix time in milliseconds. Null when it is no longer kept.',
    ),
  }),
  Session: {
    description: 'One publishing of a stream, named by `stream_id` and `stream_sid`.',
    oneOf: [ref('schemas/LiveSession'), ref('schemas/EndedSession')],
  },
  StreamList: {
    description: 'A page of the live list, or what is live of some streams.',
    type: 'object',
    required: ['streams', 'next_cursor'],
    properties: {
      streams: { description: 'Live sessions, in order.', type: 'array', items: ref('schemas/LiveSession') },
      next_cursor: {
        description: 'Send it back as `cursor` to get the next page. Null on the last page.',
        type: ['string', 'null'],
      },
    },
  },
  Result: {
    description: 'What became of a callback.',
    type: 'object',
    required: ['result'],
    properties: {
      result: {
        description:
          '`applied`: stored. `unchanged`: a repeat, or what is stored is newer. `ignored`: an event that is not kept.',
        type: 'string',
        enum: ['applied', 'unchanged', 'ignored'],
      },
    },
    examples: [{ result: 'applied' }],
  },
  Problem: {
    description: 'Why a request was refused or failed (RFC 9457).',
    type: 'object',
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: {
        description: 'Which problem it is.',
        type: 'string',
        enum: codes.map((code) => problemExample(code).type),
      },
      title: { description: 'The problem in a few words.', type: 'string' },
      status: {
        description: 'The status of the answer.',
        type: 'integer',
        enum: [...new Set(codes.map((code) => PROBLEMS[code].status))].sort(),
      },
      detail: { description: 'What is wrong here. It names fields and parameters, never values.', type: 'string' },
    },
    examples: [problemExample('invalid-parameter')],
  },
  GatewayMessage: {
    description: "API Gateway's own answer, when no function was reached or one broke off.",
    type: 'object',
    properties: { message: { type: 'string' } },
    examples: [{ message: 'Internal Server Error' }],
  },
  OpenApi: {
    description: 'An OpenAPI document.',
    type: 'object',
    required: ['openapi', 'info', 'paths'],
    properties: { openapi: { type: 'string' }, info: OBJECT, paths: OBJECT },
  },
};

const id = (name: keyof typeof MAX_BYTES) => ({ type: 'string', minLength: 1, maxLength: MAX_BYTES[name] });
const atMost = (name: keyof typeof MAX_BYTES) => `At most ${MAX_BYTES[name]} bytes of UTF-8`;
const APP_ID = { type: 'string', pattern: APPID_PATTERN };

export const PARAMETERS = {
  Limit: {
    name: 'limit',
    in: 'query',
    description: 'How many sessions a page has.',
    schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
    example: 20,
  },
  Cursor: {
    name: 'cursor',
    in: 'query',
    description:
      'The `next_cursor` of the page before, with the same `order`, `room_id` and `appid`. It is opaque: do not build one.',
    schema: { type: 'string', minLength: 1 },
  },
  Order: {
    name: 'order',
    in: 'query',
    description: 'Which sessions come first, by `create_time_ms`.',
    schema: { type: 'string', enum: ['newest', 'oldest'], default: 'newest' },
    example: 'oldest',
  },
  RoomId: {
    name: 'room_id',
    in: 'query',
    description: `Only sessions of this room. ${atMost('room_id')}.`,
    schema: id('room_id'),
    example: 'room1',
  },
  AppId: {
    name: 'appid',
    in: 'query',
    description: 'Only sessions of this AppID.',
    schema: APP_ID,
    example: '1',
  },
  StreamIds: {
    name: 'stream_id',
    in: 'query',
    description: `Only live sessions of these streams, each id in a parameter of its own. ${atMost('stream_id')} each. It goes with \`appid\`, and with no other parameter.`,
    style: 'form',
    explode: true,
    // No example: tools that try those of all parameters at once would be refused.
    schema: { type: 'array', minItems: 1, maxItems: 50, items: id('stream_id') },
  },
  StreamId: {
    name: 'stream_id',
    in: 'path',
    required: true,
    description: `The stream. ${atMost('stream_id')}, percent-encoded.`,
    schema: id('stream_id'),
    example: 'stream_id',
  },
  StreamSid: {
    name: 'stream_sid',
    in: 'query',
    description: `Just this session of the stream. ${atMost('stream_sid')}.`,
    schema: id('stream_sid'),
    example: 's-115205136669740000000000104',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of an answer that you have. When it is still right, the answer is 304 without a body.',
    schema: { type: 'string' },
  },
};

export const HEADERS = {
  ETag: {
    description:
      'Names exactly this body. Send it back as `If-None-Match`. A proxy that compresses may make it a weak one.',
    required: true,
    schema: { type: 'string', pattern: '^(W/)?"[^"]+"$' },
    example: '"UWHs5c3v0eJ6CQM7eXvXNQg-VKBr-8E8oGSgKjcBmIc"',
  },
  CacheControl: {
    description: 'How many seconds the answer may still be shown. `private` when a token is demanded.',
    required: true,
    schema: { type: 'string', pattern: '^(no-store|(private, )?max-age=[0-9]+)$' },
    example: 'private, max-age=2',
  },
  NoStore: {
    description: 'Nobody may keep the answer.',
    required: true,
    schema: { type: 'string', const: 'no-store' },
  },
  RetryAfter: {
    description: 'When to come again, in seconds. API Gateway does not send it.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
    example: '2',
  },
  Challenge: { description: 'How to show a token.', required: true, schema: { type: 'string', const: 'Bearer' } },
};
