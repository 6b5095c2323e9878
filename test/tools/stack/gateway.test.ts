import { type IncomingHttpHeaders, type OutgoingHttpHeaders, request } from 'node:http';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Cors } from '../../../lib/tools/serverless-config.ts';
import { createGateway, type Route } from '../../../lib/tools/stack/gateway.ts';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { captured } from '../../support/gateway-event.ts';

const CORS: Cors = {
  allowedOrigins: ['*'],
  allowedHeaders: ['authorization', 'if-none-match'],
  allowedMethods: ['GET'],
  exposedResponseHeaders: ['etag'],
  maxAge: 86_400,
};
const APP = 'https://app.example.com';

let events: APIGatewayProxyEventV2[] = [];
let result: APIGatewayProxyStructuredResultV2 | Error;
beforeEach(() => {
  events = [];
  result = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
});

const invoke: Route['invoke'] = async (event) => {
  events.push(event);
  if (result instanceof Error) throw result;
  return result;
};
const ROUTES = ['POST /lambda', 'POST /callbacks/zego', 'GET /streams', 'GET /streams/{stream_id}'].map((routeKey) => ({
  routeKey,
  invoke,
}));
const gateway = await listen(createGateway(ROUTES, CORS), 0, 'PORT');
afterAll(gateway.close);

interface Sent {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string | Uint8Array;
  url?: string;
}

/** With node:http, which sends paths and headers as they are. */
function send(path: string, { method = 'GET', headers = {}, body, url = gateway.url }: Sent = {}) {
  return new Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string; bytes: Buffer }>(
    (resolve, reject) => {
      const { hostname, port } = new URL(url);
      const sent = request({ hostname, port, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          resolve({ status: response.statusCode, headers: response.headers, bytes, body: bytes.toString() });
        });
      });
      sent.on('error', reject).end(body);
    },
  );
}

/** Sends it to a route and returns the event of it. */
async function eventOf(path: string, sent?: Sent): Promise<APIGatewayProxyEventV2> {
  expect((await send(path, sent)).status).toBe(200);
  const [event] = events.splice(0);
  if (event === undefined) throw new Error('no event');
  return event;
}

