import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { tablesOf } from '../../../lib/tools/serverless-config.ts';
import { awsEnvironment, startEngine } from '../../../lib/tools/stack/dynamodb.ts';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { SECRET, sample, signed } from '../../support/callback.ts';
import { copyProject, HAS_SIGNALS, serverless, startScript } from '../../support/project.ts';
import { startStopwatch } from '../../support/stopwatch.ts';

const project = copyProject();
afterAll(project.remove);

/** A project whose user has a `.env`, to deploy with and with every mistake in it. */
const used = copyProject();
afterAll(used.remove);
const HIDDEN = 'a-token-of-the-deployment';
const USERS_ENV = {
  ...{ ZEGO_CALLBACK_SECRET: 'secret', LIST_TOKEN: HIDDEN, ZEGO_APPID: '7', ZEGO_APP_ID: '<AppID>', PORT: 'x' },
  ...{ CORS_ORIGINS: 'https://app.example.com', LIVE_SHARDS: 'x', RETENTION_HOURS: '0.1', AWS_REGION: 'nowhere' },
  ...{ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:9', WEBHOOK_URL: 'x', EVENT_BUS: 'x', DYNAMODB_PORT: '#' },
};
const settings = Object.entries(USERS_ENV).map(([name, value]) => `${name}=${value}\n`);
writeFileSync(join(used.folder, '.env'), settings.join(''));

const PORTS = { PORT: '0', DYNAMODB_PORT: '0' };
const ENVIRONMENT = { ...PORTS, ZEGO_CALLBACK_SECRET: SECRET, LIST_CACHE_SECONDS: '0' };

/** Answers of any status, as JSON. */
async function getJson(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function postCallback(url: string, body: string | URLSearchParams): Promise<[number, unknown]> {
  const headers = typeof body === 'string' ? { 'content-type': 'application/json' } : {};
  const response = await fetch(`${url}/callbacks/zego`, { method: 'POST', headers, body });
  return [response.status, await response.json()];
}

const sampleCreate = () => JSON.stringify(signed(sample('stream_create')));
/** As ZEGO's support switches it on: a form, which API Gateway hands over in base64. */
const sampleCloseForm = () => new URLSearchParams(signed(sample('stream_close')) as Record<string, string>);

const LIVE = {
  stream_id: 'stream_id',
  stream_sid: 's-115205136669740000000000104',
  state: 'live',
  room_session_id: '1234567',
  create_time_ms: 1_687_981_272_742,
  codec: 'H.264',
};

// Started together, since each start takes seconds.
const stack = serverless(project.folder, 'local', ENVIRONMENT);
const demo = startScript(used.folder, 'lib/tools/stack/demo.cjs', { ...PORTS, AWS_USE_FIPS_ENDPOINT: 'true' });

describe('serverless local', () => {
  let url: string;
  beforeAll(async () => {
    url = await stack.listening();
  });

  it('answers as soon as it says that it is listening, and starts with an empty list', async () => {
    expect(await getJson(`${url}/streams`)).toEqual({ status: 200, body: { streams: [], next_cursor: null } });
  });

  it("applies ZEGO's sample create, freshly signed", async () => {
    expect(await postCallback(url, sampleCreate())).toEqual([200, { result: 'applied' }]);
  });

  it('takes five repeats of it as unchanged', async () => {
    for (let i = 0; i < 5; i++) expect(await postCallback(url, sampleCreate())).toEqual([200, { result: 'unchanged' }]);
  });

  it('shows it on the live list', async () => {
    const { status, body } = await getJson(`${url}/streams`);
    expect([status, body.next_cursor]).toEqual([200, null]);
    expect(body.streams).toEqual([expect.objectContaining(LIVE)]);
  });

  it('does not send it again to who has it', async () => {
    const etag = (await fetch(`${url}/streams`)).headers.get('etag') ?? '';
    // fetch sends Cache-Control: no-cache with it.
    const again = await fetch(`${url}/streams`, { headers: { 'if-none-match': etag } });
    expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
  });

  it('refuses a callback that nobody signed', async () => {
    const [status, body] = await postCallback(url, JSON.stringify(sample('stream_create')));
    expect([status, body]).toEqual([
      401,
      expect.objectContaining({ type: 'urn:zego-live-list:problem:bad-signature' }),
    ]);
  });

  it('ends it with a close that comes as a form', async () => {
    expect(await postCallback(url, sampleCloseForm())).toEqual([200, { result: 'applied' }]);
    expect((await getJson(`${url}/streams`)).body.streams).toEqual([]);
  });

  it('shows it as ended by itself', async () => {
    const { status, body } = await getJson(`${url}/streams/stream_id`);
    expect(status).toBe(200);
    expect(body).toMatchObject({ ...LIVE, state: 'ended', end_reason: 'stopped', end_time_ms: 1_666_986_067_248 });
  });

  it('knows nothing of another stream, and no other route', async () => {
    expect((await getJson(`${url}/streams/other`)).status).toBe(404);
    expect(await getJson(`${url}/nothing`)).toEqual({ status: 404, body: { message: 'Not Found' } });
  });

  it('is open to a page of any origin', async () => {
    const response = await fetch(`${url}/streams`, { headers: { origin: 'https://app.example.com' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('writes a line of JSON for each callback, without the secret', async () => {
    const lines = stack.output.stdout.split('\n').filter((line) => line.startsWith('{'));
    const results = lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'callback');
    const repeats = Array.from({ length: 5 }, () => 'unchanged');
    expect(results.map(({ result }) => result)).toEqual(['applied', ...repeats, 'refused', 'applied']);
    expect(stack.output.stdout + stack.output.stderr).not.toContain(SECRET);
  });

  it('warns of nothing', () => {
    expect(stack.output.stderr).toBe('');
  });

  it('prints the callback URL, the list and the next command', () => {
    expect(stack.output.stdout.split('\n').slice(0, 4)).toEqual([
      `Listening on ${url}`,
      `Callback URL:   ${url}/callbacks/zego`,
      `The live list:  curl ${url}/streams`,
      `Play a simulated ZEGO into it, in another terminal:  npm run simulate -- --url ${url}`,
    ]);
  });

  it.runIf(HAS_SIGNALS)('ends with Ctrl-C and exit code 0, long before an open connection would', async () => {
    const idle = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
    onTestFinished(() => {
      idle.destroy();
    });
    const waitedMs = startStopwatch();
    expect((await stack.end('SIGINT')).code).toBe(0);
    // Node itself ends such a connection after a minute.
    expect(waitedMs()).toBeLessThan(30_000);
    await expect(fetch(url)).rejects.toThrow();
  });
});

describe.runIf(HAS_SIGNALS)('npm start', () => {
  it('ends with the npm that started it, though npm tells its shell alone', async () => {
    const { PATH, HOME } = process.env;
    const npm = spawn('npm', ['start'], { cwd: project.folder, env: { PATH, HOME, ...ENVIRONMENT } });
    // The pipe is closed when the last process that writes to it has ended.
    const closed = once(npm, 'close');
    await new Promise<void>((resolve) => {
      npm.stdout.setEncoding('utf8').on('data', (text) => /^Listening on /m.test(text) && resolve());
    });
    npm.kill('SIGTERM');
    await closed;
  });
});

describe('npm run demo', () => {
  it('needs no variable and heeds no .env: it shows streams that a simulated ZEGO plays', async () => {
    const url = await demo.listening();
    const [, listUrl = ''] = await demo.seen(/^The live list: {2}curl (http:\S+)$/m);
    expect(listUrl).toBe(`${url}/streams`);
    const response = await fetch(listUrl, { headers: { origin: 'https://any.example.com' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const { streams } = (await response.json()) as { streams: unknown[] };
    expect(streams).not.toEqual([]);
    expect(streams).toEqual(expect.arrayContaining([expect.objectContaining({ state: 'live' })]));
    await demo.seen(/(stream_create [\s\S]* 200 applied[\s\S]*){4}/);
    expect(demo.output.stdout).not.toMatch(/ [45]\d\d /);
    expect(demo.output.stderr).toBe('');
  });

  it('explains its marks before the first callback', () => {
    const [head = ''] = demo.output.stdout.split(/^\d\d:/m);
    for (const mark of ['(restart)', '(recreate)']) expect(head).toContain(mark);
  });

  it('ends quietly when nobody reads any more', async () => {
    demo.stopReading();
    const { code, stderr } = await demo.exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

const engine = await startEngine(0);
afterAll(engine.close);

describe('with another DynamoDB-compatible engine', () => {
  let other: ReturnType<typeof serverless>;
  let url: string;
  beforeAll(async () => {
    // White space and commas alone are no token: the list stays open.
    const odd = { RETENTION_HOURS: '0.5', LIST_TOKEN: ' , ' };
    other = serverless(project.folder, 'local', { ...ENVIRONMENT, AWS_ENDPOINT_URL_DYNAMODB: engine.url, ...odd });
    url = await other.listening();
  });

  it('creates the tables there', async () => {
    const { AWS_REGION: region = '', AWS_ENDPOINT_URL_DYNAMODB: endpoint = '' } = awsEnvironment(engine.url, {});
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const client = new DynamoDBClient({ endpoint, region, credentials });
    const { TableNames = [] } = await client.send(new ListTablesCommand());
    const service = inject('service');
    const tables = tablesOf({ ...service, provider: { ...service.provider, stage: 'dev' } });
    expect(TableNames.sort()).toEqual(
      Object.values(tables)
        .map(({ TableName }) => TableName)
        .sort(),
    );
  });

  it('warns that a retention below 1 hour may bring back a stream', () => {
    expect(other.output.stderr).toMatch(/^Warning: RETENTION_HOURS is below 1 hour[^\n]*\n$/);
  });

  it('takes a LIST_TOKEN without any entry as none: locally the list is open', async () => {
    expect((await getJson(`${url}/streams`)).status).toBe(200);
  });

  it('ends with SIGTERM and exit code 0', async () => {
    expect(await postCallback(url, sampleCreate())).toEqual([200, { result: 'applied' }]);
    expect((await other.end('SIGTERM')).code).toBe(HAS_SIGNALS ? 0 : null);
  });
});

describe('with the same engine after a restart', () => {
  let url: string;
  beforeAll(async () => {
    const again = serverless(project.folder, 'local', { ...ENVIRONMENT, AWS_ENDPOINT_URL_DYNAMODB: engine.url });
    url = await again.listening();
  });

  it('finds its data again', async () => {
    expect((await getJson(`${url}/streams`)).body.streams).toEqual([expect.objectContaining(LIVE)]);
    expect(await postCallback(url, sampleCreate())).toEqual([200, { result: 'unchanged' }]);
  });

  it('lives on when a client goes away in the middle of its request', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await new Promise<unknown>((resolve) => {
      const half = 'POST /callbacks/zego HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"event"';
      socket.on('connect', () => socket.write(half, resolve));
    });
    // It has been read when somebody who came later has an answer.
    await getJson(`${url}/streams`);
    await new Promise((resolve) => socket.on('close', resolve).destroy());
    expect((await getJson(`${url}/streams`)).status).toBe(200);
    expect((await getJson(`${url}/streams`)).status).toBe(200);
  });
});

describe.concurrent('a start that cannot be ends with one sentence on stderr and exit code 1', () => {
  async function refusal(environment: Record<string, string>): Promise<string> {
    const refused = serverless(project.folder, 'local', environment);
    const { code, stdout, stderr } = await refused.exited;
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^[^\n]+\n$/);
    return stderr;
  }

  it('PORT in use', async ({ onTestFinished }) => {
    const { url, close } = await listen(createServer(), 0, '');
    onTestFinished(close);
    const { port } = new URL(url);
    expect(await refusal({ ...ENVIRONMENT, PORT: port })).toMatch(new RegExp(`^Port ${port} is in use.* PORT `));
  });

  it('no CallbackSecret', async () => {
    expect(await refusal(PORTS)).toMatch(/^ZEGO_CALLBACK_SECRET is missing\b.*CallbackSecret.*ZEGO_CALLBACK_SECRET=/);
  });

  it('a malformed variable', async () => {
    expect(await refusal({ ...ENVIRONMENT, LIVE_SHARDS: '65' })).toMatch(
      /^LIVE_SHARDS takes a whole number from 1 to 64/,
    );
  });

  it('a misspelled variable', async () => {
    expect(await refusal({ ...ENVIRONMENT, ZEGO_APPID: '7' })).toMatch(/^ZEGO_APPID .* did you mean ZEGO_APP_ID\?/);
  });

  it('an engine that is not there', async () => {
    const endpoint = 'http://127.0.0.1:9';
    expect(await refusal({ ...ENVIRONMENT, AWS_ENDPOINT_URL_DYNAMODB: endpoint })).toMatch(
      /^The DynamoDB engine at http:\/\/127\.0\.0\.1:9 .*is it running\?/,
    );
  });
});
