import { cacheControl, conditional, type Representation, representation } from '../lib/http/response.ts';
import { DOCUMENT } from '../lib/openapi/document.ts';
import { httpHandler } from '../lib/runtime/http.ts';

/** It changes with a deployment alone. */
const FRESH_MS = 300_000;
let answer: Representation | undefined;

/** `GET /openapi.json`. */
export const handler = httpHandler('openapi', async (request) => {
  answer ??= representation(DOCUMENT);
  return conditional(
    answer,
    request.headers['if-none-match'],
    cacheControl({ freshMs: FRESH_MS, spentMs: 0, shared: true }),
  );
});
