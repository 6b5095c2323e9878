import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listen } from '../../../lib/tools/stack/listen.ts';
import {
  type Callback,
  CLOSE,
  type Publishing,
  roomCreate,
  streamClose,
  streamCreate,
} from '../../../lib/tools/zego/callbacks.ts';
import { createDelivery, type DeliveryOptions, describeAnswer } from '../../../lib/tools/zego/delivery.ts';
import { createRandom } from '../../../lib/tools/zego/random.ts';
import { decodeBody, type ZegoRecord } from '../../../lib/zego/body.ts';
import { readEnvelope, verify } from '../../../lib/zego/signature.ts';
import { SECRET } from '../../support/callback.ts';
import { startStopwatch } from '../../support/stopwatch.ts';

const room = { appid: '7', room_id: 'room', room_session_id: '12345678901234567891' };
const publishing: Publishing = {
  ...room,
  ...{ user_id: 'user', user_name: '小梅', channel_id: 'room', stream_alias: 'stream', stream_id: 'stream' },
  ...{ stream_sid: 's-1', create_time_ms: '1700000000000' },
};
const create = streamCreate(publishing, 1, 1_700_000_000_000, 0);

interface Received {
  atMs: number;
  record: ZegoRecord;
}

/** A target that keeps what it gets, and answers as it is told: by default it takes everything. */
async function target(answer: (count: number) => number | Promise<number> = () => 200) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const atMs = performance.now();
    const record = decodeBody(await text(request), false);
    received.push({ atMs, record });
    const status = request.url === '/base/callbacks/zego' ? await answer(received.length) : 404;
    response.statusCode = status;
    response.end(status === 200 ? '{"result":"applied"}' : '{"type":"urn:zego-live-list:problem:store-unavailable"}');
  });
  const { url, close } = await listen(server, 0, '');
  onTestFinished(close);
  return { url: `${url}/base`, received };
}

function delivery(url: string, options: Partial<DeliveryOptions> = {}) {
  const calm = { encoding: 'json', speed: 100, duplicate: 0, delay: 0, lose: 0 } as const;
  const random = createRandom(1);
  return createDelivery({ ...calm, url, secret: SECRET, random, signal: new AbortController().signal, ...options });
}

const business = ({ timestamp, nonce, signature, ...fields }: ZegoRecord) => fields;

describe('an attempt', () => {
  it.each(['json', 'urlencoded', 'form', 'mixed'] as const)('is signed, and complete, as %s', async (encoding) => {
    const { url, received } = await target();
    const deliver = delivery(url, { encoding });
    const callbacks = [create, streamClose(publishing, 2, 1_700_000_001_000, CLOSE.kick), roomCreate(room, 1, 'user')];
    for (const callback of callbacks) expect(await deliver(callback)).toMatchObject({ outcome: 'accepted' });
    for (const { record } of received)
      verify(readEnvelope(record), { secrets: [SECRET], windowSeconds: 60, nowMs: Date.now() });
    const told = callbacks.map(({ event, fields: { appid, ...fields } }) => ({ event, appid: `${appid}`, ...fields }));
    expect(received.map(({ record }) => business(record))).toEqual([
      told[0],
      told[1],
      { ...told[2], room_session_id: room.room_session_id },
    ]);
  });

  it('tells what came back of it', async () => {
    const { url } = await target();
    const { answers } = await delivery(url)(create);
    expect(answers.map(describeAnswer)).toEqual(['200 applied']);
    expect(answers[0]?.durationMs).toBeGreaterThan(0);
  });
});

