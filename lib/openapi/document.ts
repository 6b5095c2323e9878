import type { ProblemCode } from '../errors.ts';
import { CALLBACK_SCHEMAS } from './callback-schemas.ts';
import { CALLBACKS, ENDED, LIVE, problemExample } from './examples.ts';
import { ANSWERS, HEADERS, PARAMETERS, ref, type Schema } from './schemas.ts';

/**
 * The OpenAPI document of every route of serverless.yml. Tests hold it to the routes, to the readers of queries and
 * callbacks, and to every answer that a handler gives in a test.
 */

const NO_STORE = { 'Cache-Control': ref('headers/NoStore') };
const CACHED = { ETag: ref('headers/ETag'), 'Cache-Control': ref('headers/CacheControl') };

/** An answer that tells of one of these problems: with just their types, and an example of each. */
function problems(description: string, codes: readonly ProblemCode[], headers: Schema = {}) {
  const types = codes.map((code) => problemExample(code).type);
  return {
    description,
    headers: { ...NO_STORE, ...headers },
    content: {
      'application/problem+json': {
        schema: {
          type: 'object',
          allOf: [ref('schemas/Problem')],
          properties: { type: { type: 'string', enum: types } },
        },
        examples: Object.fromEntries(codes.map((code) => [code, { value: problemExample(code) }])),
      },
    },
  };
}

function fromGateway(description: string, message: string) {
  return {
    description,
    content: { 'application/json': { schema: ref('schemas/GatewayMessage'), example: { message } } },
  };
}

/** A success, with its body. */
function ok(description: string, schema: string, headers: Schema, examples: Record<string, unknown>) {
  return {
    description,
    headers,
    content: {
      'application/json': {
        schema: ref(`schemas/${schema}`),
        examples: Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }])),
      },
    },
  };
}

/** What API Gateway, Lambda and the store can do to a request on any route. */
const FAULTS = {
  429: ref('responses/TooManyRequests'),
  431: ref('responses/RequestTooLong'),
  500: ref('responses/Failed'),
  503: ref('responses/Unavailable'),
};

/** The list is open when the operator has set `LIST_TOKEN` to `public`. */
const READERS = [{ bearer: [] }, {}];

const callbackIn = (schema: Schema) => ({
  schema,
  examples: Object.fromEntries(Object.keys(CALLBACKS).map((event) => [event, ref(`examples/${event}`)])),
});

