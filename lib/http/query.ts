import { Problem } from '../errors.ts';
import { isAppid, MAX_BYTES } from '../limits.ts';
import type { PageQuery } from '../streams/list.ts';
import type { StreamQuery, StreamsQuery } from '../streams/lookup.ts';

/**
 * Query parameters, read from the raw query string: API Gateway joins repeated ones with commas in
 * `queryStringParameters`. One that is unknown, repeated, empty or out of range is refused, never ignored.
 */
type Parameters<N extends string> = { [K in N]: string | undefined };

const PAGE_PARAMETERS = ['limit', 'cursor', 'order', 'room_id', 'appid'] as const;
const MAX_LIMIT = 100;
/** How many streams may be asked for at once. */
const MAX_STREAMS = 50;

/** A page of the live list, or what is live of some streams. */
export type ListQuery = PageQuery | StreamsQuery;

/** @throws Problem `invalid-parameter` whose detail names the parameter */
export function listQuery(rawQueryString: string): ListQuery {
  const parameters = parse(rawQueryString);
  return parameters.has('stream_id') ? streamsQuery(parameters) : pageQuery(parameters);
}

function pageQuery(parameters: URLSearchParams): PageQuery {
  const { limit, cursor, order, room_id, appid } = read(parameters, PAGE_PARAMETERS);
  if (limit !== undefined && !(/^\d+$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MAX_LIMIT)) {
    throw invalidParameter('limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  if (order !== undefined && order !== 'newest' && order !== 'oldest') {
    throw invalidParameter('order', 'must be newest or oldest');
  }
  checkBytes('room_id', room_id);
  checkAppid(appid);
  return {
    kind: 'page',
    limit: limit === undefined ? 50 : Number(limit),
    cursor,
    order: order ?? 'newest',
    room_id,
    appid,
  };
}

function streamsQuery(parameters: URLSearchParams): StreamsQuery {
  const asked = parameters.getAll('stream_id');
  const others = new URLSearchParams(parameters);
  others.delete('stream_id');
  for (const name of others.keys()) {
    if (isOneOf(PAGE_PARAMETERS, name) && name !== 'appid') throw invalidParameter(name, 'does not go with stream_id');
  }
  const { appid } = read(others, ['appid']);
  if (asked.length > MAX_STREAMS) throw invalidParameter('stream_id', `is given more than ${MAX_STREAMS} times`);
  if (asked.includes('')) throw invalidParameter('stream_id', 'is empty');
  for (const stream_id of asked) checkBytes('stream_id', stream_id);
  checkAppid(appid);
  return { kind: 'streams', stream_ids: [...new Set(asked)], appid };
}

/** @throws Problem `invalid-parameter` whose detail names the parameter; `stream-not-found` for what is no stream_id */
export function streamQuery(stream_id: string, rawQueryString: string): StreamQuery {
  const { stream_sid, appid } = read(parse(rawQueryString), ['stream_sid', 'appid']);
  checkBytes('stream_sid', stream_sid);
  checkAppid(appid);
  if (Buffer.byteLength(stream_id) > MAX_BYTES.stream_id)
    throw new Problem('stream-not-found', `No stream_id has more than ${MAX_BYTES.stream_id} bytes.`);
  return { kind: 'stream', stream_id, stream_sid, appid };
}

function parse(rawQueryString: string): URLSearchParams {
  // URLSearchParams drops a question mark in front: that of the URL, and not one that a name begins with.
  return new URLSearchParams(`?${rawQueryString}`);
}

function isOneOf<N extends string>(names: readonly N[], name: string): name is N {
  return (names as readonly string[]).includes(name);
}

function read<N extends string>(parameters: URLSearchParams, names: readonly N[]): Parameters<N> {
  for (const name of parameters.keys()) {
    if (!isOneOf(names, name)) throw invalidParameter(name || 'What has no name', 'is not a parameter of this route');
    if (parameters.getAll(name).length > 1) throw invalidParameter(name, 'is given more than once');
    if (parameters.get(name) === '') throw invalidParameter(name, 'is empty');
  }
  return Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? undefined])) as Parameters<N>;
}

/** The same bounds as for a callback's fields: what is longer is stored nowhere, and DynamoDB would refuse the key. */
function checkBytes(name: keyof typeof MAX_BYTES, value: string | undefined): void {
  const max = MAX_BYTES[name];
  if (value !== undefined && Buffer.byteLength(value) > max) throw invalidParameter(name, `has more than ${max} bytes`);
}

function checkAppid(appid: string | undefined): void {
  if (appid !== undefined && !isAppid(appid)) throw invalidParameter('appid', 'must be 1 to 20 digits');
}

function invalidParameter(name: string, rule: string): Problem {
  return new Problem('invalid-parameter', `${name} ${rule}.`);
}
