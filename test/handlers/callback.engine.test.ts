import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startEngine } from '../../lib/tools/stack/dynamodb.ts';
import { form, SAMPLE_ANSWER, SECRET, sample, signed } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';
import { startFunction } from '../support/function.ts';
import { captured, get, post } from '../support/gateway-event.ts';
import { startStopwatch } from '../support/stopwatch.ts';

const SETTINGS = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: 'public', LIST_CACHE_SECONDS: '0' };

type Handler = Awaited<ReturnType<typeof startFunction>>;
let db: TestTable;
let callback: Handler;
let streams: Handler;
beforeAll(async () => {
  db = await freshTable();
  callback = await startFunction('callback', db, SETTINGS);
  streams = await startFunction('streams', db, SETTINGS);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function send(body: unknown, via: Handler = callback) {
  const answer = await via(post(typeof body === 'string' ? body : JSON.stringify(body)));
  return { status: answer.statusCode, headers: answer.headers, ...JSON.parse(answer.body ?? '{}') };
}

async function read(path: string) {
  const answer = await streams(get(path));
  return { status: answer.statusCode, ...JSON.parse(answer.body ?? '{}') };
}

const ENDED_SAMPLE = { ...SAMPLE_ANSWER, state: 'ended', end_reason: 'stopped', end_time_ms: 1666986067248 };

describe("ZEGO's samples", () => {
  it('the create: applied, then unchanged five times; live with every field', async () => {
    const create = signed(sample('stream_create'));
    expect(await send(create)).toMatchObject({ status: 200, result: 'applied' });
    for (let i = 0; i < 5; i++) expect(await send(create)).toMatchObject({ status: 200, result: 'unchanged' });
    expect(await read('/streams')).toEqual({ status: 200, streams: [SAMPLE_ANSWER], next_cursor: null });
    expect(Object.keys((await read('/streams')).streams[0])).toEqual(Object.keys(SAMPLE_ANSWER));
    expect(await read('/streams/stream_id')).toEqual({ status: 200, ...SAMPLE_ANSWER });
  });

  it('the close ends it, and all its fields are still there; a repeat of the create does not bring it back', async () => {
    expect(await send(signed(sample('stream_close')))).toMatchObject({ status: 200, result: 'applied' });
    expect(await read('/streams')).toEqual({ status: 200, streams: [], next_cursor: null });
    expect(await read('/streams/stream_id')).toEqual({ status: 200, ...ENDED_SAMPLE });
    expect(await send(signed(sample('stream_create')))).toMatchObject({ status: 200, result: 'unchanged' });
    expect(await read('/streams/stream_id')).toEqual({ status: 200, ...ENDED_SAMPLE });
  });

  it('close first, create second: the same answer; of a close alone: what the close tells', async () => {
    const other = await freshTable();
    const [callbackThere, streamsThere] = [
      await startFunction('callback', other, SETTINGS),
      await startFunction('streams', other, SETTINGS),
    ];
    await send(signed(sample('stream_close')), callbackThere);
    const closed = JSON.parse((await streamsThere(get('/streams/stream_id'))).body ?? '');
    expect(closed).toMatchObject({
      state: 'ended',
      stream_seq: 700,
      user_id: 'user1',
      publish_id: 'user1',
      stream_alias: 'aaa',
      title: null,
    });
    expect(closed).toMatchObject({
      create_time_ms: 1666786067353,
      create_time: null,
      hls_url: [],
      end_reason: 'stopped',
    });
    expect(await send(signed(sample('stream_create')), callbackThere)).toMatchObject({ result: 'applied' });
    expect(JSON.parse((await streamsThere(get('/streams/stream_id'))).body ?? '')).toEqual(ENDED_SAMPLE);
  });

  it.each(['room_create', 'room_close'] as const)('the %s: applied, then unchanged five times', async (name) => {
    const room = signed(sample(name));
    expect(await send(room)).toMatchObject({ status: 200, result: 'applied' });
    for (let i = 0; i < 5; i++) expect(await send(room)).toMatchObject({ status: 200, result: 'unchanged' });
  });
});

it('a room with 300 streams is closed within the deadline, or 503 and a retry of ZEGO completes it', async () => {
  const own = await freshTable();
  const receive = await startFunction('callback', own, SETTINGS);
  const list = await startFunction('streams', own, SETTINGS);
  const room = { room_id: 'crowded', room_session_id: '18446744073709551615' };
  const create = (i: number) => ({
    ...sample('stream_create'),
    ...room,
    stream_id: `crowded-${i}`,
    stream_sid: `s-crowded-${i}`,
  });
  for (let i = 0; i < 300; i += 10) {
    const sent = await Promise.all(Array.from({ length: 10 }, (_, j) => send(signed(create(i + j)), receive)));
    expect(sent.map(({ status }) => status)).toEqual(sent.map(() => 200));
  }
  const close = JSON.stringify(signed({ ...sample('room_close'), ...room })).replace(/"(18446744073709551615)"/, '$1');
  const statuses: (number | undefined)[] = [];
  while (statuses.length < 30 && statuses.at(-1) !== 200) statuses.push((await send(close, receive)).status);
  expect(statuses.at(-1)).toBe(200);
  expect(statuses.slice(0, -1)).toEqual(statuses.slice(0, -1).map(() => 503));
  expect(JSON.parse((await list(get('/streams'))).body ?? '').streams).toEqual([]);
  const ended = { end_reason: 'room_closed', end_time_ms: 1499676989909 };
  expect(JSON.parse((await list(get('/streams/crowded-299'))).body ?? '')).toMatchObject(ended);
});

describe('the checks, in their order', () => {
  const create = () => signed({ ...sample('stream_create'), stream_sid: 's-checks' });
  const old = () => signed(sample('stream_create'), { nowMs: Date.now() - 601_000 });
  it.each([
    [
      'a body over 64 KiB',
      413,
      'body-too-large',
      () => JSON.stringify({ ...create(), extra_info: 'x'.repeat(65_536) }),
    ],
    ['an unreadable body', 400, 'unreadable-body', () => '[1]'],
    ['a missing signature', 400, 'invalid-field', () => ({ ...create(), signature: undefined })],
    ['a wrong signature, before the time', 401, 'bad-signature', () => ({ ...old(), signature: '0'.repeat(40) })],
    [
      'an old timestamp, before an unknown event',
      401,
      'timestamp-outside-window',
      () => ({ ...old(), event: 'room_login' }),
    ],
    ['an unknown event, before the appid', 200, 'ignored', () => ({ ...create(), event: 'room_login', appid: '' })],
    ['no appid, before other fields', 400, 'invalid-field', () => ({ ...create(), appid: undefined, stream_sid: '' })],
    ['a needed field that is missing', 400, 'invalid-field', () => ({ ...create(), stream_sid: '' })],
  ])('%s: %i %s', async (_, status, code, body) => {
    const answer = await send(body());
    expect({
      status: answer.status,
      code: answer.result ?? answer.type.replace('urn:zego-live-list:problem:', ''),
    }).toEqual({ status, code });
    if (status >= 400) {
      expect(answer).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
      expect(answer.headers['content-type']).toBe('application/problem+json');
    }
  });

  it('an appid that is none of ours: 401, after its form and before other fields', async () => {
    const ours = await startFunction('callback', db, { ...SETTINGS, ZEGO_APP_ID: ' 7 , 8,' });
    expect(await send({ ...create(), stream_sid: '' }, ours)).toMatchObject({
      status: 401,
      type: 'urn:zego-live-list:problem:unknown-appid',
    });
    expect(await send({ ...create(), appid: 8, stream_id: 'ours' }, ours)).toMatchObject({
      status: 200,
      result: 'applied',
    });
  });

  it('nothing that is refused is stored', async () => {
    const { Items = [] } = await db.client.send(new ScanCommand({ TableName: db.table }));
    expect(Items.map(({ stream_id }) => stream_id).sort()).toEqual(['ours', 'stream_id']);
  });
});

it('a body in base64, as the gateway sends forms, is read', async () => {
  const body = Buffer.from(form(signed({ ...sample('stream_create'), stream_id: 'form' }))).toString('base64');
  const answer = await callback({ ...captured('apigw-http-no-auth'), body, isBase64Encoded: true });
  expect(JSON.parse(answer.body ?? '')).toEqual({ result: 'applied' });
});

it('a gateway event without a body is an unreadable one', async () => {
  expect((await callback(captured('apigw-http-iam-auth'))).statusCode).toBe(400);
});

it('10,000 random bodies get answers of the contract, and store nothing', async () => {
  // Ten thousand log lines say nothing of the one that fails.
  const log = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => {
    log.mockRestore();
  });
  const empty = await freshTable();
  const handler = await startFunction('callback', empty, SETTINGS);
  const field = fc.constantFrom('event', 'Event', 'timestamp', 'nonce', 'signature', 'appid', 'stream_id', '__proto__');
  const record = fc.dictionary(field, fc.oneof(fc.string(), fc.jsonValue({ maxDepth: 2 })));
  const good = JSON.stringify(signed(sample('stream_create')));
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary', maxLength: 300 }),
    record.map((fields) => JSON.stringify(fields)),
    record.map((fields) => encodeURIComponent(JSON.stringify(fields))),
    record.map(form),
    // A true callback, damaged somewhere in its envelope: never signed.
    fc.tuple(fc.nat(good.length - 1), fc.string({ maxLength: 3 })).map(([at, junk]) => {
      const broken = good.replace(/"signature":"[^"]*"/, '"signature":"00"');
      return broken.slice(0, at) + junk + broken.slice(at + 1);
    }),
  );
  const statuses = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(body, fc.boolean(), async (sent, base64) => {
      const { statusCode = 0, body: answered = '' } = await handler(
        post(sent, { base64: base64 || typeof sent !== 'string' }),
      );
      statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
      expect([400, 401, 413]).toContain(statusCode);
      expect(JSON.parse(answered)).toMatchObject({
        status: statusCode,
        type: expect.stringMatching(/^urn:zego-live-list:problem:/),
      });
    }),
    { numRuns: 10_000 },
  );
  expect(statuses.get(401)).toBeGreaterThan(0);
  const { Count } = await empty.client.send(new ScanCommand({ TableName: empty.table }));
  expect(Count).toBe(0);
});

