import { Problem } from '../errors.ts';
import type { PageQuery, StreamQuery } from '../streams/live.ts';

/**
 * Query parameters, read from the raw query string: API Gateway joins repeated ones with commas in
 * `queryStringParameters`. One that is unknown, repeated, empty or out of range is refused, never ignored.
 */
type Parameters<N extends string> = { [K in N]: string | undefined };

const MAX_LIMIT = 100;

/** @throws Problem `invalid-parameter` whose detail names the parameter */
export function pageQuery(rawQueryString: string): PageQuery {
  const { limit, cursor, order, room_id, appid } = read(rawQueryString, [
    'limit',
    'cursor',
    'order',
    'room_id',
    'appid',
  ]);
  if (limit !== undefined && !(/^\d{1,3}$/.test(limit) && Number(limit) >= 1 && Number(limit) <= MAX_LIMIT)) {
    throw invalidParameter('limit', `must be a whole number from 1 to ${MAX_LIMIT}`);
  }
  if (order !== undefined && order !== 'newest' && order !== 'oldest') {
    throw invalidParameter('order', 'must be newest or oldest');
  }
  checkBytes('room_id', room_id);
  checkAppid(appid);
  return { limit: limit === undefined ? 50 : Number(limit), cursor, order: order ?? 'newest', room_id, appid };
}

/** @throws Problem `invalid-parameter` whose detail names the parameter; `stream-not-found` for what is no stream_id */
export function streamQuery(stream_id: string, rawQueryString: string): StreamQuery {
  const { stream_sid, appid } = read(rawQueryString, ['stream_sid', 'appid']);
  checkBytes('stream_sid', stream_sid);
  checkAppid(appid);
  if (Buffer.byteLength(stream_id) > 256)
    throw new Problem('stream-not-found', 'No stream_id has more than 256 bytes.');
  return { stream_id, stream_sid, appid };
}

function read<N extends string>(rawQueryString: string, names: readonly N[]): Parameters<N> {
  const parameters = new URLSearchParams(rawQueryString);
  for (const name of parameters.keys()) {
    if (!(names as readonly string[]).includes(name)) throw invalidParameter(name, 'is not a parameter of this route');
    if (parameters.getAll(name).length > 1) throw invalidParameter(name, 'is given more than once');
    if (parameters.get(name) === '') throw invalidParameter(name, 'is empty');
  }
  return Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? undefined])) as Parameters<N>;
}

/** The same bounds as for a callback's fields: what is longer is stored nowhere, and DynamoDB would refuse the key. */
function checkBytes(name: string, value: string | undefined): void {
  if (value !== undefined && Buffer.byteLength(value) > 512) throw invalidParameter(name, 'has more than 512 bytes');
}

function checkAppid(appid: string | undefined): void {
  if (appid !== undefined && !/^\d{1,20}$/.test(appid)) throw invalidParameter('appid', 'must be 1 to 20 digits');
}

function invalidParameter(name: string, rule: string): Problem {
  return new Problem('invalid-parameter', `${name} ${rule}.`);
}
