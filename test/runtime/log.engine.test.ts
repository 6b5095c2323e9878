import { createServer } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LogLine } from '../../lib/runtime/log.ts';
import { listen } from '../../lib/tools/stack/listen.ts';
import { sample, signed } from '../support/callback.ts';
import { AWS, freshTable } from '../support/engine.ts';
import { get, post } from '../support/gateway-event.ts';
import { captureOutput, REASONS } from '../support/output.ts';
import { startParameterStore } from '../support/parameter-store.ts';
import { startStopwatch } from '../support/stopwatch.ts';

/** Everything that somebody configured or sent, and that no line may repeat, holds this word. */
const MARK = 'MARK';
const SECRET = 'MARK-new-secret';
const ENVIRONMENT = {
  ...AWS,
  ZEGO_CALLBACK_SECRET: `MARK-old-secret,${SECRET}`,
  ZEGO_APP_ID: '1',
  LIST_TOKEN: 'MARK-token',
};

type Handler = (request: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

/** The handlers as Lambda loads them: anew, in an environment of their own, which the SDK reads with its first call. */
async function load(environment: Record<string, string>): Promise<{ callback: Handler; streams: Handler }> {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
  const [callback, streams] = await Promise.all([
    import('../../handlers/callback.ts'),
    import('../../handlers/streams.ts'),
  ]);
  return { callback: callback.handler, streams: streams.handler };
}

let tables: { SESSIONS_TABLE: string; ROOMS_TABLE: string };
let handlers: { callback: Handler; streams: Handler };
let output: ReturnType<typeof captureOutput>;
beforeAll(async () => {
  const { sessions, rooms } = (await freshTable()).tables;
  tables = { SESSIONS_TABLE: sessions, ROOMS_TABLE: rooms };
  handlers = await load({ ...ENVIRONMENT, ...tables });
});
afterAll(() => {
  vi.unstubAllEnvs();
});
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** ZEGO's sample with a mark in everything that is not needed, as it comes through a URL with a mark. */
const marked = (changes: Record<string, unknown> = {}, options: { secret?: string; nowMs?: number } = {}) =>
  signed(
    {
      ...sample('stream_create'),
      stream_id: 'MARK-stream',
      user_id: 'MARK-user',
      user_name: 'MARK-name',
      title: 'MARK-title',
      extra_info: 'MARK-extra',
      rtmp_url: ['rtmp://cdn.example.com/live/a?txSecret=MARK-url'],
      hls_url: 'https://cdn.example.com/live/a.m3u8?auth_key=MARK-url',
      unknown: { MARK: 'MARK' },
      ...changes,
    },
    { secret: SECRET, ...options },
  );
const callback = (body: unknown) => ({
  ...post(typeof body === 'string' ? body : JSON.stringify(body)),
  rawQueryString: 'token=MARK-query',
  queryStringParameters: { token: 'MARK-query' },
});
const list = (path: string, authorization = 'Bearer MARK-token') => get(path, { authorization });
const broken = (event: APIGatewayProxyEventV2, changes: object) => ({ ...event, ...changes }) as APIGatewayProxyEventV2;

/** No secret, token, signature or URL; and every line is one of ours, with a reason of the closed set. */
function expectDiscreet(...requests: APIGatewayProxyEventV2[]): LogLine[] {
  for (const line of output.lines()) {
    const { appid, room_id, stream_id, stream_sid, stream_seq, ...others } = line;
    expect(JSON.stringify(others)).not.toContain(MARK);
    // The ids of a callback are named once it is verified, and not before.
    const ids = [appid, room_id, stream_id, stream_sid, stream_seq].filter((id) => id !== undefined);
    if (line.secret === undefined) expect(ids).toEqual([]);
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(128);
    expect(ids.join()).not.toMatch(/secret|token|signature|MARK-(user|name|title|extra|url|query)|:\/\//);
  }
  for (const { body = '' } of requests) {
    const signature = /[0-9a-f]{40}/.exec(body)?.[0];
    if (signature !== undefined) expect(output.text()).not.toContain(signature);
  }
  const lines = output.lines();
  for (const { reason } of lines) if (reason !== undefined) expect(REASONS).toContain(reason);
  return lines;
}

const HOUR_MS = 3_600_000;
const refused = (status: number, reason: string, more = {}) => ({ status, result: 'refused', reason, ...more });
const create = marked();

describe('a callback leaves one line, without what was sent', () => {
  it.each<[string, APIGatewayProxyEventV2, object]>([
    ['too large', callback(MARK.repeat(20_000)), refused(413, 'body-too-large')],
    ['unreadable', callback('{"signature":"MARK"'), refused(400, 'unreadable-body')],
    ['no form either', callback('MARK'), refused(400, 'unreadable-body')],
    ['without nonce', callback({ ...create, nonce: '' }), refused(400, 'invalid-field')],
    ['odd timestamp', callback({ ...create, timestamp: 'MARK' }), refused(400, 'invalid-field')],
    ['wrong signature', callback({ ...create, signature: 'MARK-signature' }), refused(401, 'bad-signature')],
    ['another secret', callback(marked({}, { secret: 'MARK-other' })), refused(401, 'bad-signature')],
    ['too old', callback(marked({}, { nowMs: Date.now() - HOUR_MS })), refused(401, 'timestamp-too-old')],
    ['too far ahead', callback(marked({}, { nowMs: Date.now() + HOUR_MS })), refused(401, 'timestamp-too-far-ahead')],
    ['not kept', callback(marked({ event: 'room_login' })), { status: 200, result: 'ignored', event: 'room_login' }],
    ['odd event', callback(marked({ event: 'MARK?' })), { status: 200, result: 'ignored', event: 'other' }],
    ['odd appid', callback(marked({ appid: 'MARK' })), refused(400, 'invalid-field', { secret: 2 })],
    ['unknown appid', callback(marked({ appid: '2' })), refused(401, 'unknown-appid', { event: 'stream_create' })],
    ['no sid', callback(marked({ stream_sid: ['MARK'] })), refused(400, 'invalid-field')],
    ['long sid', callback(marked({ stream_sid: MARK.repeat(200) })), refused(400, 'invalid-field')],
    ['odd seq', callback(marked({ stream_seq: 'MARK' })), refused(400, 'invalid-field')],
    ['new', callback(create), { status: 200, result: 'applied', event: 'stream_create', secret: 2 }],
    ['repeated', callback(create), { status: 200, result: 'unchanged', event: 'stream_create', secret: 2 }],
    ['odd body', broken(callback(create), { body: 'MARK', isBase64Encoded: true }), refused(400, 'unreadable-body')],
  ])('%s', async (_, request, expected) => {
    const { statusCode } = await handlers.callback(request);
    const lines = expectDiscreet(request);
    expect(lines).toEqual([expect.objectContaining({ message: 'callback', ...expected })]);
    expect(statusCode).toBe(lines[0]?.status);
  });
});

it('a callback that was applied tells how late it came, and is counted', async () => {
  const nowMs = Date.now();
  await handlers.callback(callback(marked({ stream_id: 'late', create_time_ms: String(nowMs - 7000) })));
  const [line] = output.lines();
  expect(line).toMatchObject({ result: 'applied', conflicts: 0, CallbacksApplied: 1 });
  expect(line?.event_lag_ms).toBeGreaterThanOrEqual(7000);
  expect(line?.callback_lag_ms).toBeGreaterThanOrEqual(0);
  expect(line?.store_ms).toBeLessThanOrEqual(line?.duration_ms ?? 0);
  expect(line).toMatchObject({ DeliveryLag: line?.event_lag_ms, StoreLatency: line?.store_ms });
});

describe('the ids of a callback', () => {
  const IDS = { appid: '1', room_id: 'room1', stream_id: 'a', stream_sid: 's-1', stream_seq: '07' };

  it.each<[string, object, number, object]>([
    ['that was applied', {}, 200, {}],
    ['that is not kept', { event: 'room_login' }, 200, {}],
    ['that is refused for another field', { create_time: '', create_time_ms: '' }, 400, {}],
    ['of another appid', { appid: '2' }, 401, { appid: '2' }],
    [
      'that is known by its twins',
      { stream_id: '', stream_alias: 'b', room_id: null, channel_id: 'c' },
      200,
      { stream_id: 'b', room_id: 'c' },
    ],
    [
      'that has unreadable ones',
      { stream_sid: ['x'], stream_seq: 'rtmp://MARK-url' },
      400,
      { stream_sid: undefined, stream_seq: undefined },
    ],
    [
      'that steer a terminal',
      { stream_id: '\u001b[31m\u202e\u0085x' },
      200,
      { stream_id: '\\u{1b}[31m\\u{202e}\\u{85}x' },
    ],
    ['that are long', { stream_sid: '直'.repeat(200) }, 400, { stream_sid: '直'.repeat(128) }],
  ])('%s are in its line', async (_, changes, status, expected) => {
    expect((await handlers.callback(callback(marked({ ...IDS, ...changes })))).statusCode).toBe(status);
    const [line] = expectDiscreet();
    for (const [name, id] of Object.entries({ ...IDS, ...expected })) expect(line?.[name as keyof LogLine]).toBe(id);
  });

  it('that nobody signed are in no line', async () => {
    await handlers.callback(callback(marked(IDS, { secret: 'MARK-other' })));
    for (const name of Object.keys(IDS)) expect(output.lines()[0]).not.toHaveProperty(name);
  });
});

it('bad signatures get 60 lines a minute and one for sixty more, and are all counted with the next line', async () => {
  const { callback: receive } = await load({ ...ENVIRONMENT, ...tables });
  output = captureOutput();
  const forged = callback(marked({}, { secret: 'MARK-other' }));
  for (let i = 0; i < 150; i++) expect((await receive(forged)).statusCode).toBe(401);
  // One more for each sixty.
  expect(output.lines()).toHaveLength(61);
  await receive(callback(create));
  const lines = output.lines() as (LogLine & { BadSignatures?: number; CallbacksRefused?: number })[];
  expect(lines).toHaveLength(62);
  const sum = (name: 'BadSignatures' | 'CallbacksRefused') =>
    lines.reduce((total, line) => total + (line[name] ?? 0), 0);
  expect([sum('BadSignatures'), sum('CallbacksRefused')]).toEqual([150, 150]);
});

describe('secrets in Parameter Store', () => {
  const PARAMETERS = { ZEGO_CALLBACK_SECRET: 'ssm:/MARK/secret', LIST_TOKEN: 'ssm:/MARK/token' };

  it('reach no line, whether they match, are wrong, or cannot be read', async () => {
    const store = await startParameterStore();
    onTestFinished(store.close);
    store.parameters = { '/MARK/secret': `MARK-other,${SECRET}`, '/MARK/token': 'MARK-token' };
    const reload = () => load({ ...ENVIRONMENT, ...tables, ...store.environment, ...PARAMETERS, ...AWS });
    const forged = callback(marked({}, { secret: 'MARK-forged' }));

    let loaded = await reload();
    output = captureOutput();
    expect((await loaded.callback(callback(create))).statusCode).toBe(200);
    expect((await loaded.callback(forged)).statusCode).toBe(401);
    expect((await loaded.streams(list('/streams'))).statusCode).toBe(200);
    expect((await loaded.streams(list('/streams', 'Bearer MARK-wrong'))).statusCode).toBe(401);
    expect(expectDiscreet(callback(create), forged)).toMatchObject([
      { secret: 2 },
      { reason: 'bad-signature' },
      { message: 'list', reason: 'token-wrong' },
    ]);

    for (const [reason, state, value] of [
      ['secret-unavailable', 'denies', 'MARK'],
      ['secret-malformed', 'answers', 'MARK MARK,'],
    ] as const) {
      store.state = state;
      store.parameters = { '/MARK/secret': value, '/MARK/token': value };
      loaded = await reload();
      output = captureOutput();
      const answers = await Promise.all([loaded.callback(callback(create)), loaded.streams(list('/streams'))]);
      for (const answer of answers) {
        expect(answer.statusCode).toBe(503);
        expect(answer.body).not.toMatch(/MARK|arn:/);
      }
      expect(expectDiscreet()).toMatchObject(answers.map(() => ({ level: 'ERROR', result: 'failed', reason })));
    }
  });
});

describe('a list that was answered leaves no line', () => {
  it.each([
    '/streams',
    '/streams?limit=1&room_id=MARK',
    '/streams?stream_id=MARK-stream',
    '/streams/MARK-stream',
    '/streams/MARK-stream?appid=1',
  ])('%s: neither 200 nor 304', async (path) => {
    await handlers.callback(callback(create));
    output = captureOutput();
    const request = list(path);
    const { statusCode, headers } = await handlers.streams(request);
    const again = { ...request, headers: { ...request.headers, 'if-none-match': String(headers?.etag) } };
    expect([statusCode, (await handlers.streams(again)).statusCode]).toEqual([200, 304]);
    expect(output.text()).toBe('');
  });
});

describe('a list that was refused leaves one line, without what was sent', () => {
  it.each<[string, APIGatewayProxyEventV2, object]>([
    ['no token', get('/streams?limit=MARK'), refused(401, 'token-missing')],
    ['another scheme', list('/streams', 'Basic MARK'), refused(401, 'token-missing')],
    ['wrong token', list('/streams', 'Bearer MARK-wrong'), refused(401, 'token-wrong')],
    ['odd value', list('/streams?order=MARK'), refused(400, 'invalid-parameter')],
    ['repeated', list('/streams?room_id=MARK&room_id=MARK'), refused(400, 'invalid-parameter')],
    ['lookup', list('/streams?stream_id=MARK&limit=5'), refused(400, 'invalid-parameter')],
    ['broken cursor', list('/streams?cursor=MARK'), refused(400, 'invalid-cursor')],
    ['unknown stream', list('/streams/MARK-nothing?stream_sid=MARK'), refused(404, 'stream-not-found')],
    ['unknown stream, too long', list(`/streams/${MARK.repeat(100)}`), refused(404, 'stream-not-found')],
    ['unknown parameter', list('/streams?access_token=MARK'), refused(400, 'invalid-parameter')],
    ['a query string of nothing but a token', list('/streams?MARK-token'), refused(400, 'invalid-parameter')],
  ])('%s', async (_, request, expected) => {
    const { statusCode } = await handlers.streams(request);
    const lines = expectDiscreet(request);
    expect(lines).toEqual([expect.objectContaining({ message: 'list', ...expected })]);
    expect(lines[0]).not.toHaveProperty('detail');
    expect(statusCode).toBe(lines[0]?.status);
  });
});

describe('a fault leaves one line, without what was sent', () => {
  it('of our own: 500, internal-error, and where it happened', async () => {
    // Nothing that the gateway sends; Node quotes such a number in its message.
    const requests = [
      broken(callback(create), { body: 8_675_309 }),
      broken(list('/streams/x'), { pathParameters: { stream_id: 8_675_309 } }),
    ] as const;
    expect((await handlers.callback(requests[0])).statusCode).toBe(500);
    expect((await handlers.streams(requests[1])).statusCode).toBe(500);
    const lines = expectDiscreet(...requests);
    const fault = { level: 'ERROR', status: 500, result: 'failed', reason: 'internal-error' };
    expect(lines).toMatchObject([fault, fault]);
    expect(lines[0]?.frames).toEqual(expect.arrayContaining([expect.stringContaining('lib/zego/body.ts')]));
    expect(lines[1]?.frames).toEqual(expect.arrayContaining([expect.stringContaining('lib/http/query.ts')]));
    expect(output.text()).not.toContain('8675309');
  });

  it('of our own, in the rules: 500, internal-error, and nothing of it in the response', async () => {
    vi.doMock('../../lib/streams/rules.ts', () => ({
      judge: () => {
        throw new TypeError('MARK');
      },
      isToldLive: () => true,
      closedWith: () => [],
    }));
    onTestFinished(() => {
      vi.doUnmock('../../lib/streams/rules.ts');
    });
    const { callback: receive } = await load({ ...ENVIRONMENT, ...tables });
    output = captureOutput();
    const response = await receive(callback(marked({ stream_sid: 's-broken' })));
    expect(response.statusCode).toBe(500);
    expect(JSON.parse(response.body ?? '')).toMatchObject({ type: 'urn:zego-live-list:problem:internal-error' });
    expect(response.body).not.toContain(MARK);
    const [line] = expectDiscreet();
    expect(line).toMatchObject({ level: 'ERROR', status: 500, reason: 'internal-error', fault: 'TypeError' });
    expect(line?.frames).toEqual(expect.arrayContaining([expect.stringContaining('lib/streams/apply.ts')]));
  });

  it.each<[string, number, Record<string, string>, string]>([
    ['a table that is not there', 500, { SESSIONS_TABLE: 'missing' }, 'store-refused'],
    ['an engine that is not there', 503, { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9' }, 'store-unavailable'],
    ['an engine that accepts and keeps silent', 503, {}, 'store-timeout'],
  ])('of the store, %s: %i within 5 s', async (_, status, environment, reason) => {
    const silent = await listen(createServer(), 0, '');
    onTestFinished(silent.close);
    const { callback: receive, streams } = await load({
      ...ENVIRONMENT,
      ...tables,
      AWS_ENDPOINT_URL_DYNAMODB: reason === 'store-timeout' ? silent.url : (AWS.AWS_ENDPOINT_URL_DYNAMODB ?? ''),
      ...environment,
    });
    output = captureOutput();
    const waitedMs = startStopwatch();
    const request = callback(create);
    const responses = await Promise.all([
      receive(request),
      streams(list('/streams')),
      streams(list('/streams/MARK-stream')),
    ]);
    expect(waitedMs()).toBeLessThan(5000);
    for (const response of responses) {
      expect(response.statusCode).toBe(status);
      expect('retry-after' in (response.headers ?? {})).toBe(status === 503);
      expect(response.body).not.toMatch(/MARK|missing|127\.0\.0\.1/);
    }
    const lines = expectDiscreet(request);
    expect(lines.map((line) => line.message).sort()).toEqual(['callback', 'list', 'list']);
    for (const line of lines) {
      expect(line).toMatchObject({ level: 'ERROR', status, result: 'failed', reason, fault: expect.any(String) });
      expect(line).not.toHaveProperty('frames');
      if (line.message === 'callback') expect(line).toMatchObject({ StoreLatency: line.store_ms });
    }
  });
});
