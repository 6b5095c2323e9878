import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { sign } from '../../lib/zego/signature.ts';
import sampleClose from '../fixtures/zego/stream_close.json' with { type: 'json' };
import sampleCreate from '../fixtures/zego/stream_create.json' with { type: 'json' };
import { type Environment, freePort, type Program, start } from './program.ts';

/**
 * `npx serverless deploy` and `remove`, and the deployed API asked over HTTP. Instead of AWS there is MiniStack
 * (https://pypi.org/project/ministack), which has to be on PATH. What it does not have stays unseen here: CORS, TTL,
 * and whether the roles allow what the functions do.
 */
const SECRET = 'a-callback-secret';
const FIRST_TOKEN = 'the-first-token';
const SECOND_TOKEN = 'the-second-token';

type Fields = Record<string, string | string[]>;
type Stream = Record<string, unknown>;

/** The stream of ZEGO's sample as the list shows it. */
const SAMPLE: Stream = {
  ...told(sampleCreate),
  state: 'live',
  codec: 'H.264',
  stream_seq: 1,
  recreate: 0,
  create_time: 1687981272,
  create_time_ms: 1687981272742,
};

/** A later stream of the same room. */
const OTHER_CREATE = {
  ...sampleCreate,
  stream_id: 'other-stream',
  stream_alias: 'other-stream',
  stream_sid: 's-115205136669740000000000105',
  title: '小梅 100% + more',
  stream_seq: '2',
  create_time: '1687981300',
  create_time_ms: '1687981300000',
};
const OTHER: Stream = {
  ...SAMPLE,
  ...told(OTHER_CREATE),
  stream_seq: 2,
  recreate: 0,
  create_time: 1687981300,
  create_time_ms: 1687981300000,
};

async function story(cloud: Cloud): Promise<void> {
  let api = new Api(cloud.url, await cloud.deploy(FIRST_TOKEN), FIRST_TOKEN);
  say('deployed');

  for (const token of [undefined, 'another-token']) {
    const refused = await api.get('/streams', token);
    assert.equal(refused.status, 401);
    assert.match(refused.headers.get('www-authenticate') ?? '', /^Bearer\b/);
  }
  await api.shows([]);
  say('the list demands its token');

  await api.callback(json(signed(sampleCreate, 'another-secret')), 401, undefined);
  await api.shows([]);
  say('a callback that another secret signed is refused');

  await api.callback(json(signed(sampleCreate)), 200, 'applied');
  await api.shows([SAMPLE]);
  await api.shows([SAMPLE], `/streams/${SAMPLE.stream_id}`);
  say("ZEGO's sample stream_create, sent as JSON, puts the stream on the list");

  await api.callback(json(signed(sampleCreate)), 200, 'unchanged');
  await api.shows([SAMPLE]);
  say('sent again, it changes nothing');

  await api.callback(form(signed(OTHER_CREATE)), 200, 'applied');
  await api.shows([OTHER, SAMPLE]);
  say('so does that of another stream, sent as a form; the newest comes first');

  const ended = { ...SAMPLE, state: 'ended', end_reason: 'stopped', end_time_ms: 1666986067248 };
  await api.callback(urlEncodedJson(signed(sampleClose)), 200, 'applied');
  await api.shows([OTHER]);
  await api.shows([ended], `/streams/${SAMPLE.stream_id}`);
  say("ZEGO's sample stream_close, sent as URL-encoded JSON, ends its stream");

  api = new Api(cloud.url, await cloud.deploy(SECOND_TOKEN), SECOND_TOKEN);
  assert.equal((await api.get('/streams', FIRST_TOKEN)).status, 401);
  await api.shows([OTHER]);
  await api.shows([ended], `/streams/${SAMPLE.stream_id}`);
  say('deployed again with another token: it counts, and the streams are still there');

  process.stdout.write((await api.play()).replace(/^/gm, '    ').trimEnd());
  process.stdout.write('\n');
  await api.shows([OTHER]);
  say('a simulated ZEGO with repeats, delays and crashes finds no difference, and leaves nothing live behind');

  const sessions = await cloud.countSessions();
  assert.ok(sessions !== undefined && sessions > 60);
  await cloud.remove();
  assert.notEqual((await api.get('/streams', SECOND_TOKEN)).status, 200);
  assert.equal(await cloud.countSessions(), sessions);
  say('removed; the table is kept with what it holds');
}

function say(sentence: string): void {
  process.stdout.write(`  ${sentence}\n`);
}

/** The deployed API. */
class Api {
  private readonly url: string;
  private readonly token: string;

  constructor(cloudUrl: string, id: string, token: string) {
    this.url = `${cloudUrl}/_aws/execute-api/${id}`;
    this.token = token;
  }

  /** @returns what the simulator tells in the end */
  async play(): Promise<string> {
    const { PATH, HOME } = process.env;
    const target = ['--url', this.url, '--token', this.token, '--streams', '60', '--seconds', '20', '--speed', '20'];
    const faults = ['--duplicate', '0.3', '--delay', '0.4', '--crash', '0.1', '--format', 'mixed'];
    const args = ['run', '--silent', 'simulate', '--', ...target, ...faults];
    const output = await start('npm', args, { PATH, HOME, ZEGO_CALLBACK_SECRET: SECRET }).succeeds(180);
    assert.ok(output.endsWith('No difference.\n'), output);
    return output.replace(/^\d+ of \d+ callbacks, .*\n/gm, '');
  }

