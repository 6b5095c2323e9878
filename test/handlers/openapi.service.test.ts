import { expect, it } from 'vitest';
import { DOCUMENT } from '../../lib/openapi/document.ts';
import { startFunction } from '../support/function.ts';
import { captured } from '../support/gateway-event.ts';

const request = (headers: Record<string, string> = {}) => ({
  ...captured('apigw-http-no-auth'),
  routeKey: 'GET /openapi.json',
  headers,
});

it('GET /openapi.json answers the document, which caches may keep', async () => {
  const handler = await startFunction('openapi');
  const { statusCode, headers, body = '' } = await handler(request());
  expect(statusCode).toBe(200);
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'max-age=300' });
  expect(JSON.parse(body)).toEqual(JSON.parse(JSON.stringify(DOCUMENT)));
});

it('and 304 to who has it', async () => {
  const handler = await startFunction('openapi');
  const { headers } = await handler(request());
  const etag = String(headers?.etag);
  expect(await handler(request({ 'if-none-match': etag }))).toMatchObject({ statusCode: 304, headers: { etag } });
  expect(await handler(request({ 'if-none-match': '"another"' }))).toMatchObject({ statusCode: 200 });
});
