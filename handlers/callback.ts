import { hoursToMs, readConfig } from '../lib/config.ts';
import { connectStore } from '../lib/dynamodb/store.ts';
import { json } from '../lib/http/response.ts';
import { httpHandler } from '../lib/runtime/http.ts';
import { eventName } from '../lib/runtime/log.ts';
import { openSecrets } from '../lib/runtime/secrets.ts';
import { apply } from '../lib/streams/apply.ts';
import { decodeBody } from '../lib/zego/body.ts';
import { idsOf, parseEvent, timeOf } from '../lib/zego/event.ts';
import { readEnvelope, verify } from '../lib/zego/signature.ts';

const config = readConfig([
  'ZEGO_CALLBACK_SECRET',
  'ZEGO_APP_ID',
  'SIGNATURE_WINDOW_SECONDS',
  'RETENTION_HOURS',
  'MAX_LIVE_HOURS',
  'LIVE_SHARDS',
  'SESSIONS_TABLE',
  'ROOMS_TABLE',
]);
const withSecrets = openSecrets('ZEGO_CALLBACK_SECRET', config.ZEGO_CALLBACK_SECRET);
const storeAt = connectStore(config);

/** `POST /callbacks/zego`. A 2XX means durably stored: nothing is answered first and stored later. */
export const handler = httpHandler('callback', async (request, { nowMs, signal, note, measured }) => {
  const record = decodeBody(request.body, request.isBase64Encoded);
  const envelope = readEnvelope(record);
  const windowSeconds = config.SIGNATURE_WINDOW_SECONDS;
  const verified = await withSecrets(nowMs, (secrets) => verify(envelope, { secrets, windowSeconds, nowMs }));
  const { secret, timestampMs } = verified;
  note({ secret, event: eventName(verified.event), callback_lag_ms: nowMs - timestampMs, ...idsOf(record) });

  const event = parseEvent(record, verified, config.ZEGO_APP_ID);
  if (event.event === 'not-kept') {
    note({ result: 'ignored' });
    return json(200, { result: 'ignored' });
  }

  note({ event_lag_ms: nowMs - timeOf(event) });
  const result = await measured((onConflict) =>
    apply(event, {
      store: storeAt({ nowMs, signal }),
      nowMs,
      maxLiveMs: hoursToMs(config.MAX_LIVE_HOURS),
      retentionMs: hoursToMs(config.RETENTION_HOURS),
      onConflict,
    }),
  );
  note({ result });
  return json(200, { result });
});