it('any values in a signed callback get an answer of the contract', async () => {
  const fields = Object.keys({ ...sample('stream_create'), ...sample('stream_close') });
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.bigInt().map(String),
    fc.integer(),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom('', '\ud800', '\0', '#'.repeat(512), '9'.repeat(30)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('stream_create', 'stream_close'),
      fc.dictionary(fc.constantFrom(...fields), value, { maxKeys: 4 }),
      async (event, odd) => {
        const answer = await send(signed({ ...sample('stream_create'), stream_sid: 's-odd', ...odd, event }));
        expect([200, 400]).toContain(answer.status);
      },
    ),
    { numRuns: 300 },
  );
  expect((await read('/streams')).status).toBe(200);
});

describe('a fault of the store', () => {
  it('is 503 with Retry-After while the engine is stopped; the same callback succeeds once it is back', async () => {
    const create = signed({ ...sample('stream_create'), stream_id: 'fault' });
    const engine = await startEngine(0);
    const port = Number(new URL(engine.url).port);
    await engine.close();
    const settings = { ...SETTINGS, AWS_ENDPOINT_URL_DYNAMODB: engine.url };
    const handler = await startFunction('callback', db, settings);
    const list = await startFunction('streams', db, settings);
    expect(await send(create, handler)).toMatchObject({
      status: 503,
      type: 'urn:zego-live-list:problem:store-unavailable',
      headers: { 'retry-after': '2' },
    });
    expect(await list(get('/streams'))).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });

    const back = await startEngine(port);
    onTestFinished(back.close);
    const again = await freshTable({ endpoint: back.url, table: db.table });
    expect(again.table).toBe(db.table);
    expect(await send(create, handler)).toMatchObject({ status: 200, result: 'applied' });
  });

  it('is 503 within 4 s when the engine accepts and never answers, on every route', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}));
    onTestFinished(() => {
      silent.close();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const settings = {
      ...SETTINGS,
      AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    };
    const handler = await startFunction('callback', db, settings);
    const list = await startFunction('streams', db, settings);
    const waitedMs = startStopwatch();
    const answers = await Promise.all([
      handler(post(JSON.stringify(signed(sample('stream_create'))))),
      handler(post(JSON.stringify(signed(sample('stream_close'))))),
      list(get('/streams')),
      list(get('/streams/a')),
    ]);
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([503, 503, 503, 503]);
    expect(waitedMs()).toBeLessThan(4500);
  });
});
