import { describe, expect, it } from 'vitest';
import { Problem, type ProblemCode } from '../../lib/errors.ts';
import { cacheControl, conditional, json, problemDocument, representation } from '../../lib/http/response.ts';

const STATUS: Record<ProblemCode, number> = {
  'body-too-large': 413,
  'unreadable-body': 400,
  'invalid-field': 400,
  'bad-signature': 401,
  'timestamp-outside-window': 401,
  'unknown-appid': 401,
  'store-unavailable': 503,
  'internal-error': 500,
  'token-required': 401,
  'invalid-parameter': 400,
  'invalid-cursor': 400,
  'stream-not-found': 404,
};

describe('json', () => {
  it('answers JSON that nobody caches', () => {
    expect(json(200, { a: [1, null, 'ä'] })).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
      body: '{"a":[1,null,"ä"]}',
    });
  });

  it('lets the caller add and replace headers', () => {
    expect(json(200, {}, { etag: '"x"', 'cache-control': 'max-age=2' }).headers).toEqual({
      'content-type': 'application/json',
      'cache-control': 'max-age=2',
      etag: '"x"',
    });
  });
});

describe('a representation', () => {
  const one = representation({ a: [1, 'ä'] });
  const { etag } = one;

  it('has a strong ETag that follows from its content alone', () => {
    expect(one.body).toBe('{"a":[1,"ä"]}');
    expect(etag).toMatch(/^"[\w-]{43}"$/);
    expect(representation({ a: [1, 'ä'] })).toEqual(one);
    const others = [{ a: [1, 'a'] }, { a: [1, 'ä'], b: null }, { a: ['1', 'ä'] }, [1, 'ä'], null].map(representation);
    expect(new Set([one, ...others].map((other) => other.etag)).size).toBe(6);
  });

  it.each([
    ['nothing', undefined],
    ['an empty list', ''],
    ['another tag', '"x"'],
    ['what is no tag', etag.slice(1, -1)],
    ['a part of it', `${etag.slice(0, -2)}"`],
    ['what only holds it', `"x${etag.slice(1)}`],
    ['* as a tag', '"*"'],
  ])('is sent whole to a reader who has %s', (_, ifNoneMatch) => {
    expect(conditional(one, ifNoneMatch, 'max-age=2')).toEqual({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'cache-control': 'max-age=2', etag },
      body: one.body,
    });
  });

  it.each([
    ['it', etag],
    ['it, made weak by a proxy that compresses', `W/${etag}`],
    ['it among others', `"x",W/"y", ${etag} ,"z"`],
    ['anything', ' * '],
  ])('is not sent again to a reader who has %s', (_, ifNoneMatch) => {
    const { body, ...answer } = conditional(one, ifNoneMatch, 'max-age=2');
    expect(body).toBeUndefined();
    expect(answer).toEqual({
      statusCode: 304,
      headers: { 'content-type': 'application/json', 'cache-control': 'max-age=2', etag },
    });
  });
});

it.each([
  [2000, 0, true, 'max-age=2'],
  [1999, 0, true, 'max-age=1'],
  [1, 0, true, 'max-age=0'],
  [0, 0, true, 'no-store'],
  [2000, 999, true, 'max-age=2'],
  [2000, 1000, true, 'max-age=1'],
  [2000, 3999, true, 'max-age=0'],
  [2000, -5000, true, 'max-age=2'],
  [2000, 0, false, 'private, max-age=2'],
  [0, 0, false, 'no-store'],
])('what is fresh for %i ms, %i of them spent, shared or not (%s), is %j', (freshMs, spentMs, shared, expected) => {
  expect(cacheControl({ freshMs, spentMs, shared })).toBe(expected);
});

describe.each(Object.entries(STATUS) as [ProblemCode, number][])('%s', (code, status) => {
  const { statusCode, headers, body } = problemDocument(new Problem(code, 'What to do.', { reason: 'internal-error' }));

  it(`is ${status}, as an RFC 9457 problem document of four members`, () => {
    expect(statusCode).toBe(status);
    expect(headers).toMatchObject({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
    expect(JSON.parse(body ?? '')).toEqual({
      type: `urn:zego-live-list:problem:${code}`,
      title: expect.stringMatching(/^[A-Z].*[a-z]$/),
      status,
      detail: 'What to do.',
    });
  });

  it('says when to come again, and which scheme it wants, exactly where that helps', () => {
    expect(headers?.['retry-after']).toEqual(
      code === 'store-unavailable' ? expect.stringMatching(/^[1-9]\d*$/) : undefined,
    );
    expect(headers?.['www-authenticate']).toBe(code === 'token-required' ? 'Bearer' : undefined);
  });
});
