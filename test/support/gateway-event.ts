import { readFileSync } from 'node:fs';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';

/** An event as API Gateway captured it: fixtures/events. */
export function captured(name: string): APIGatewayProxyEventV2 {
  return JSON.parse(readFileSync(new URL(`../fixtures/events/${name}.json`, import.meta.url), 'utf8'));
}

/** A callback as API Gateway hands it over; base64, as for a form. */
export function post(body: string | Uint8Array, { base64 = typeof body !== 'string' } = {}): APIGatewayProxyEventV2 {
  return {
    ...captured('apigw-http-no-auth'),
    routeKey: 'POST /callbacks/zego',
    rawPath: '/callbacks/zego',
    body: base64 ? Buffer.from(body).toString('base64') : String(body),
    isBase64Encoded: base64,
  };
}

export function get(path: string, more: Record<string, string> = {}): APIGatewayProxyEventV2 {
  const [rawPath = '', rawQueryString = ''] = path.split('?', 2);
  const [, , stream_id] = rawPath.split('/');
  const { authorization: _captured, ...headers } = captured('apigw-http-no-auth').headers;
  return {
    ...captured('apigw-http-no-auth'),
    routeKey: stream_id === undefined ? 'GET /streams' : 'GET /streams/{stream_id}',
    rawPath,
    rawQueryString,
    headers: { ...headers, ...more },
    ...(stream_id === undefined ? {} : { pathParameters: { stream_id: decodeURIComponent(stream_id) } }),
  };
}
