import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { unescape as percentDecode } from 'node:querystring';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Cors } from '../serverless-config.ts';

/** One route of the API, such as `GET /streams/{stream_id}`, and the function behind it. */
export interface Route {
  routeKey: string;
  /** @throws Error `timed out` when the function did not answer in time, anything else when it failed */
  invoke: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
}

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** API Gateway takes no more. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

/** These bodies reach a function as text; all others, forms among them, in base64. */
const TEXT_BODY = /^(text\/|application\/(json|javascript|xml)\b|[^;]*\+(json|xml)\b)/i;

/**
 * An HTTP API of API Gateway on node:http: events of payload 2.0 as the gateway sends them, and what it answers by
 * itself: CORS, 404 for what is no route, 500 and 503 for a function that fails or hangs.
 */
export function createGateway(routes: readonly Route[], cors: Cors): Server {
  return createServer(async (request, response) => {
    const answer = await respond(request, routes, cors);
    if (answer === undefined) return;
    const { status, headers, body } = answer;
    // A 304 has no body, and its length would be taken for that of what the reader has.
    const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, ...length, 'apigw-requestid': randomUUID() });
    response.end(request.method === 'HEAD' ? undefined : body);
  });
}

/** @returns undefined when the caller hung up before it had sent its body */
async function respond(request: IncomingMessage, routes: readonly Route[], cors: Cors): Promise<Answer | undefined> {
  const corsHeaders = corsHeadersFor(request, cors);
  if (request.method === 'OPTIONS') return preflight(request, cors, corsHeaders);

  const body = await readBody(request).catch(() => undefined);
  if (body === undefined) return undefined;
  if (body === 'too large') return own(413, 'Request Entity Too Large', corsHeaders);

  const target = readTarget(request);
  for (const { routeKey, invoke } of routes) {
    const parameters = match(routeKey, `${request.method} ${target.rawPath}`);
    if (parameters === undefined) continue;
    try {
      const result = await invoke(toEvent(request, target, body, routeKey, parameters));
      return fromResult(result, corsHeaders);
    } catch (error) {
      const timedOut = (error as Error).message === 'timed out';
      return timedOut ? own(503, 'Service Unavailable', corsHeaders) : own(500, 'Internal Server Error', corsHeaders);
    }
  }
  return own(404, 'Not Found', corsHeaders);
}

/** An answer of the gateway's own. */
function own(status: number, message: string, headers: Record<string, string>): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ message }) };
}

function fromResult(result: APIGatewayProxyStructuredResultV2, corsHeaders: Record<string, string>): Answer {
  // Where the gateway has CORS, it drops what a function says about it.
  const headers = Object.entries(result.headers ?? {})
    .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
    .filter(([name]) => !name.startsWith('access-control-'));
  return {
    status: result.statusCode ?? 200,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...Object.fromEntries(headers), ...corsHeaders },
    body: result.isBase64Encoded ? Buffer.from(result.body ?? '', 'base64') : (result.body ?? ''),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | 'too large'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_REQUEST_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_REQUEST_BYTES ? Buffer.concat(chunks) : 'too large';
}

/** The path and query of a request, as its event has them. */
interface Target {
  rawPath: string;
  rawQueryString: string;
}

/**
 * API Gateway decodes the path once, before it matches routes: `/streams/a%2Fb` has three segments, and the event's
 * `rawPath` is decoded. The query stays raw. Malformed escapes stay unchanged.
 * Source: a captured event, https://github.com/fastify/aws-lambda-fastify/issues/169
 */
function readTarget({ url = '/' }: IncomingMessage): Target {
  const [path = '/'] = url.split('?', 1);
  return { rawPath: percentDecode(path), rawQueryString: url.slice(path.length + 1) };
}

/** @returns the path parameters; undefined when the route is another */
function match(routeKey: string, target: string): Record<string, string> | undefined {
  const names: string[] = [];
  const pattern = routeKey.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, (_, name: string) => {
    names.push(name);
    return '([^/]+)';
  });
  const found = new RegExp(`^${pattern}$`).exec(target);
  if (found === null) return undefined;
  return Object.fromEntries(names.map((name, i) => [name, found[i + 1] ?? '']));
}

function toEvent(
  request: IncomingMessage,
  { rawPath, rawQueryString }: Target,
  body: Buffer,
  routeKey: string,
  pathParameters: Record<string, string>,
): APIGatewayProxyEventV2 {
  const query = [...new URLSearchParams(rawQueryString).entries()];
  const { cookie: _joined, ...headers } = joinedHeaders(request);
  const { cookie } = request.headers;
  const isText = TEXT_BODY.test(headers['content-type'] ?? '');
  const now = new Date();
  return {
    version: '2.0',
    routeKey,
    rawPath,
    rawQueryString,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/;\s*/) }),
    headers: {
      ...headers,
      'x-amzn-trace-id': `Root=1-${Math.floor(now.getTime() / 1000).toString(16)}-${randomUUID().replaceAll('-', '').slice(0, 24)}`,
      'x-forwarded-for': request.socket.remoteAddress ?? '127.0.0.1',
      'x-forwarded-port': String(request.socket.localPort),
      'x-forwarded-proto': 'http',
    },
    ...(query.length === 0 ? {} : { queryStringParameters: joined(query) }),
    ...(Object.keys(pathParameters).length === 0 ? {} : { pathParameters }),
    requestContext: {
      accountId: '000000000000',
      apiId: 'local',
      domainName: headers.host ?? 'localhost',
      domainPrefix: 'local',
      http: {
        method: request.method ?? '',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
        userAgent: headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: gatewayTime(now),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Repeated headers arrive joined by commas, like repeated query parameters. */
function joinedHeaders(request: IncomingMessage): Record<string, string> {
  const pairs: [string, string][] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    pairs.push([request.rawHeaders[i]?.toLowerCase() ?? '', request.rawHeaders[i + 1] ?? '']);
  }
  return joined(pairs);
}

function joined(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const result = new Map<string, string>();
  for (const [name, value] of pairs) result.set(name, result.has(name) ? `${result.get(name)},${value}` : value);
  return Object.fromEntries(result);
}

/** `17/Jun/2024:15:52:39 +0000` */
function gatewayTime(now: Date): string {
  const [, day, month, year, time] = now.toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}

function corsHeadersFor({ headers: { origin } }: IncomingMessage, cors: Cors): Record<string, string> {
  if (origin === undefined) return {};
  const any = cors.allowedOrigins.includes('*');
  if (!any && !cors.allowedOrigins.includes(origin)) return {};
  return {
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-expose-headers': cors.exposedResponseHeaders.join(','),
    ...(any ? {} : { vary: 'origin' }),
  };
}

function preflight({ headers }: IncomingMessage, cors: Cors, corsHeaders: Record<string, string>): Answer {
  const asked = headers['access-control-request-method'];
  const allowed = 'access-control-allow-origin' in corsHeaders && cors.allowedMethods.includes(asked ?? '');
  const answer = {
    'access-control-allow-methods': cors.allowedMethods.join(','),
    'access-control-allow-headers': cors.allowedHeaders.join(','),
    'access-control-max-age': String(cors.maxAge),
  };
  return { status: 204, headers: allowed ? { ...corsHeaders, ...answer } : {}, body: '' };
}
