import {
  APPID_PATTERN,
  MAX_BYTES,
  MAX_TIME_MS,
  MAX_TIME_SECONDS,
  TIME_MS_DIGITS,
  TIME_SECONDS_DIGITS,
} from '../limits.ts';
import { CALLBACKS } from './examples.ts';
import { ref, type Schema } from './schemas.ts';

/**
 * What ZEGO sends, in the OpenAPI document. What these schemas accept is answered 2XX when it is signed rightly and
 * arrives in time, and what they refuse is not. A test holds them to the code that reads callbacks.
 */

/** Strings and numbers are taken alike. maxLength counts characters where the limit counts bytes. */
const scalar = (description: string, maxBytes?: number): Schema => ({
  description: maxBytes === undefined ? description : `${description} At most ${maxBytes} bytes of UTF-8.`,
  type: ['string', 'number'],
  minLength: 1,
  ...(maxBytes === undefined ? {} : { maxLength: maxBytes }),
});

/** A whole number, or a string of its digits, with any zeros in front. */
const digits = (description: string, pattern: string, maximum: number): Schema => ({
  description,
  type: ['string', 'integer'],
  pattern: `^0*(${pattern})$`,
  minimum: 0,
  maximum,
});

const unixTime = (unit: string, count: number, maximum: number) =>
  digits(`Unix time in ${unit}, up to ${count} digits.`, `[0-9]{1,${count}}`, maximum);

/** Up to 2^53-1, digit by digit. */
const SAFE_INTEGER = [...String(Number.MAX_SAFE_INTEGER)]
  .map((digit, i, all) => ({ before: all.slice(0, i).join(''), digit: Number(digit), after: all.length - i - 1 }))
  .filter(({ digit }) => digit > 0)
  .map(({ before, digit, after }) => `${before}[0-${digit - 1}][0-9]{${after}}`)
  .concat('[0-9]{1,15}', String(Number.MAX_SAFE_INTEGER))
  .join('|');