  get(path: string, token: string | undefined): Promise<Response> {
    return fetch(`${this.url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  }

  async callback(request: { type: string; body: string }, status: number, result: string | undefined): Promise<void> {
    const { type, body } = request;
    const answer = await fetch(`${this.url}/callbacks/zego`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    const told = await answer.text();
    assert.equal(answer.status, status, told);
    assert.equal(JSON.parse(told).result, result, told);
  }

  /** The list, or what is known of one stream, has these streams and no others, in this order. */
  async shows(expected: readonly Stream[], path = '/streams'): Promise<void> {
    const answer = await this.get(path, this.token);
    const body = (await answer.json()) as Stream & { streams?: Stream[] };
    assert.equal(answer.status, 200, JSON.stringify(body));
    const streams = path === '/streams' ? body.streams : [body];
    // Answers may get more fields.
    const known = streams?.map((stream, i) =>
      Object.fromEntries(Object.keys(expected[i] ?? stream).map((name) => [name, stream[name]])),
    );
    assert.deepEqual(known, expected);
  }
}

/** The business fields: what ZEGO tells of a stream. */
function told({ event, timestamp, nonce, signature, ...fields }: Fields): Fields {
  return fields;
}

/** The callback as ZEGO would send it now. */
function signed(callback: Fields, secret = SECRET): Fields {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = String(randomInt(2 ** 47));
  return { ...callback, timestamp, nonce, signature: sign({ secret, timestamp, nonce }) };
}

// The encodings in which ZEGO sends callbacks.

function json(fields: Fields) {
  return { type: 'application/json', body: JSON.stringify(fields) };
}

function urlEncodedJson(fields: Fields) {
  return { type: 'application/json', body: encodeURIComponent(JSON.stringify(fields)) };
}

function form(fields: Fields) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value === 'string') body.append(name, value);
    else for (const [i, entry] of value.entries()) body.append(`${name}[${i}]`, entry);
  }
  return { type: 'application/x-www-form-urlencoded', body: String(body) };
}

/** MiniStack, and the Serverless Framework that takes it for AWS. */
class Cloud {
  readonly url: string;
  private readonly program: Program;
  private readonly environment: Environment;

  private constructor(url: string, program: Program) {
    this.url = url;
    this.program = program;
    // Neither credentials nor settings nor a proxy of whoever runs this.
    const own = Object.entries(process.env).filter(([name]) => !/^AWS_|_proxy$|^ZEGO_|^LIST_/i.test(name));
    this.environment = {
      ...Object.fromEntries(own),
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_REGION: 'us-east-1',
    };
  }

  /** @param folder where it may leave files */
  static async start(folder: string): Promise<Cloud> {
    const port = await freePort();
    // Its functions would see all that it sees. By default it listens on every interface.
    const program = start('ministack', [], {
      PATH: process.env.PATH,
      HOME: folder,
      TMPDIR: folder,
      BIND_HOST: '127.0.0.1',
      GATEWAY_PORT: String(port),
    });
    const url = `http://127.0.0.1:${port}`;
    await program.says(new RegExp(`Running on ${url}`), 60);
    return new Cloud(url, program);
  }

  /** @returns the id of the HTTP API */
  async deploy(token: string): Promise<string> {
    // Each answer is looked at right after its callback.
    const settings = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: token, LIST_CACHE_SECONDS: '0' };
    const output = await this.serverless('deploy', settings);
    const [, id] = /POST - https:\/\/([^.]+)\.execute-api\..*\/callbacks\/zego$/m.exec(output) ?? [];
    assert.ok(id, `the deployment prints the URL for ZEGO's console:\n${output}`);
    return id;
  }

  async remove(): Promise<void> {
    await this.serverless('remove', {});
  }

  /** What the table of sessions holds. */
  async countSessions(): Promise<number | undefined> {
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new DynamoDBClient({ endpoint: this.url, region: 'us-east-1', credentials });
    try {
      const { TableNames = [] } = await client.send(new ListTablesCommand());
      const TableName = TableNames.find((name) => name.includes('SessionsTable'));
      return (await client.send(new ScanCommand({ TableName, Select: 'COUNT' }))).Count;
    } finally {
      client.destroy();
    }
  }

  private serverless(command: string, settings: Environment): Promise<string> {
    const args = ['serverless', command, '--stage', 'ci'];
    return start('npx', args, { ...this.environment, ...settings }).succeeds(180);
  }

  log(): string {
    return this.program.output();
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

const folder = await mkdtemp(join(tmpdir(), 'ministack-'));
const cloud = await Cloud.start(folder);
try {
  await story(cloud);
} catch (error) {
  process.stderr.write(`MiniStack wrote:\n${cloud.log()}\n`);
  throw error;
} finally {
  await cloud.stop();
  await rm(folder, { recursive: true, force: true });
}
