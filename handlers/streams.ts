import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { hoursToMs, readConfig } from '../lib/config.ts';
import { Problem } from '../lib/errors.ts';
import { sessionAnswer } from '../lib/http/answer.ts';
import { pageQuery, streamQuery } from '../lib/http/query.ts';
import { json } from '../lib/http/response.ts';
import { requireToken } from '../lib/http/token.ts';
import { invoke } from '../lib/invocation.ts';
import { readPage, readStream } from '../lib/streams/live.ts';
import { connect, openStore } from '../lib/streams/store.ts';

const config = readConfig([
  'LIST_TOKEN',
  'LIST_CACHE_SECONDS',
  'MAX_LIVE_HOURS',
  'LIVE_SHARDS',
  'SESSIONS_TABLE',
  'ROOMS_TABLE',
]);
const client = connect();
const tables = { sessions: config.SESSIONS_TABLE, rooms: config.ROOMS_TABLE };

/** `GET /streams` and `GET /streams/{stream_id}`. */
export const handler = (request: APIGatewayProxyEventV2) =>
  invoke('list', request, async ({ nowMs, signal }) => {
    requireToken(request.headers.authorization, config.LIST_TOKEN);

    const options = {
      store: openStore({ client, tables, nowMs, signal }),
      nowMs,
      liveShards: config.LIVE_SHARDS,
      maxLiveMs: hoursToMs(config.MAX_LIVE_HOURS),
    };

    const stream_id = request.pathParameters?.stream_id;
    if (stream_id === undefined) {
      const { readings, next_cursor } = await readPage(pageQuery(request.rawQueryString), options);
      return json(200, { streams: readings.map(sessionAnswer), next_cursor });
    }

    const reading = await readStream(streamQuery(stream_id, request.rawQueryString), options);
    if (reading === undefined) throw new Problem('stream-not-found', 'Nothing is known of this stream (any more).');
    return json(200, sessionAnswer(reading));
  });