describe('a refused callback', () => {
  it('comes again 2, 4, 8, 16 and 32 s after the attempt before, divided by the speed, and then no more', async () => {
    const { url, received } = await target(() => 503);
    const waitedMs = startStopwatch();
    const { outcome, answers } = await delivery(url)(create);
    const expectedMs = [20, 40, 80, 160, 320];
    expect(waitedMs()).toBeLessThan(expectedMs.reduce((sum, ms) => sum + ms) + 500);
    expect(outcome).toBe('refused');
    expect(answers.map(describeAnswer)).toEqual(Array.from({ length: 6 }, () => '503 store-unavailable'));
    for (const [i, ms] of expectedMs.entries()) {
      expect((answers[i + 1]?.startMs ?? 0) - (answers[i]?.startMs ?? 0)).toBeGreaterThan(ms - 2);
    }
    await wait(400);
    expect(received).toHaveLength(6);
  });

  it('comes until it is accepted, always with the same fields', async () => {
    const { url, received } = await target((count) => (count < 3 ? 500 : 200));
    expect(await delivery(url)(create)).toMatchObject({ outcome: 'accepted', repeats: 0 });
    expect(received).toHaveLength(3);
    const [first, ...more] = received.map(({ record }) => business(record));
    expect(more).toEqual([first, first]);
  });

  it('comes once where one attempt is all', async () => {
    const { url, received } = await target(() => 503);
    const sent: string[] = [];
    const options = { attempts: 1, onAttempt: ({ event }: Callback) => sent.push(event) };
    expect(await delivery(url, options)(create)).toMatchObject({ outcome: 'refused' });
    expect(received).toHaveLength(1);
    expect(sent).toEqual(['stream_create']);
  });

  it('is signed again for some, and not for others', async () => {
    const { url, received } = await target(() => 500);
    const deliver = delivery(url, { speed: 1000 });
    await Promise.all(Array.from({ length: 10 }, () => deliver(create)));
    // 10 to 60: each callback has one nonce, or one for each attempt.
    const nonces = new Set(received.map(({ record }) => record.nonce));
    expect(nonces.size).toBeGreaterThan(10);
    expect(nonces.size).toBeLessThan(60);
  });

  it('comes as often to a target that is not there', async () => {
    const { url, close } = await listen(createServer(), 0, '');
    await close();
    const { outcome, answers } = await delivery(url, { speed: 1000 })(create);
    expect(outcome).toBe('refused');
    expect(answers.map(describeAnswer)).toEqual(Array.from({ length: 6 }, () => 'no answer (ECONNREFUSED)'));
  });
});

describe('what goes wrong on the way', () => {
  it('a repeat comes though the callback was accepted', async () => {
    const { url, received } = await target();
    expect(await delivery(url, { duplicate: 1 })(create)).toMatchObject({ outcome: 'accepted', repeats: 1 });
    expect(received.map(({ record }) => business(record))).toEqual([
      business(received[0]?.record ?? {}),
      business(received[0]?.record ?? {}),
    ]);
  });

  it('a delayed one comes 1 s or more later, divided by the speed', async () => {
    const { url, received } = await target();
    const startMs = performance.now();
    expect(await delivery(url, { delay: 1, speed: 10 })(create)).toMatchObject({ outcome: 'accepted', delayed: true });
    expect((received[0]?.atMs ?? 0) - startMs).toBeGreaterThan(98);
  });

  it('a lost one never comes', async () => {
    const { url, received } = await target();
    expect(await delivery(url, { lose: 1, delay: 1, duplicate: 1 })(create)).toMatchObject({
      outcome: 'lost',
      delayed: false,
      answers: [],
    });
    expect(received).toEqual([]);
  });

  it('is the same from the same seed', async () => {
    const { url } = await target();
    const fates = async (seed: number) => {
      const deliver = delivery(url, { random: createRandom(seed), speed: 1000, duplicate: 0.3, delay: 0.3, lose: 0.3 });
      const delivered = await Promise.all(Array.from({ length: 30 }, () => deliver(create)));
      return delivered.map(({ outcome, delayed, repeats }) => `${outcome} ${delayed} ${repeats}`);
    };
    const first = await fates(1);
    expect(await fates(1)).toEqual(first);
    expect(await fates(2)).not.toEqual(first);
    expect(new Set(first).size).toBeGreaterThan(3);
  });
});

it('no more than 16 requests are under way at once', async () => {
  let underWay = 0;
  let most = 0;
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const { url } = await target(async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    if (underWay === 16) setTimeout(open, 100);
    await opened;
    underWay -= 1;
    return 200;
  });
  const deliver = delivery(url);
  await Promise.all(Array.from({ length: 50 }, () => deliver(create)));
  expect(most).toBe(16);
});

it('stops waiting when it is told to', async () => {
  const { url, received } = await target();
  const stop = new AbortController();
  const delivered = delivery(url, { delay: 1, speed: 0.1, signal: stop.signal })(create);
  stop.abort();
  await expect(delivered).rejects.toThrow();
  expect(received).toEqual([]);
});
