import { createHash } from 'node:crypto';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { Problem } from '../errors.ts';

/** When ZEGO or a reader should come again after a fault of the store, in seconds. */
const RETRY_AFTER_SECONDS = 2;

/** How we answer: JSON, or a problem document. */
export function json(
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 {
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
    body: JSON.stringify(body),
  };
}

/** What a reader gets of a resource: its JSON, and the name of exactly that. */
export interface Representation {
  body: string;
  etag: string;
}

export function representation(value: unknown): Representation {
  const body = JSON.stringify(value);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` };
}

/**
 * 200, or 304 without a body for a reader who has it already. A `Cache-Control: no-cache` of the reader counts for
 * nothing: browsers and Node send it with every `If-None-Match` that a program sets.
 * @param ifNoneMatch the request's `If-None-Match`
 */
export function conditional(
  { body, etag }: Representation,
  ifNoneMatch: string | undefined,
  cacheControl: string,
): APIGatewayProxyStructuredResultV2 {
  // A 304 has the type too: the gateway would put text/plain, and caches take over what a 304 tells.
  const headers = { 'content-type': 'application/json', 'cache-control': cacheControl, etag };
  return matches(ifNoneMatch ?? '', etag) ? { statusCode: 304, headers } : { statusCode: 200, headers, body };
}

export interface Freshness {
  /** How long the answer may be shown since the request came; 0: nobody may keep it. */
  freshMs: number;
  /** How long ago that was. */
  spentMs: number;
  /** Whether caches that serve several readers may keep it. */
  shared: boolean;
}

/**
 * Of the time that we spent, whole seconds count: caches count it too, from when they asked (RFC 9111, 4.2.3), but not
 * all of them do.
 */
export function cacheControl({ freshMs, spentMs, shared }: Freshness): string {
  if (freshMs === 0) return 'no-store';
  const seconds = Math.floor(freshMs / 1000) - Math.max(0, Math.floor(spentMs / 1000));
  return `${shared ? '' : 'private, '}max-age=${Math.max(0, seconds)}`;
}

/** RFC 9110, 13.1.2: `*`, or a list of tags, of which a proxy that compresses has made weak ones. */
function matches(ifNoneMatch: string, etag: string): boolean {
  const tags: string[] = ifNoneMatch.match(/"[^"]*"/g) ?? [];
  return ifNoneMatch.trim() === '*' || tags.includes(etag);
}

/** RFC 9457. The details name fields and parameters, and never repeat their values. */
export function problemDocument({ code, title, status, message }: Problem): APIGatewayProxyStructuredResultV2 {
  return json(
    status,
    { type: `urn:zego-live-list:problem:${code}`, title, status, detail: message },
    {
      'content-type': 'application/problem+json',
      ...(code === 'store-unavailable' ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}),
      ...(code === 'token-required' ? { 'www-authenticate': 'Bearer' } : {}),
    },
  );
}