export const DOCUMENT = {
  openapi: '3.1.0',
  info: {
    title: 'zego-live-list',
    // That of package.json.
    version: '0.1.0',
    summary: 'Which ZEGO live streams are on air, right now.',
    description: [
      'It receives the signed callbacks of ZEGO (ZEGOCLOUD) and serves the list of live streams.',
      'Answers may get new fields: a reader ignores those that it does not know.',
      'A query parameter of the list that is unknown, repeated, empty or out of range is refused, never ignored.',
      'What is no route is answered 404 by API Gateway: `{"message":"Not Found"}`.',
    ].join('\n\n'),
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/', description: 'Where this document is served' }],
  tags: [
    { name: 'list', description: 'The live list, for readers' },
    { name: 'callbacks', description: 'For ZEGO' },
    { name: 'document', description: 'This document' },
  ],
  paths: {
    '/callbacks/zego': {
      post: {
        operationId: 'receiveCallback',
        tags: ['callbacks'],
        summary: 'Receives a callback',
        description: [
          'One URL for every event group of ZEGO. A 2XX means that the event is stored, or is none that is kept. After any other answer ZEGO sends the callback again.',
          'Needed is a right `signature` and a `timestamp` that is not too far from now. A body of more than 64 KiB is refused, and one that is nested deeper than 64 levels may be refused.',
          'The body may be JSON, JSON that was URL-encoded as a whole, or a form with arrays as `rtmp_url[]=…` or `rtmp_url[0]=…`, whatever the Content-Type says. What begins with `{`, `[` or a quotation mark is taken for JSON.',
          'Lengths count bytes of UTF-8. An id that is almost too long and has many characters from U+0000 to `$` may be refused.',
        ].join('\n\n'),
        security: [],
        requestBody: {
          required: true,
          content: {
            'application/json': callbackIn(ref('schemas/Callback')),
            'application/x-www-form-urlencoded': callbackIn(ref('schemas/CallbackForm')),
          },
        },
        responses: {
          200: ok('Stored, or an event that is not kept', 'Result', NO_STORE, {
            applied: { result: 'applied' },
            unchanged: { result: 'unchanged' },
            ignored: { result: 'ignored' },
          }),
          400: problems('The body or a field cannot be read', ['unreadable-body', 'invalid-field']),
          401: problems('Not signed rightly, not in time, or of another app', [
            'bad-signature',
            'timestamp-outside-window',
            'unknown-appid',
          ]),
          413: {
            ...problems('The body is too large. Over 10 MB it is API Gateway that tells', ['body-too-large']),
            content: {
              ...problems('', ['body-too-large']).content,
              ...fromGateway('', 'Request Entity Too Large').content,
            },
          },
          ...FAULTS,
        },
      },
    },
    '/streams': {
      get: {
        operationId: 'listStreams',
        tags: ['list'],
        summary: 'Lists live streams',
        description: [
          'A page of the live list: use `limit`, `cursor`, `order`, `room_id` and `appid`.',
          'Or what is live of up to 50 streams: repeat `stream_id`, alone or with `appid`. Each stream is answered once, in the order asked, and those that are not live are left out.',
        ].join('\n\n'),
        security: READERS,
        parameters: ['Limit', 'Cursor', 'Order', 'RoomId', 'AppId', 'StreamIds', 'IfNoneMatch'].map((name) =>
          ref(`parameters/${name}`),
        ),
        responses: {
          200: ok('Live sessions', 'StreamList', CACHED, {
            streams: { streams: [LIVE], next_cursor: null },
            none: { streams: [], next_cursor: null },
          }),
          304: ref('responses/NotModified'),
          400: problems('A parameter is refused', ['invalid-parameter', 'invalid-cursor']),
          401: ref('responses/TokenRequired'),
          ...FAULTS,
        },
      },
    },
    '/streams/{stream_id}': {
      get: {
        operationId: 'getStream',
        tags: ['list'],
        summary: 'Shows one stream, live or ended',
        description:
          'The newest live session of the stream, else its newest ended one. An ended session is kept for some time, 24 hours by default.',
        security: READERS,
        parameters: ['StreamId', 'StreamSid', 'AppId', 'IfNoneMatch'].map((name) => ref(`parameters/${name}`)),
        responses: {
          200: ok('A session of the stream', 'Session', CACHED, { live: LIVE, ended: ENDED }),
          304: ref('responses/NotModified'),
          400: problems('A parameter is refused', ['invalid-parameter']),
          401: ref('responses/TokenRequired'),
          404: problems('Nothing is known of the stream, or not any more', ['stream-not-found']),
          ...FAULTS,
        },
      },
    },
    '/openapi.json': {
      get: {
        operationId: 'getOpenApi',
        tags: ['document'],
        summary: 'Shows this document',
        security: [],
        parameters: [ref('parameters/IfNoneMatch')],
        responses: {
          200: ok('This document', 'OpenApi', CACHED, {}),
          304: ref('responses/NotModified'),
          ...FAULTS,
        },
      },
    },
  },
  components: {
    schemas: { ...ANSWERS, ...CALLBACK_SCHEMAS },
    examples: Object.fromEntries(Object.entries(CALLBACKS).map(([event, value]) => [event, { value }])),
    parameters: PARAMETERS,
    headers: HEADERS,
    responses: {
      NotModified: { description: 'You have this answer already', headers: CACHED },
      TokenRequired: problems('No bearer token, or a wrong one', ['token-required'], {
        'WWW-Authenticate': ref('headers/Challenge'),
      }),
      TooManyRequests: fromGateway('API Gateway takes no more requests at the moment', 'Too Many Requests'),
      RequestTooLong: { description: 'API Gateway takes no URL and headers of more than 10,240 bytes together' },
      Failed: {
        description: 'This service has failed, or a function broke off: then API Gateway answers by itself',
        content: {
          ...problems('', ['internal-error']).content,
          ...fromGateway('', 'Internal Server Error').content,
        },
      },
      Unavailable: {
        description: 'The store did not answer, or no function did: then API Gateway answers by itself',
        headers: { 'Retry-After': ref('headers/RetryAfter') },
        content: {
          ...problems('', ['store-unavailable']).content,
          ...fromGateway('', 'Service Unavailable').content,
        },
      },
    },
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A token of `LIST_TOKEN`.' },
    },
  },
};
