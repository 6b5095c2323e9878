import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { Problem } from '../errors.ts';

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

/**
 * What a handler makes of anything thrown. What is no Problem is a fault of ours; the caller gets a 503 for it, so
 * that ZEGO comes again, and learns nothing of it.
 */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem('store-unavailable', 'The store did not answer. Try again.', {
    reason: 'internal-error',
    cause: error,
  });
}
