import { brokenCursor, caching, etag, token, unknownParameter, unknownStream } from './access.ts';
import { address } from './address.ts';
import type { Check } from './check.ts';
import type { Need } from './context.ts';
import { cors, preflight } from './cors.ts';
import { WAYS } from './encodings.ts';
import { certificate, clock, openApi, unknownRoute } from './endpoint.ts';
import { cachedList, closeEverything } from './leftovers.ts';
import { byStreamId, order, pages, roomList, wholeList } from './list-checks.ts';
import { appid, largeBody, latency, serverSecret, signature, timestampWindow, wrongSignature } from './signatures.ts';
import {
  close,
  closeFirst,
  closeRoom,
  create,
  encoding,
  endedStream,
  lateCreate,
  openRoom,
  recreate,
  repeatClose,
  repeatCreate,
} from './stream-checks.ts';

const CALLBACKS: Need[] = ['secret', 'appid'];
const STREAMS: Need[] = [...CALLBACKS, 'session'];
const READS: Need[] = [...STREAMS, 'list'];

const check = (name: string, description: string, run: Check['run'], needs: Need[] = []): Check => {
  return { name, description, needs, run };
};

/** Nothing else is checked where this one fails. */
export const ADDRESS = check('address', "a callback without a body is refused in the API's own words", address);

/** What closes all that the checks before it have created. */
export const LEFTOVERS = check(
  'nothing left behind',
  'everything is closed, and the list is empty of it',
  closeEverything,
  CALLBACKS,
);

const ENCODINGS = 'JSON, JSON with numbers, JSON as bytes, URL-encoded JSON and both forms are read back exactly';

/** All other checks, in the order in which they are made: the first ones leave nothing in the deployment. */
export const CHECKS: readonly Check[] = [
  check('TLS certificate', 'it is trusted, for two weeks at least', certificate),
  check('clock', 'the `Date` of the answers is that of this machine', clock),
  check('OpenAPI document', '`/openapi.json` is that of this API', openApi),
  check('unknown route', '404', unknownRoute),
  check('token', '`LIST_TOKEN` is demanded on both routes, and the one given is taken', token),
  check('unknown parameter', '400 `invalid-parameter`', unknownParameter, ['list']),
  check('broken cursor', '400 `invalid-cursor`', brokenCursor, ['list']),
  check('unknown stream', '404 `stream-not-found`', unknownStream, ['list']),
  check('ETag', '`If-None-Match` gives 304 without a body', etag, ['list']),
  check('Cache-Control', 'that of the API, and `private` when a token is demanded', caching, ['list']),
  check('CORS', 'the origin may read, and see `ETag`', cors),
  check('CORS preflight', 'answered without a token; `authorization` and `if-none-match` are allowed', preflight),
  check('large body', 'more than 64 KiB: 413; just that: taken', largeBody),
  check('wrong signature', '401 `bad-signature`', wrongSignature),
  check('signature', 'a signed callback is taken', signature, ['secret']),
  {
    ...check('ServerSecret', 'with `--server-secret`: it signs nothing', serverSecret),
    isRequested: (options) => options.serverSecret !== undefined,
  },
  check(
    'timestamp window',
    "401 `timestamp-outside-window` for 1970 and 2100; a callback as old as ZEGO's last retry is taken",
    timestampWindow,
    ['secret'],
  ),
  check('appid', 'it is taken', appid, ['secret']),
  check('create', '`applied`', create, CALLBACKS),
  check('create, repeated', '`unchanged`', repeatCreate, STREAMS),
  ...Object.keys(WAYS).map((name) => check(`encoding: ${name}`, ENCODINGS, encoding(name), STREAMS)),
  check('list of a room', 'all streams, newest first, within some seconds', roomList, READS),
  check('list of everybody', 'the same streams, among those of all rooms', wholeList, READS),
  check('pages', 'page by page the same', pages, READS),
  check('order', 'oldest first', order, READS),
  check('list by stream_id', 'those asked for, in that order', byStreamId, READS),
  check('close', '`applied`', close, STREAMS),
  check('close, repeated', '`unchanged`', repeatClose, STREAMS),
  check('ended stream', 'read as stopped, and off the list', endedStream, READS),
  check('create after its close', 'the stream stays ended', lateCreate, READS),
  check('close before its create', 'the stream stays ended', closeFirst, READS),
  check('recreate', 'it is live again', recreate, READS),
  check('room_create', '`applied`', openRoom, STREAMS),
  check('room_close', 'ends the stream of the room, whose id is a number of 64 bits', closeRoom, READS),
  LEFTOVERS,
  check(
    'cached list',
    'what was read before the end is gone after `LIST_CACHE_SECONDS`, by the same URLs: a list and a stream',
    cachedList,
    READS,
  ),
  check('latency', 'half of the callbacks within 1 s', latency),
];