/** Each value by its type, each key kept. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shape(inner)]));
}

describe('an event', () => {
  it.each(['apigw-http-no-auth', 'apigw-http-iam-auth', 'apigw-http-jwt-authorizer-auth'])(
    'has the keys and types of the one that API Gateway sent: %s',
    async (name) => {
      const real = captured(name);
      const {
        'x-amzn-trace-id': _t,
        'x-forwarded-for': _f,
        'x-forwarded-port': _p,
        'x-forwarded-proto': _o,
        ...headers
      } = real.headers;
      const event = await eventOf('/lambda', { method: 'POST', headers });
      // Ours has no authorizer, and shows how the client keeps its connection.
      const { connection: _connection, ...shown } = event.headers;
      const { authorizer: _authorizer, ...requestContext } = real.requestContext as unknown as Record<string, unknown>;
      expect(shape({ ...event, headers: shown })).toEqual(shape({ ...real, requestContext }));
      expect(shown).toMatchObject(headers);
      expect(event).toMatchObject({ version: '2.0', rawQueryString: '', isBase64Encoded: false });
    },
  );

  it('tells the request in its context, formatted as API Gateway does', async () => {
    const beforeMs = Date.now();
    const { requestContext, headers } = await eventOf('/streams?limit=1', { headers: { 'user-agent': 'test/1' } });
    expect(requestContext).toMatchObject({
      http: { method: 'GET', path: '/streams', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test/1' },
      routeKey: 'GET /streams',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
    });
    expect(requestContext.timeEpoch).toBeGreaterThanOrEqual(beforeMs);
    expect(requestContext.timeEpoch).toBeLessThanOrEqual(Date.now());
    expect(headers['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/);
  });

  it('has a request id of its own', async () => {
    const ids = [await eventOf('/streams'), await eventOf('/streams')].map((event) => event.requestContext.requestId);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('a body', () => {
  it.each<[boolean, string | undefined]>([
    [false, 'application/json'],
    [false, 'application/json; charset=utf-8'],
    [false, 'Application/JSON'],
    [false, 'text/plain'],
    [false, 'text/html; charset=utf-8'],
    [false, 'application/javascript'],
    [false, 'application/xml'],
    [false, 'application/problem+json'],
    [false, 'application/soap+xml'],
    [true, 'application/x-www-form-urlencoded'],
    [true, 'application/x-www-form-urlencoded; charset=utf-8'],
    [true, 'multipart/form-data; boundary=x'],
    [true, 'application/octet-stream'],
    [true, 'application/jsonp'],
    [true, 'image/png'],
    [true, undefined],
  ])('is base64 (%s) when its type is %s', async (base64, type) => {
    const headers = type === undefined ? {} : { 'content-type': type };
    const event = await eventOf('/callbacks/zego', { method: 'POST', headers, body: 'title=小梅&a=b' });
    expect(event.isBase64Encoded).toBe(base64);
    expect(event.body).toBe(base64 ? Buffer.from('title=小梅&a=b').toString('base64') : 'title=小梅&a=b');
  });

  it('of any bytes comes through as base64', async () => {
    const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const event = await eventOf('/callbacks/zego', { method: 'POST', body });
    expect(Buffer.from(event.body ?? '', 'base64')).toEqual(Buffer.from(body));
  });

  it('that is empty is absent, and text', async () => {
    const event = await eventOf('/callbacks/zego', { method: 'POST', headers: { 'content-length': 0 } });
    expect(event).not.toHaveProperty('body');
    expect(event.isBase64Encoded).toBe(false);
  });

  it('over 10 MB is a 413 that reaches no function', async () => {
    const headers = { 'content-type': 'text/plain' };
    const limit = 10 * 1024 * 1024;
    const path = '/callbacks/zego';
    const over = await send(path, { method: 'POST', headers, body: Buffer.alloc(limit + 1, 'x') });
    expect(over).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
    expect(events).toEqual([]);
    const event = await eventOf(path, { method: 'POST', headers, body: Buffer.alloc(limit, 'x') });
    expect(event.body?.length).toBe(limit);
  });
});

describe('a query', () => {
  it.each([
    ['', undefined],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=1&a=2&b=3&a=1', { a: '1,2,1', b: '3' }],
    ['a=1,2&a=3', { a: '1,2,3' }],
    ['a=%E5%B0%8F+%2C&a=%2F', { a: '小 ,,/' }],
    ['a&b=', { a: '', b: '' }],
    ['a==&b=?', { a: '=', b: '?' }],
  ])('stays raw in rawQueryString; repeated parameters are decoded and joined by commas: %s', async (query, joined) => {
    const event = await eventOf(query === '' ? '/streams' : `/streams?${query}`);
    expect(event.rawQueryString).toBe(query);
    expect(event.queryStringParameters).toEqual(joined);
    expect(event.rawPath).toBe('/streams');
  });
});

describe('a path', () => {
  it.each([
    ['stream-1', 'stream-1'],
    ['a%20b', 'a b'],
    ['a+b', 'a+b'],
    ['caf%C3%A9', 'café'],
    ['%E5%B0%8F%E6%A2%85', '小梅'],
    ['100%25', '100%'],
    ['a%252Fb', 'a%2Fb'],
    ['a%25252Fb', 'a%252Fb'],
    ['a%3Fb%23c', 'a?b#c'],
    ['a.b~c;d=e', 'a.b~c;d=e'],
    ['%zz', '%zz'],
    ['%', '%'],
    ['a%20%zz%2', 'a %zz%2'],
    ['%E5%B0', '\ufffd'],
  ])('is decoded once, and its parameters with it: %s', async (segment, stream_id) => {
    const event = await eventOf(`/streams/${segment}?appid=%31`);
    expect(event.pathParameters).toEqual({ stream_id });
    expect(event).toMatchObject({
      routeKey: 'GET /streams/{stream_id}',
      rawPath: `/streams/${stream_id}`,
      requestContext: { http: { path: `/streams/${stream_id}` } },
      rawQueryString: 'appid=%31',
    });
  });

  it.each([
    ['/%73treams', 'GET /streams', undefined],
    ['/streams%2Fa', 'GET /streams/{stream_id}', 'a'],
    ['/%2573treams', undefined, undefined],
    ['/streams/a%2Fb', undefined, undefined],
    ['/streams/a%2fb', undefined, undefined],
    ['/streams/%2F', undefined, undefined],
    ['/streams/%E7%9B%B4%2F1', undefined, undefined],
    ['/streams%2F', undefined, undefined],
    ['/%2Fstreams', undefined, undefined],
  ])('is decoded before routes are matched: %s', async (path, routeKey, stream_id) => {
    if (routeKey === undefined) {
      expect(await send(path)).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
      expect(events).toEqual([]);
    } else {
      const event = await eventOf(path);
      expect([event.routeKey, event.pathParameters?.stream_id]).toEqual([routeKey, stream_id]);
    }
  });

  it('without parameters has none in its event', async () => {
    expect(await eventOf('/streams')).not.toHaveProperty('pathParameters');
  });

  it.each([
    ['GET', '/'],
    ['GET', '/nothing'],
    ['GET', '/streams/'],
    ['GET', '/streams/a/'],
    ['GET', '/streams/a/b'],
    ['GET', '//streams'],
    ['GET', '/Streams'],
    ['GET', '/v1/streams'],
    ['GET', '/callbacks/zego'],
    ['POST', '/callbacks/zego/'],
    ['POST', '/streams'],
    ['PUT', '/streams/a'],
    ['DELETE', '/streams/a'],
  ])('%s %s is no route: 404', async (method, path) => {
    const { status, headers, body } = await send(path, { method });
    expect([status, body]).toEqual([404, '{"message":"Not Found"}']);
    expect(headers['content-type']).toBe('application/json');
    expect(events).toEqual([]);
  });

  it('asked with HEAD is no route either, and has no body', async () => {
    expect(await send('/streams', { method: 'HEAD' })).toMatchObject({ status: 404, body: '' });
    expect(events).toEqual([]);
  });
});

describe('headers', () => {
  it('have lower-case names, and repeated ones are joined by commas', async () => {
    const { headers } = await eventOf('/streams', {
      headers: { 'X-One': 'A b', 'X-Two': ['1', '2'], Authorization: ['Bearer a', 'Bearer b'] },
    });
    expect(headers).toMatchObject({ 'x-one': 'A b', 'x-two': '1,2', authorization: 'Bearer a,Bearer b' });
  });

  it('do not hold cookies: these are a list', async () => {
    const event = await eventOf('/streams', { headers: { cookie: 'a=1; b="2 3";c=4' } });
    expect(event.cookies).toEqual(['a=1', 'b="2 3"', 'c=4']);
    expect(event.headers).not.toHaveProperty('cookie');
    expect(await eventOf('/streams')).not.toHaveProperty('cookies');
  });
});

describe("a function's answer", () => {
  it('comes through with its status, headers and body', async () => {
    result = { statusCode: 404, headers: { 'Content-Type': 'application/problem+json', etag: '"x"', n: 2 }, body: 'ä' };
    const { status, headers, body } = await send('/streams');
    expect([status, body]).toEqual([404, 'ä']);
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', etag: '"x"', n: '2' });
    expect(headers['content-length']).toBe('2');
    expect(headers['apigw-requestid']).toBeTruthy();
  });

  it('in base64 comes through as bytes', async () => {
    result = { statusCode: 200, body: Buffer.from([0, 255, 254]).toString('base64'), isBase64Encoded: true };
    expect((await send('/streams')).bytes).toEqual(Buffer.from([0, 255, 254]));
  });

  it('is a 200 of text when it says neither', async () => {
    result = { body: 'x' };
    const { status, headers } = await send('/streams');
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
  });

  it('may be a 304 without a body', async () => {
    result = { statusCode: 304, headers: { etag: '"x"' } };
    const answer = await send('/streams');
    expect(answer).toMatchObject({ status: 304, body: '', headers: { etag: '"x"' } });
    // It would be taken for the length of what the reader has.
    expect(answer.headers).not.toHaveProperty('content-length');
  });

  it.each([
    [500, 'Internal Server Error', 'throws', new Error('MARK')],
    [503, 'Service Unavailable', 'times out', new Error('timed out')],
  ])('is a %i %s when it %s', async (status, message, _, error) => {
    result = error;
    const response = await send('/streams', { headers: { origin: APP } });
    expect(response).toMatchObject({ status, body: JSON.stringify({ message }) });
    expect(response.headers).toMatchObject({ 'content-type': 'application/json', 'access-control-allow-origin': '*' });
  });
});

describe('CORS', () => {
  const preflight = (origin: string, method: string | undefined, url = gateway.url, path = '/streams') =>
    send(path, {
      url,
      method: 'OPTIONS',
      headers: {
        origin,
        ...(method === undefined ? {} : { 'access-control-request-method': method }),
        'access-control-request-headers': 'authorization',
      },
    });
  const corsOf = (headers: IncomingHttpHeaders) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

  async function only(...allowedOrigins: string[]): Promise<string> {
    const { url, close } = await listen(createGateway(ROUTES, { ...CORS, allowedOrigins }), 0, 'PORT');
    onTestFinished(close);
    return url;
  }

  const ALLOWED = {
    'access-control-allow-methods': 'GET',
    'access-control-allow-headers': 'authorization,if-none-match',
    'access-control-max-age': '86400',
    'access-control-expose-headers': 'etag',
  };

  it.each(['/streams', '/streams/a', '/nothing'])('a preflight of %s is answered without a function', async (path) => {
    const { status, headers, body } = await preflight(APP, 'GET', gateway.url, path);
    expect([status, body, events]).toEqual([204, '', []]);
    expect(corsOf(headers)).toEqual({ ...ALLOWED, 'access-control-allow-origin': '*' });
  });

  it.each(['POST', 'DELETE', undefined])('a preflight for %s allows nothing', async (method) => {
    const { status, headers } = await preflight(APP, method);
    expect([status, corsOf(headers)]).toEqual([204, {}]);
  });

  it('an origin that is configured is named, one that is foreign is not', async () => {
    const url = await only('https://other.example.com', APP);
    const asked = await preflight(APP, 'GET', url);
    expect(corsOf(asked.headers)).toEqual({ ...ALLOWED, 'access-control-allow-origin': APP });
    const answered = await send('/streams', { url, headers: { origin: APP } });
    expect(answered.headers).toMatchObject({
      'access-control-allow-origin': APP,
      vary: expect.stringMatching(/origin/i),
    });

    for (const origin of ['https://evil.example.com', `${APP}.evil.com`, 'http://app.example.com', 'null']) {
      expect(corsOf((await preflight(origin, 'GET', url)).headers)).toEqual({});
      const foreign = await send('/streams', { url, headers: { origin } });
      expect([foreign.status, corsOf(foreign.headers)]).toEqual([200, {}]);
    }
  });

  it('an answer to any origin exposes the ETag, and one to none has no such header', async () => {
    expect(corsOf((await send('/streams', { headers: { origin: APP } })).headers)).toEqual({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'etag',
    });
    expect(corsOf((await send('/streams')).headers)).toEqual({});
  });

  it("a function's own CORS headers do not count", async () => {
    const url = await only(APP);
    result = { statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' }, body: '' };
    const { headers } = await send('/streams', { url, headers: { origin: APP } });
    expect(headers['access-control-allow-origin']).toBe(APP);
    const foreign = await send('/streams', { url, headers: { origin: 'https://evil.example.com' } });
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('a 404 of the gateway can be read by a page too', async () => {
    expect((await send('/nothing', { headers: { origin: APP } })).headers['access-control-allow-origin']).toBe('*');
  });
});

it('a port that is in use is one sentence that names the variable', async () => {
  const { port } = new URL(gateway.url);
  await expect(listen(createGateway([], CORS), Number(port), 'PORT')).rejects.toThrow(
    new Error(`Port ${port} is in use: stop what listens there, or set PORT to another.`),
  );
});

it('it listens on this machine only', () => {
  expect(gateway.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});
