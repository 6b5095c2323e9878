import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { SECRET, sample, signed } from './support/callback.ts';
import { freshTable, type TestTable } from './support/engine.ts';
import { startFunction } from './support/function.ts';
import { get, post } from './support/gateway-event.ts';
import { type ParameterStore, startParameterStore } from './support/parameter-store.ts';
import { allowedBy, type Permission, sorted } from './support/roles.ts';

const asked: { table: string; action: string; index?: string }[] = [];

// The functions' own client, with the SDK's middleware that sees every request.
vi.mock('../lib/dynamodb/engine.ts', async (importOriginal) => {
  const engine = await importOriginal<typeof import('../lib/dynamodb/engine.ts')>();
  const record = (client: DynamoDBDocumentClient) =>
    client.middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          const action = `dynamodb:${commandName.replace(/Command$/, '')}`;
          const { TableName = '', IndexName, RequestItems } = args.input as Record<string, string>;
          const tables = RequestItems === undefined ? [TableName] : Object.keys(RequestItems);
          for (const table of tables) asked.push({ table, action, ...(IndexName ? { index: IndexName } : {}) });
          return next(args);
        },
      { step: 'initialize' },
    );
  return {
    ...engine,
    connect: () => {
      const client = engine.connect();
      record(client);
      return client;
    },
  };
});

let db: TestTable;
let parameters: ParameterStore;
beforeAll(async () => {
  db = await freshTable();
  parameters = await startParameterStore();
  parameters.parameters = { '/secret': SECRET, '/token': 'a-token' };
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await parameters.close();
});

/** What was asked since the last call, each once. */
function recorded(): Permission[] {
  const labels: Record<string, string> = { [db.tables.sessions]: 'SessionsTable', [db.tables.rooms]: 'RoomsTable' };
  const dynamodb = asked.map(({ table, action, index }): Permission => {
    const label = labels[table] ?? table;
    return [action, index === undefined ? label : `${label}/index/${index}`];
  });
  const ssm = parameters.requests.map(({ operation }): Permission => [`ssm:${operation}`, 'its parameter']);
  asked.length = 0;
  parameters.requests.length = 0;
  return sorted([...dynamodb, ...ssm]);
}

/** What a role allows the function itself; log and traces are Lambda's affair. */
function allowed(role: string): Permission[] {
  return allowedBy(inject('service'), role).filter(([action]) => !/^(logs|xray):/.test(action));
}

type Change = Record<string, unknown>;
const send = (name: 'stream_create' | 'stream_close' | 'room_create' | 'room_close', change: Change = {}) =>
  post(JSON.stringify(signed({ ...sample(name), appid: '1', room_session_id: '7', ...change })));

/** Every way through the callback function. */
const CALLBACKS: APIGatewayProxyEventV2[] = [
  send('stream_create'),
  send('stream_create'),
  send('stream_create', { stream_seq: '3', recreate: '1' }),
  send('stream_create', { stream_sid: 's-2', create_time_ms: '1687981300000' }),
  send('stream_create', { stream_sid: 's-2', create_time_ms: '1687981300000', stream_seq: '9', room_id: 'other' }),
  send('stream_close'),
  send('stream_close', { stream_sid: 's-3' }),
  send('stream_create', { stream_id: 'left', stream_sid: 's-4' }),
  send('room_create', { room_id: 'room1', room_session_id: '8', room_create_time: '1687991272' }),
  send('room_close', { room_id: 'room1' }),
  send('stream_create', {
    stream_id: 'live',
    stream_sid: 's-5',
    room_session_id: '8',
    create_time_ms: '1687991282000',
  }),
  post(JSON.stringify(signed({ ...sample('stream_create'), event: 'room_login' }))),
];

/** Every way through the function of the list. */
const READS = [
  '/streams',
  '/streams?room_id=room1',
  '/streams?appid=1&order=oldest',
  '/streams?stream_id=live&stream_id=left',
  '/streams/live',
  '/streams/left',
  '/streams/stream_id',
  '/streams/stream_id?stream_sid=s-2',
  '/streams/nothing',
].map((path) => get(path, { authorization: 'Bearer a-token' }));

describe('what each function asks of AWS is what its role allows: nothing is missing, and nothing unused', () => {
  const settings = () => ({ ...parameters.environment, LIVE_SHARDS: '2', LIST_CACHE_SECONDS: '0' });

  it('callback', async () => {
    const handler = await startFunction('callback', db, { ...settings(), ZEGO_CALLBACK_SECRET: 'ssm:/secret' });
    const statuses = [];
    for (const event of CALLBACKS) statuses.push((await handler(event)).statusCode);
    expect(statuses).toEqual(CALLBACKS.map(() => 200));
    expect(recorded()).toEqual(allowed('CallbackRole'));
  });

  it('streams: it only reads', async () => {
    const handler = await startFunction('streams', db, { ...settings(), LIST_TOKEN: 'ssm:/token' });
    const statuses = [];
    for (const event of READS) statuses.push((await handler(event)).statusCode);
    expect(statuses).toEqual([...READS.slice(1).map(() => 200), 404]);
    const permissions = recorded();
    expect(permissions).toEqual(allowed('StreamsRole'));
    expect(
      permissions.filter(([action]) => !/^(dynamodb:(BatchGetItem|Query)|ssm:GetParameter)$/.test(action)),
    ).toEqual([]);
  });

  it('openapi: nothing', async () => {
    const handler = await startFunction('openapi');
    expect((await handler(get('/openapi.json'))).statusCode).toBe(200);
    expect(recorded()).toEqual([]);
    expect(allowed('OpenapiRole')).toEqual([]);
  });
});