const VALUES: Record<string, Schema> = {
  Text: scalar('A string or a number.'),
  Signature: scalar(
    'SHA-1 in hexadecimal digits of the CallbackSecret, `timestamp` and `nonce`, sorted as bytes and joined.',
  ),
  AppId: {
    description: 'The AppID of the ZEGO project: 1 to 20 digits. 401 when it is none of those configured here.',
    type: ['string', 'integer'],
    pattern: APPID_PATTERN,
    minimum: 0,
    exclusiveMaximum: 1e20,
  },
  StreamId: scalar('The id of the stream.', MAX_BYTES.stream_id),
  StreamSid: scalar("ZEGO's id of this publishing of the stream.", MAX_BYTES.stream_sid),
  RoomId: scalar('The room.', MAX_BYTES.room_id),
  RoomSessionId: scalar('The session of the room: an unsigned integer of 64 bits.', MAX_BYTES.room_session_id),
  StreamSeq: digits("Counts the changes of the room's streams. Up to 2^53-1.", SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  TimeMs: unixTime('milliseconds', TIME_MS_DIGITS, MAX_TIME_MS),
  TimeSeconds: unixTime('seconds', TIME_SECONDS_DIGITS, MAX_TIME_SECONDS),
  Timestamp: {
    description:
      'Unix time in seconds, or in milliseconds when it has 13 digits. 401 when it is further from now than the window that is configured, 600 seconds by default.',
    type: ['string', 'integer'],
    pattern: '^[0-9]+$',
    minimum: 0,
  },
};

/** A callback may have more fields than are known here. Linters take examples with such fields for faults otherwise. */
const OPEN = { type: 'object', additionalProperties: true };

/** Of two fields the first readable one counts, so the other one may be anything. */
const firstReadable = (...fields: [name: string, value: string][]): Schema => ({
  anyOf: fields.map(([name, value]) => ({ required: [name], properties: { [name]: ref(`schemas/${value}`) } })),
});

/** ZEGO's newer products write the envelope in PascalCase, which counts where the other one is absent or null. */
const envelopeField = (name: string, pascalName: string, value: string): Schema => ({
  anyOf: [
    { required: [name], properties: { [name]: ref(`schemas/${value}`) } },
    { required: [pascalName], properties: { [name]: { type: 'null' }, [pascalName]: ref(`schemas/${value}`) } },
  ],
});

/** No type: one that cannot be read counts as absent. */
const OPTIONAL: Record<string, string> = {
  stream_id: 'The id of the stream. Without a readable one, `stream_alias` is needed.',
  stream_alias: 'Equal to `stream_id`, as ZEGO documents it.',
  room_id: 'The room. Without a readable one, `channel_id` is needed.',
  channel_id: 'Equal to `room_id`, as ZEGO documents it.',
  room_session_id: 'The session of the room, an unsigned integer of 64 bits.',
  user_id: 'Who publishes the stream.',
  user_name: 'The name of who publishes the stream.',
  publish_id: 'Equal to `user_id`, as ZEGO documents it.',
  publish_name: 'Equal to `user_name`, as ZEGO documents it.',
  title: 'The title of the stream.',
  stream_attr: 'JSON in a string. `cid` in it is the codec: 0 H.264, 1 H.264 SVC, 2 VP8, 3 H.265.',
  extra_info: 'What the publisher added to the stream.',
  recreate: '1 when ZEGO tells of a stream again that it told of before.',
  create_time: 'When the stream started. Unix time in seconds.',
  create_time_ms: 'When the stream started. Unix time in milliseconds.',
  rtmp_url: 'RTMP URLs: an array, or one URL.',
  hls_url: 'HLS URLs: an array, or one URL.',
  hdl_url: 'HTTP-FLV URLs: an array, or one URL.',
  pic_url: 'Snapshot URLs: an array, or one URL.',
  type: 'Why the stream ended: 0 stopped, 1 heartbeat timeout, 2 logged in again, 3 kicked out, 4 disconnected, 5 room cleared, 100 deleted.',
  destroy_timemillis: 'When the stream ended. Unix time in milliseconds. Without a readable one, `timestamp` counts.',
  third_define_data: 'Not kept.',
  id_name: 'Not kept.',
  close_reason: 'Not kept.',
  room_close_time: 'When the room closed. Unix time in milliseconds. Without a readable one, `timestamp` counts.',
};

const KEPT = ['stream_create', 'stream_close', 'room_create', 'room_close'] as const;

/** An event that is kept: its needed fields by the schemas of their values, and all others of ZEGO's sample. */
function kept(event: (typeof KEPT)[number], needed: Record<string, string>) {
  const optional = Object.entries(CALLBACKS[event]).filter(([name]) => name in OPTIONAL && !(name in needed));
  return {
    ...OPEN,
    required: ['event', ...Object.keys(needed)],
    properties: {
      event: { type: 'string', const: event },
      ...Object.fromEntries(Object.entries(needed).map(([name, value]) => [name, ref(`schemas/${value}`)])),
      ...Object.fromEntries(
        optional.map(([name, value]) => [name, { description: OPTIONAL[name], examples: [value] }]),
      ),
    },
  };
}

const STREAM = { appid: 'AppId', stream_sid: 'StreamSid', stream_seq: 'StreamSeq' };
const ROOM = { appid: 'AppId', room_id: 'RoomId', room_session_id: 'RoomSessionId' };
const STREAM_NAMES = [
  firstReadable(['stream_id', 'StreamId'], ['stream_alias', 'StreamId']),
  firstReadable(['room_id', 'RoomId'], ['channel_id', 'RoomId']),
];

export const CALLBACK_SCHEMAS: Record<string, Schema> = {
  ...VALUES,
  Callback: {
    description: 'A callback of ZEGO: its envelope, and what the event tells.',
    ...OPEN,
    allOf: [
      ref('schemas/Envelope'),
      {
        anyOf: ['StreamCreate', 'StreamClose', 'RoomCreate', 'RoomClose', 'OtherEvent'].map((name) =>
          ref(`schemas/${name}`),
        ),
      },
    ],
  },
  CallbackForm: {
    description: 'A callback as a form, which has no null.',
    ...OPEN,
    allOf: [ref('schemas/Callback')],
    properties: Object.fromEntries(
      ['event', 'timestamp', 'nonce', 'signature', 'room_session_id'].map((name) => [
        name,
        { type: ['string', 'number'] },
      ]),
    ),
  },
  Envelope: {
    description: 'What every callback carries. `signature` covers `timestamp` and `nonce`, and no other field.',
    ...OPEN,
    allOf: [
      envelopeField('event', 'Event', 'Text'),
      envelopeField('timestamp', 'Timestamp', 'Timestamp'),
      envelopeField('nonce', 'Nonce', 'Text'),
      envelopeField('signature', 'Signature', 'Signature'),
    ],
  },
  StreamCreate: {
    description: 'A stream started, or ZEGO tells of it again.',
    ...kept('stream_create', STREAM),
    allOf: [...STREAM_NAMES, firstReadable(['create_time_ms', 'TimeMs'], ['create_time', 'TimeSeconds'])],
  },
  StreamClose: { description: 'A stream ended.', ...kept('stream_close', STREAM), allOf: STREAM_NAMES },
  RoomCreate: { description: 'A room opened.', ...kept('room_create', { ...ROOM, room_create_time: 'TimeMs' }) },
  RoomClose: { description: 'A room closed. Its streams end.', ...kept('room_close', ROOM) },
  OtherEvent: {
    description: 'An event that is not kept, also one of another product of ZEGO.',
    anyOf: [
      {
        ...OPEN,
        required: ['event'],
        properties: { event: { allOf: [ref('schemas/Text')], not: { enum: KEPT } } },
      },
      {
        description: "A room of ZEGO's chat product (ZIM) has no session.",
        ...OPEN,
        required: ['event'],
        properties: {
          event: { type: 'string', enum: ['room_create', 'room_close'] },
          room_session_id: { enum: [null, ''] },
        },
      },
      {
        description: 'An event of a product that writes PascalCase.',
        ...OPEN,
        required: ['Event'],
        properties: { event: { type: 'null' }, Event: ref('schemas/Text') },
      },
    ],
  },
};
