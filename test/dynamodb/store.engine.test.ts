import { createServer as createHttpServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { connect } from '../../lib/dynamodb/engine.ts';
import { connectStore } from '../../lib/dynamodb/store.ts';
import { withDeadline } from '../../lib/runtime/deadline.ts';
import { apply } from '../../lib/streams/apply.ts';
import { closeEvent, createEvent } from '../support/callback.ts';
import { AWS, freshTable } from '../support/engine.ts';
import { startStopwatch } from '../support/stopwatch.ts';

const NOW = 1_700_000_000_000;
const LIFETIMES = { maxLiveMs: 1e9, retentionMs: 1e9 };

it('keys that DynamoDB left unprocessed are asked again, not taken as absent', async () => {
  const db = await freshTable();
  const keys = Array.from({ length: 5 }, (_, i) => ({ stream_id: 'a', stream_sid: `s-${i}` }));
  for (const key of keys) await apply(createEvent(key), { store: db.store(NOW), nowMs: NOW, ...LIFETIMES });

  // The engine gets two keys of each request, the others come back unprocessed, as from a busy AWS.
  db.client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const input = args.input as { RequestItems?: Record<string, { Keys: unknown[] }> };
        const asked = input.RequestItems?.[db.table];
        if (commandName !== 'BatchGetItemCommand' || asked === undefined) return next(args);
        const rest = asked.Keys.slice(2);
        const result = await next({
          ...args,
          input: { RequestItems: { [db.table]: { ...asked, Keys: asked.Keys.slice(0, 2) } } } as never,
        });
        if (rest.length > 0)
          (result.output as { UnprocessedKeys: unknown }).UnprocessedKeys = { [db.table]: { ...asked, Keys: rest } };
        return result;
      },
    { step: 'initialize', priority: 'high' },
  );
  db.requests.length = 0;
  const found = await db.store(NOW).sessions(keys.toReversed());
  expect(db.requests).toHaveLength(3);
  expect(found.map((session) => session?.stream_sid)).toEqual(['s-4', 's-3', 's-2', 's-1', 's-0']);
});

it('a key that is asked twice is read once, and one that is not there is undefined', async () => {
  const db = await freshTable();
  const key = { stream_id: 'a', stream_sid: 's-1' };
  await apply(createEvent(key), { store: db.store(NOW), nowMs: NOW, ...LIFETIMES });
  const found = await db.store(NOW).sessions([key, key, { ...key, stream_sid: 's-2' }]);
  expect(found.map((session) => session?.stream_sid)).toEqual(['s-1', 's-1', undefined]);
  expect(await db.store(NOW).sessions([])).toEqual([]);
});

it('ids that hold NUL are not mixed up', async () => {
  const db = await freshTable();
  const keys = [
    { stream_id: 'a\0b', stream_sid: 'c' },
    { stream_id: 'a', stream_sid: 'b\0c' },
  ];
  for (const key of keys) await apply(createEvent(key), { store: db.store(NOW), nowMs: NOW, ...LIFETIMES });
  expect((await db.store(NOW).sessions(keys)).map((session) => session?.stream_sid)).toEqual(['c', 'b\0c']);
});

it('a write whose condition does not hold writes nothing and is no fault', async () => {
  const db = await freshTable();
  expect(await db.store(NOW).close(closeEvent(), NOW / 1000)).toBe(false);
  const key = { stream_id: 'stream_id', stream_sid: 's-115205136669740000000000104' };
  expect(await db.store(NOW).sessions([key])).toEqual([undefined]);
});

