import { createServer, request as send } from 'node:http';
import { beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../lib/tools/stack/listen.ts';
import { SECRET, sample, signed } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { startFunction } from '../support/function.ts';
import { get, post } from '../support/gateway-event.ts';

const SETTINGS = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: 'public', LIST_CACHE_SECONDS: '0' };

type Handler = Awaited<ReturnType<typeof startFunction>>;
let db: TestTable;
let streams: Handler;
let callback: Handler;
beforeAll(async () => {
  db = await freshTable();
  callback = await startFunction('callback', db, SETTINGS);
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

it('answers what is live of some streams, in the order asked', async () => {
  const asked = ['c', 'nobody', '直播/1', 'a', 'c'].map((id) => `stream_id=${encodeURIComponent(id)}`).join('&');
  const answer = await read(`/streams?${asked}`);
  expect(ids(answer)).toEqual(['c', '直播/1', 'a']);
  expect(answer).toMatchObject({ status: 200, next_cursor: null });
  expect(ids(await read(`/streams?${asked}&appid=2`))).toEqual([]);
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
  ['/streams?stream_id=a&limit=5', 'invalid-parameter', 'limit'],
  ['/streams?stream_id=', 'invalid-parameter', 'stream_id'],
  [`/streams?${'stream_id=a&'.repeat(51)}`, 'invalid-parameter', 'stream_id'],
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

/** The engine with a meter before it. */
async function metered(): Promise<{ endpoint: string; operations: string[] }> {
  const operations: string[] = [];
  const server = createServer((asked, answer) => {
    operations.push(String(asked.headers['x-amz-target']).replace(/.*\./, ''));
    const { method = '', headers } = asked;
    const forwarded = send(inject('endpoint'), { method, headers }, (answered) => {
      answer.writeHead(answered.statusCode ?? 0, answered.headers);
      answered.pipe(answer);
    });
    asked.pipe(forwarded);
  });
  const { url, close } = await listen(server, 0, '');
  onTestFinished(close);
  return { endpoint: url, operations };
}

async function startMetered(settings: Record<string, string> = {}) {
  const { endpoint, operations } = await metered();
  const { LIST_CACHE_SECONDS: _, ...cached } = SETTINGS;
  const handler = await startFunction('streams', db, { ...cached, AWS_ENDPOINT_URL_DYNAMODB: endpoint, ...settings });
  const ask = (path: string, headers: Record<string, string> = {}) => handler(get(path, headers));
  return { ask, operations };
}

describe('answers that are kept', () => {
  const clock = (ms: number) => vi.setSystemTime(1_700_000_000_000 + ms);
  const start = (settings?: Record<string, string>) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => {
      vi.useRealTimers();
    });
    clock(0);
    return startMetered(settings);
  };

  it('ten thousand hits on one page, one after another, cost one page load', async () => {
    const { ask, operations } = await start();
    const first = await ask('/streams?limit=2');
    for (let i = 1; i <= 10_000; i++) {
      clock(Math.floor(i / 6));
      const { body, headers } = await ask('/streams?limit=2');
      if (body !== first.body || headers?.etag !== first.headers?.etag) throw new Error(`hit ${i} is another one`);
    }
    expect(operations).toEqual(['Query', 'BatchGetItem']);
    clock(2000);
    await ask('/streams?limit=2');
    expect(operations).toHaveLength(4);
  });

  it('tell what is left of LIST_CACHE_SECONDS; behind a token nobody else may keep them', async () => {
    const { ask } = await start({ LIST_CACHE_SECONDS: '10' });
    const control = async (headers = {}, via = ask) => (await via('/streams', headers)).headers?.['cache-control'];
    expect(await control()).toBe('max-age=10');
    clock(3001);
    expect(await control()).toBe('max-age=6');
    const closed = await startMetered({ LIST_TOKEN: 'first,second', LIST_CACHE_SECONDS: '10' });
    expect(await control({ authorization: 'Bearer first' }, closed.ask)).toBe('private, max-age=10');
    clock(9001);
    expect(await control({ authorization: 'Bearer second' }, closed.ask)).toBe('private, max-age=4');
    expect(await control({ authorization: 'Bearer third' }, closed.ask)).toBe('no-store');
  });

  it('belong to what is asked, however it is written', async () => {
    const { ask, operations } = await start();
    const load = async (...paths: string[]) => {
      operations.length = 0;
      const bodies = [];
      for (const path of paths) bodies.push((await ask(path)).body);
      return { loads: operations.filter((name) => name === 'Query').length, different: new Set(bodies).size };
    };
    expect(await load('/streams', '/streams?limit=50', '/streams?order=newest&limit=%350')).toEqual({
      loads: 1,
      different: 1,
    });
    expect(
      await load('/streams?order=oldest', '/streams?limit=1', '/streams?appid=2', '/streams?room_id=room2'),
    ).toEqual({ loads: 4, different: 4 });
    expect(await load('/streams?stream_id=a&stream_id=b', '/streams?stream_id=b&stream_id=a')).toEqual({
      loads: 4,
      different: 2,
    });
    expect(await load('/streams/a', '/streams/b', '/streams/a', '/streams/a?appid=1')).toEqual({
      loads: 3,
      different: 2,
    });
  });

  it('are no refusals and no missing streams', async () => {
    const { ask, operations } = await start();
    for (const path of ['/streams/new', '/streams?cursor=x', '/streams?limit=x']) {
      expect((await ask(path)).headers).toMatchObject({ 'cache-control': 'no-store' });
    }
    const create = { ...sample('stream_create'), stream_id: 'new', stream_sid: 's-new', create_time_ms: '1' };
    await callback(post(JSON.stringify(signed(create))));
    operations.length = 0;
    expect((await ask('/streams/new')).statusCode).toBe(200);
    expect(operations).toEqual(['Query', 'BatchGetItem']);
    const close = { ...sample('stream_close'), stream_id: 'new', stream_sid: 's-new' };
    await callback(post(JSON.stringify(signed(close))));
    expect(JSON.parse((await ask('/streams/new')).body ?? '').state).toBe('live');
    clock(2000);
    expect(JSON.parse((await ask('/streams/new')).body ?? '').state).toBe('ended');
  });
});

it('LIST_CACHE_SECONDS=0 keeps nothing', async () => {
  const { ask, operations } = await startMetered({ LIST_CACHE_SECONDS: '0' });
  for (let i = 0; i < 3; i++) expect((await ask('/streams')).headers?.['cache-control']).toBe('no-store');
  expect(operations).toHaveLength(6);
});

describe('a reader who has the answer already', () => {
  it.each(['/streams', '/streams?limit=2', '/streams?stream_id=a', '/streams/a'])(
    '%s: gets 304 with the same ETag and without a body, from the cache and without one',
    async (path) => {
      for (const LIST_CACHE_SECONDS of ['0', '2']) {
        const { ask } = await startMetered({ LIST_CACHE_SECONDS });
        const whole = await ask(path);
        const etag = String(whole.headers?.etag);
        expect(whole.statusCode).toBe(200);
        // Browsers and Node send no-cache with every If-None-Match of a program.
        const again = await ask(path, { 'if-none-match': etag, 'cache-control': 'no-cache' });
        expect(again).toMatchObject({ statusCode: 304, headers: { etag } });
        expect(again).not.toHaveProperty('body');
        expect((await ask(path, { 'if-none-match': '"another"' })).statusCode).toBe(200);
      }
    },
  );

  it('shows a token first', async () => {
    const { ask } = await startMetered({ LIST_TOKEN: 'a-token' });
    const { headers } = await ask('/streams', { authorization: 'Bearer a-token' });
    const asked = { 'if-none-match': String(headers?.etag) };
    expect((await ask('/streams', asked)).statusCode).toBe(401);
    expect((await ask('/streams', { ...asked, authorization: 'Bearer a-token' })).statusCode).toBe(304);
  });

  it('gets the whole answer again when anything in it has changed', async () => {
    const fields = { stream_id: 'tagged', stream_sid: 's-tagged', create_time_ms: '1' };
    const tell = (event: 'stream_create' | 'stream_close', more: object) =>
      callback(post(JSON.stringify(signed({ ...sample(event), ...fields, ...more }))));
    const etags = [];
    for (const change of [{}, { stream_seq: '2', title: 'another' }, { stream_seq: '3', title: 'another' }]) {
      await tell('stream_create', change);
      etags.push((await streams(get('/streams/tagged'))).headers?.etag);
    }
    await tell('stream_close', { stream_seq: '4' });
    etags.push((await streams(get('/streams/tagged'))).headers?.etag);
    expect(new Set(etags).size).toBe(4);
    expect((await streams(get('/streams/tagged'))).headers?.etag).toBe(etags[3]);
  });
});

it('an ended stream is off the list with the next answer that is not out of a cache', async () => {
  const create = { ...sample('stream_create'), stream_id: 'brief', stream_sid: 's-brief', create_time_ms: '2' };
  const close = { ...sample('stream_close'), stream_id: 'brief', stream_sid: 's-brief' };
  await callback(post(JSON.stringify(signed(create))));
  expect(ids(await read('/streams?order=oldest&limit=5'))).toContain('brief');
  await callback(post(JSON.stringify(signed(close))));
  for (const path of ['/streams', '/streams?room_id=room1', '/streams?stream_id=brief']) {
    expect(ids(await read(path))).not.toContain('brief');
  }
});
