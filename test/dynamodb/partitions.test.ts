import { expect, it } from 'vitest';
import type { Engine } from '../../lib/dynamodb/engine.ts';
import { apply } from '../../lib/streams/apply.ts';
import { createEvent } from '../support/callback.ts';
import { EMPTY, memoryEngine, storeOn } from './memory-engine.ts';

const NOW = 1_700_000_000_000;
const ALL = { order: 'newest', room_id: undefined, appid: undefined, storedSinceMs: 0, after: undefined } as const;

it('a session that came back in another partition is listed once, though both show it', async () => {
  const engine = memoryEngine({ memory: EMPTY });
  for (const [stream_id, create_time_ms] of [
    ['a', '1000000000002'],
    ['b', '1000000000001'],
  ] as const) {
    const event = createEvent({ stream_id, stream_sid: `s-${stream_id}`, create_time_ms });
    await apply(event, { store: storeOn(engine), nowMs: NOW, maxLiveMs: 1e9, retentionMs: 1e9 });
  }
  /** Whatever partition is asked shows what is in the first one. */
  const everywhere: Engine = {
    ...engine,
    query: (query, from) => {
      const values = { ...query.ExpressionAttributeValues, ':partition': 0 };
      return engine.query({ ...query, ExpressionAttributeValues: values }, from);
    },
  };
  const store = storeOn(everywhere, { liveShards: 3 });
  for (const count of [1, 2, 5]) {
    const found = await store.liveEntries(ALL, count);
    expect(found.map(({ stream_sid }) => stream_sid)).toEqual(['s-a', 's-b'].slice(0, count));
  }
});
