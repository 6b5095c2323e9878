import { hoursToMs, readConfig } from '../lib/config.ts';
import { connectStore } from '../lib/dynamodb/store.ts';
import { openCache } from '../lib/http/cache.ts';
import { type ListQuery, listQuery, streamQuery } from '../lib/http/query.ts';
import { cacheControl, conditional, representation } from '../lib/http/response.ts';
import { pageAnswer, streamAnswer } from '../lib/http/session-json.ts';
import { requireToken } from '../lib/http/token.ts';
import { openTally } from '../lib/runtime/cache-stats.ts';
import { httpHandler } from '../lib/runtime/http.ts';
import { openSecrets } from '../lib/runtime/secrets.ts';
import { readPage } from '../lib/streams/list.ts';
import { readStream, readStreams, type StreamQuery } from '../lib/streams/lookup.ts';

const config = readConfig([
  'LIST_TOKEN',
  'LIST_CACHE_SECONDS',
  'MAX_LIVE_HOURS',
  'LIVE_SHARDS',
  'SESSIONS_TABLE',
  'ROOMS_TABLE',
]);
const withTokens = openSecrets('LIST_TOKEN', config.LIST_TOKEN);
const storeAt = connectStore(config);
const cached = openCache(config.LIST_CACHE_SECONDS * 1000);
const tally = openTally();

/** `GET /streams` and `GET /streams/{stream_id}`. */
export const handler = httpHandler('list', async (request, { nowMs, signal }) => {
  await withTokens(nowMs, (tokens) => requireToken(request.headers.authorization, tokens));

  const stream_id = request.pathParameters?.stream_id;
  const query =
    stream_id === undefined ? listQuery(request.rawQueryString) : streamQuery(stream_id, request.rawQueryString);
  const { answer, freshMs, hit } = await cached(query, nowMs, async () =>
    representation(await load(query, nowMs, signal)),
  );
  if (config.LIST_CACHE_SECONDS > 0) tally(hit, nowMs);

  const freshness = { freshMs, spentMs: Date.now() - nowMs, shared: config.LIST_TOKEN === 'public' };
  return conditional(answer, request.headers['if-none-match'], cacheControl(freshness));
});

async function load(query: ListQuery | StreamQuery, nowMs: number, signal: AbortSignal): Promise<unknown> {
  const options = { store: storeAt({ nowMs, signal }), nowMs, maxLiveMs: hoursToMs(config.MAX_LIVE_HOURS) };
  switch (query.kind) {
    case 'page':
      return pageAnswer(await readPage(query, options));
    case 'streams':
      return pageAnswer(await readStreams(query, options));
    case 'stream':
      return streamAnswer(await readStream(query, options));
  }
}