describe('a fault of the store is a problem', () => {
  const servers: Server[] = [];
  afterEach(() => {
    vi.unstubAllEnvs();
    for (const server of servers.splice(0)) server.close();
  });

  /** An engine on a free port that treats connections so. */
  async function engine(onConnection: Parameters<typeof createServer>[1]): Promise<string> {
    const server = createServer({}, onConnection);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function engineOf(onRequest: RequestListener): Promise<string> {
    const server = createHttpServer(onRequest);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  function client(endpoint: string): DynamoDBDocumentClient {
    for (const [name, value] of Object.entries({ ...AWS, AWS_ENDPOINT_URL_DYNAMODB: endpoint }))
      vi.stubEnv(name, value);
    return connect();
  }

  const send = (endpoint: string) =>
    withDeadline(4000, (signal) =>
      apply(createEvent(), {
        store: connectStore(
          { SESSIONS_TABLE: 'not-there', ROOMS_TABLE: 'nor-this', LIVE_SHARDS: 1 },
          client(endpoint),
        )({ nowMs: NOW, signal }),
        nowMs: NOW,
        ...LIFETIMES,
      }),
    );

  it('when nothing listens', async () => {
    const endpoint = await engine(undefined);
    servers.splice(0)[0]?.close();
    await expect(send(endpoint)).rejects.toMatchObject({
      code: 'store-unavailable',
      reason: 'store-unavailable',
      cause: { code: 'ECONNREFUSED' },
    });
  });

  it('when it accepts and never answers, before the deadline', async () => {
    const endpoint = await engine((socket) => socket.on('error', () => {}));
    const waitedMs = startStopwatch();
    await expect(send(endpoint)).rejects.toMatchObject({ code: 'store-unavailable', reason: 'store-timeout' });
    expect(waitedMs()).toBeLessThan(4500);
  });

  it('when it hangs up', async () => {
    const endpoint = await engine((socket) => socket.destroy());
    await expect(send(endpoint)).rejects.toMatchObject({ code: 'store-unavailable', reason: 'store-unavailable' });
  });

  /** An engine that answers every request so. */
  const answering = (status: number, body: string, headers = {}) =>
    engineOf((_, response) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', ...headers }).end(body);
    });

  const REFUSED = { code: 'internal-error', status: 500, reason: 'store-refused' };
  const UNAVAILABLE = { code: 'store-unavailable', status: 503, reason: 'store-unavailable' };
  it.each<[string, number, string, object]>([
    ['AccessDeniedException', 400, '{"__type":"x#AccessDeniedException"}', REFUSED],
    ['ValidationException', 400, '{"__type":"x#ValidationException"}', REFUSED],
    ['ExpiredTokenException', 400, '{"__type":"x#ExpiredTokenException"}', REFUSED],
    ['the 403 of a proxy', 403, '<html>no</html>', REFUSED],
    ['ThrottlingException', 400, '{"__type":"x#ThrottlingException"}', UNAVAILABLE],
    [
      'ProvisionedThroughputExceededException',
      400,
      '{"__type":"x#ProvisionedThroughputExceededException"}',
      UNAVAILABLE,
    ],
    ['TransactionConflictException', 400, '{"__type":"x#TransactionConflictException"}', UNAVAILABLE],
    ['SlowDown', 400, '{"__type":"x#SlowDown"}', UNAVAILABLE],
    ['429', 429, '{}', UNAVAILABLE],
    ['408', 408, '{}', UNAVAILABLE],
    ['InternalServerError', 500, '{"__type":"x#InternalServerError"}', UNAVAILABLE],
    ['garbage', 200, '<html>', UNAVAILABLE],
  ])('when it answers %s', async (_, status, body, expected) => {
    await expect(send(await answering(status, body))).rejects.toMatchObject(expected);
  });

  it('when no item can hold what should be written: a bug of ours', async () => {
    const db = await freshTable();
    await expect(db.store(NOW).close(closeEvent(), Number.NaN)).rejects.toMatchObject({
      code: 'internal-error',
      reason: 'internal-error',
    });
  });

  it('when the table is not there', async () => {
    await expect(send(AWS.AWS_ENDPOINT_URL_DYNAMODB ?? '')).rejects.toMatchObject({
      code: 'internal-error',
      reason: 'store-refused',
      cause: { name: 'ResourceNotFoundException' },
    });
  });
});
