import { beforeAll, expect, it, vi } from 'vitest';
import { SECRET, sample, signed } from '../callback.ts';
import { freshTable, type TestTable } from '../engine.ts';
import { get, post } from '../gateway-event.ts';
import { startFunction } from './function.ts';

const SETTINGS = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: 'public' };

type Handler = Awaited<ReturnType<typeof startFunction>>;
let db: TestTable;
let streams: Handler;
beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  db = await freshTable();
  const callback = await startFunction('callback', db, SETTINGS);
  streams = await startFunction('streams', db, SETTINGS);
  const ids = ['a', 'b', 'c', '直播/1', 'd e+f'];
  for (const [i, stream_id] of ids.entries()) {
    const room_id = i % 2 === 0 ? 'room #1' : 'room2';
    const create = {
      ...sample('stream_create'),
      stream_id,
      stream_sid: `s-${i}`,
      room_id,
      create_time_ms: String(1e12 + i),
    };
    await callback(post(JSON.stringify(signed(create))));
  }
});

async function read(path: string, via: Handler = streams, authorization?: string) {
  const answer = await via(get(path, authorization === undefined ? {} : { authorization }));
  return { status: answer.statusCode, headers: answer.headers, ...JSON.parse(answer.body ?? '{}') };
}

const ids = ({ streams: listed }: { streams: { stream_id: string }[] }) => listed.map(({ stream_id }) => stream_id);

it('lists newest first, 50 at a time', async () => {
  const answer = await read('/streams');
  expect(ids(answer)).toEqual(['d e+f', '直播/1', 'c', 'b', 'a']);
  expect(answer).toMatchObject({ status: 200, next_cursor: null });
  expect(answer.headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
});

it('takes parameters as URLs write them', async () => {
  expect(ids(await read('/streams?room_id=room+%231&order=oldest'))).toEqual(['a', 'c', 'd e+f']);
  expect(ids(await read('/streams?appid=1&room_id=room2&limit=1'))).toEqual(['直播/1']);
  expect(ids(await read('/streams?appid=2'))).toEqual([]);
});

it('goes on at its cursor', async () => {
  const first = await read('/streams?limit=3');
  const second = await read(`/streams?limit=3&cursor=${encodeURIComponent(first.next_cursor)}`);
  expect([...ids(first), ...ids(second)]).toEqual(['d e+f', '直播/1', 'c', 'b', 'a']);
  expect(second.next_cursor).toBeNull();
});

it('finds one stream by its decoded id', async () => {
  expect(await read(`/streams/${encodeURIComponent('直播/1')}`)).toMatchObject({
    status: 200,
    stream_id: '直播/1',
    state: 'live',
  });
  expect(await read('/streams/a?stream_sid=s-0&appid=1')).toMatchObject({ status: 200, stream_sid: 's-0' });
});

it.each([
  ['/streams?limit=0', 'invalid-parameter', 'limit'],
  ['/streams?limit=101', 'invalid-parameter', 'limit'],
  ['/streams?limit=1&limit=1', 'invalid-parameter', 'limit'],
  ['/streams?limit=', 'invalid-parameter', 'limit'],
  ['/streams?order=up', 'invalid-parameter', 'order'],
  ['/streams?stream_id=a', 'invalid-parameter', 'stream_id'],
  ['/streams?__proto__=a', 'invalid-parameter', '__proto__'],
  ['/streams?cursor=abc', 'invalid-cursor', 'cursor'],
  ['/streams/a?limit=1', 'invalid-parameter', 'limit'],
  ['/streams/a?appid=x', 'invalid-parameter', 'appid'],
])('%s: 400 %s, naming %s', async (path, code, name) => {
  expect(await read(path)).toMatchObject({
    status: 400,
    type: `urn:zego-live-list:problem:${code}`,
    detail: expect.stringContaining(name),
    headers: { 'content-type': 'application/problem+json' },
  });
});

it.each([
  ['/streams/nobody'],
  ['/streams/a?stream_sid=nobody'],
  ['/streams/a?appid=2'],
  [`/streams/${'x'.repeat(257)}`],
])('%s: 404', async (path) => {
  expect(await read(path)).toMatchObject({ status: 404, type: 'urn:zego-live-list:problem:stream-not-found' });
});

it('demands a token when one is configured, before it looks at anything else', async () => {
  const closed = await startFunction('streams', db, { ...SETTINGS, LIST_TOKEN: 'first, second' });
  for (const path of ['/streams', '/streams?limit=0', '/streams/a', '/streams/nobody']) {
    for (const authorization of [undefined, 'Bearer third', 'Basic first', 'Bearer', 'first', 'Bearer first,second']) {
      expect(await read(path, closed, authorization)).toMatchObject({
        status: 401,
        type: 'urn:zego-live-list:problem:token-required',
        headers: { 'www-authenticate': 'Bearer' },
      });
    }
  }
  expect(await read('/streams', closed, 'Bearer second')).toMatchObject({ status: 200 });
  expect(await read('/streams/a', closed, 'bearer first')).toMatchObject({ status: 200 });
});
