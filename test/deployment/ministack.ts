import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import sampleClose from '../../lib/zego/samples/stream_close.json' with { type: 'json' };
import sampleCreate from '../../lib/zego/samples/stream_create.json' with { type: 'json' };
import { sign } from '../../lib/zego/signature.ts';
import { type Environment, freePort, type Program, start } from './program.ts';

/**
 * `npx serverless deploy` and `remove`, and the deployed API asked over HTTP. Instead of AWS there is MiniStack
 * (https://pypi.org/project/ministack), whose `python` has to be the first on PATH. What it does not have stays unseen
 * here: TTL, throttling, alarms that fire, and whether the roles allow what the functions do.
 */
const OLD_SECRET = '5f0c9d1e7ab34826b8d2e6f413a790cd';
const NEW_SECRET = 'c3a19e4b70d84f5d9b62f1807e5a4d36';
const TOKEN = 'a-list-token-of-24-chars';
const SECRET_PARAMETER = '/zego-live-list/callback-secret';
const TOKEN_PARAMETER = '/zego-live-list/list-token';
const EMAIL = 'ops@example.com';

/** More than there are, as the simulator sends 16 callbacks at a time. */
const INSTANCES = 32;

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
  await cloud.setParameter(SECRET_PARAMETER, OLD_SECRET);
  await cloud.setParameter(TOKEN_PARAMETER, TOKEN);
  assert.deepEqual(await cloud.inventory(), []);
  const settings = {
    ZEGO_CALLBACK_SECRET: `ssm:${SECRET_PARAMETER}`,
    LIST_TOKEN: `ssm:${TOKEN_PARAMETER}`,
    ALARM_EMAIL: EMAIL,
    SILENCE_MINUTES: '45',
    TRACING: 'true',
  };
  const output = await cloud.deploy('ci', settings);
  const api = new Api(cloud.url, idIn(output), TOKEN);
  const created = await cloud.inventory();
  assert.deepEqual([...new Set(created)].sort(), Object.keys(INVENTORY).sort());
  say('the stage ci is deployed with every option on; the deployment prints what it created and what to do next:');
  show(summaryIn(output));
  await numbersAgree(cloud, 'ci', output);
  assert.match(summaryIn(output), new RegExp(`^  \\d+ alarms, sent to ${EMAIL}$`, 'm'));
  assert.match(summaryIn(output), /^ {2}2 tables, deleted with the stack$/m);
  assert.deepEqual(await cloud.options('ci'), {
    silenceMinutes: 45,
    emails: [EMAIL],
    readsParameters: { CallbackRole: [SECRET_PARAMETER], StreamsRole: [TOKEN_PARAMETER], OpenapiRole: [] },
    writesTraces: ['CallbackRole', 'OpenapiRole', 'StreamsRole'],
  });
  say('deployed are the silence alarm, the email subscription, and roles that read their parameter and write traces');

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

  assert.match(await cloud.deploy('ci', settings), /No changes to deploy/);
  await cloud.deploy('ci', { ...settings, LIVE_SHARDS: '2' });
  await api.shows([OTHER]);
  await api.shows([ended], `/streams/${SAMPLE.stream_id}`);
  assert.deepEqual(await cloud.inventory(), created);
  say('deployed again: nothing to change; and with another setting: the same tables, and what is in them');

  await Promise.all([rotation(cloud, api), keptStage(cloud)]);
  await api.shows([OTHER]);

  const removal = await cloud.remove('ci');
  assert.deepEqual(await cloud.inventory('ci'), []);
  assert.match(removal, /^Nothing is left: /m);
  say('the stage ci is removed, and nothing of it is left; the removal says so:');
  show(/^Nothing is left: .*$/m.exec(removal)?.[0] ?? removal);
}

/** A CallbackSecret is replaced while callbacks come in, and neither deployed again nor restarted. */
async function rotation(cloud: Cloud, api: Api): Promise<void> {
  assert.ok(await api.accepts(OLD_SECRET));
  assert.ok(!(await api.accepts(NEW_SECRET)));
  const zego = { secret: OLD_SECRET, refused: 0 };
  const over = new AbortController();
  const sent = sendOn(api, zego, over.signal);

  await cloud.setParameter(SECRET_PARAMETER, `${NEW_SECRET},${OLD_SECRET}`);
  const play = await api.play(OLD_SECRET);
  zego.secret = NEW_SECRET;
  await until(() => api.everyInstance(true, NEW_SECRET));
  assert.ok(await api.everyInstance(true, OLD_SECRET));
  say('a simulated ZEGO with repeats, delays and crashes finds no difference:');
  show(play);
  say('rotation: the new secret and the old one are accepted');

  await cloud.setParameter(SECRET_PARAMETER, NEW_SECRET);
  const findings = await api.examine(NEW_SECRET);
  // What is forged makes an instance read the parameter anew, once a minute.
  await until(async () => (await api.everyInstance(false, 'forged')) && (await api.everyInstance(false, OLD_SECRET)));
  assert.ok(await api.everyInstance(true, NEW_SECRET));
  over.abort();
  const count = await sent;
  say('the doctor finds nothing wrong:');
  show(findings);
  say(
    `rotation: the old secret is refused; ${count} callbacks came meanwhile, ${zego.refused} had to come again, none was lost`,
  );
}

/** ZEGO's waits between the attempts to deliver a callback, in s. */
const RETRY_WAITS = [2, 4, 8, 16, 32];

/** Streams that start and stop, one after another, until it is told to end. @returns how many callbacks were accepted */
async function sendOn(api: Api, zego: { secret: string; refused: number }, over: AbortSignal): Promise<number> {
  let count = 0;
  while (!over.aborted) {
    const ids = {
      stream_id: `rotation-${count}`,
      stream_alias: `rotation-${count}`,
      room_id: 'rotation',
      channel_id: 'rotation',
    };
    for (const sample of [sampleCreate, sampleClose]) {
      for (const seconds of [...RETRY_WAITS, undefined]) {
        if ((await api.post(json(signed({ ...sample, ...ids }, zego.secret)))).status === 200) break;
        zego.refused++;
        assert.ok(seconds !== undefined, 'ZEGO gave a callback up');
        await wait(seconds * 1000);
      }
      count++;
    }
    await wait(1000);
  }
  return count;
}

/** A stage that is not disposable, without any option: its tables outlive it. */
async function keptStage(cloud: Cloud): Promise<void> {
  const settings = { ZEGO_CALLBACK_SECRET: OLD_SECRET, LIST_TOKEN: TOKEN };
  const output = await cloud.deploy('prod', settings);
  const first = new Api(cloud.url, idIn(output), TOKEN);
  await first.callback(json(signed(sampleCreate)), 200, 'applied');
  await numbersAgree(cloud, 'prod', output);
  assert.deepEqual(await cloud.options('prod'), {
    silenceMinutes: undefined,
    emails: [],
    readsParameters: { CallbackRole: [], StreamsRole: [], OpenapiRole: [] },
    writesTraces: [],
  });
  say('the stage prod is deployed without any option: no silence alarm, no topic, no parameter to read, no traces');

  const others = { LIST_TOKEN: 'public', ALARM_EMAIL: EMAIL, SILENCE_MINUTES: '30', LIVE_SHARDS: 'x' };
  for (const environment of [{}, others]) {
    assert.equal(summaryIn(await cloud.info('prod', environment)), summaryIn(output));
  }
  say('info prints the same summary of it, without any setting and with other and malformed ones:');
  show(summaryIn(output));

  const kept = await cloud.tables('prod');
  assert.equal(kept.length, 2);
  const removal = await cloud.remove('prod');
  assert.deepEqual(await cloud.tables('prod'), kept);
  for (const { name } of kept) {
    assert.match(removal, new RegExp(`^  ${name}$`, 'm'));
    assert.match(removal, new RegExp(`^  aws dynamodb delete-table --region us-east-1 --table-name ${name} `, 'm'));
  }
  assert.notEqual((await first.get('/streams', TOKEN)).status, 200);
  say('the stage prod is removed; the removal prints which tables it kept, and how to delete them:');
  show(/^These tables were kept[\s\S]*/m.exec(removal)?.[0] ?? removal);

  const again = await cloud.deploy('prod', { ...settings, LIST_TOKEN: 'public' });
  assert.match(summaryIn(again), /^ {2}3\. Read the list: {2}curl https:\S+\/streams$/m);
  const second = new Api(cloud.url, idIn(again), TOKEN);
  await second.shows([]);
  await second.callback(json(signed(sampleCreate)), 200, 'applied');
  await second.shows([SAMPLE]);
  const tables = await cloud.tables('prod');
  assert.equal(tables.length, 4);
  for (const { name, items, isProtected } of kept) {
    assert.ok(isProtected);
    assert.equal(tables.find((table) => table.name === name)?.items, items);
  }
  say('deployed again with an open list, it has new tables; the previous ones are still there with their items');
}

/** What a deployment printed of the stack. */
function summaryIn(output: string): string {
  const [summary] = /^created:\n(?: {2}.*\n)+next steps:\n(?: {2}.*\n?)+/m.exec(output) ?? [];
  assert.ok(summary, `the deployment prints a summary:\n${output}`);
  return summary.trimEnd();
}

/** A summary counts what the services list, too. */
async function numbersAgree(cloud: Cloud, stage: string, output: string): Promise<void> {
  const { functions, tables, alarms } = await cloud.counts(stage);
  const numbers = [...summaryIn(output).matchAll(/^ {2}(\d+) (functions|tables|alarms), /gm)];
  assert.deepEqual(
    numbers.map(([, count, kind]) => `${count} ${kind}`),
    [`${functions} functions`, `${tables} tables`, `${alarms} alarms`],
  );
}

/** The id of the HTTP API that a deployment tells. */
function idIn(output: string): string {
  const [, id] = /POST - https:\/\/([^.]+)\.execute-api\..*\/callbacks\/zego$/m.exec(output) ?? [];
  assert.ok(id, `the deployment prints the URL for ZEGO's console:\n${output}`);
  return id;
}

/** Waits for what a function learns by itself. */
async function until(holds: () => Promise<boolean>, withinSeconds = 90): Promise<void> {
  const deadlineMs = Date.now() + withinSeconds * 1000;
  while (!(await holds())) {
    assert.ok(Date.now() < deadlineMs, `did not come true within ${withinSeconds} s: ${holds}`);
    await wait(2000);
  }
}

function show(text: string): void {
  process.stdout.write(`${text.trim().replace(/^/gm, '    ')}\n`);
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
  async play(secret: string): Promise<string> {
    const target = ['--url', this.url, '--token', this.token, '--streams', '60', '--seconds', '20', '--speed', '20'];
    const faults = ['--duplicate', '0.3', '--delay', '0.4', '--crash', '0.1', '--format', 'mixed'];
    const output = await this.run('simulate', [...target, ...faults], secret);
    assert.ok(output.endsWith('No difference.\n'), output);
    return output.replace(/^\d+ of \d+ callbacks, .*\n/gm, '');
  }

  /** @returns what the doctor tells */
  async examine(secret: string): Promise<string> {
    return this.run('doctor', [this.url, '--token', this.token], secret);
  }

  private run(script: string, args: readonly string[], secret: string): Promise<string> {
    const { PATH, HOME } = process.env;
    const environment = { PATH, HOME, ZEGO_CALLBACK_SECRET: secret };
    return start('npm', ['run', '--silent', script, '--', ...args], environment).succeeds(180);
  }

  get(path: string, token: string | undefined): Promise<Response> {
    return fetch(`${this.url}${path}`, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } });
  }

  post({ type, body }: { type: string; body: string }): Promise<Response> {
    return fetch(`${this.url}/callbacks/zego`, { method: 'POST', headers: { 'content-type': type }, body });
  }

  /** Whether it accepts a callback that this secret signed, of an event that changes nothing. */
  async accepts(secret: string): Promise<boolean> {
    const { status } = await this.post(json(signed({ ...sampleCreate, event: 'room_login' }, secret)));
    assert.ok(status === 200 || status === 401, String(status));
    return status === 200;
  }

  /** Whether all instances of the function agree, each of which has read the parameter by itself. */
  async everyInstance(accepting: boolean, secret: string): Promise<boolean> {
    const answers = await Promise.all(Array.from({ length: INSTANCES }, () => this.accepts(secret)));
    return answers.every((accepted) => accepted === accepting);
  }

  async callback(request: { type: string; body: string }, status: number, result: string | undefined): Promise<void> {
    const answer = await this.post(request);
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
function signed(callback: Fields, secret = OLD_SECRET): Fields {
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

/** What a stack consists of: how AWS lists it, in the words of its own protocol. */
const INVENTORY: Record<string, Call> = {
  alarms: { service: 'monitoring', query: 'Action=DescribeAlarms&Version=2010-08-01' },
  apis: { service: 'apigateway', path: '/v2/apis' },
  buckets: { service: 's3', path: '/' },
  dashboards: { service: 'monitoring', query: 'Action=ListDashboards&Version=2010-08-01' },
  functions: { service: 'lambda', path: '/2015-03-31/functions' },
  logs: { service: 'logs', target: 'Logs_20140328.DescribeLogGroups' },
  roles: { service: 'iam', query: 'Action=ListRoles&Version=2010-05-08' },
  tables: { service: 'dynamodb', target: 'DynamoDB_20120810.ListTables' },
  topics: { service: 'sns', query: 'Action=ListTopics&Version=2010-03-31' },
};

interface Call {
  service: string;
  path?: string;
  query?: string;
  target?: string;
}

interface DeployedOptions {
  silenceMinutes: number | undefined;
  emails: string[];
  /** The parameters that each role may read. */
  readsParameters: Record<string, string[]>;
  /** The roles that may write traces. */
  writesTraces: string[];
}

interface Statement {
  Action: string | string[];
  Resource: unknown;
}

interface TableInfo {
  name: string;
  items: number;
  isProtected: boolean;
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
    const script = fileURLToPath(new URL('emulator.py', import.meta.url));
    // Its functions would see all that it sees. By default it listens on every interface.
    const program = start('python', [script], {
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

  /** @returns what it tells */
  deploy(stage: string, settings: Environment): Promise<string> {
    // Each answer is looked at right after its callback.
    return this.serverless('deploy', stage, { LIST_CACHE_SECONDS: '0', ...settings });
  }

  info(stage: string, settings: Environment): Promise<string> {
    return this.serverless('info', stage, settings);
  }

  remove(stage: string): Promise<string> {
    return this.serverless('remove', stage, {});
  }

  async setParameter(Name: string, Value: string): Promise<void> {
    const input = { Name, Value, Type: 'SecureString', Overwrite: true };
    await this.ask({ service: 'ssm', target: 'AmazonSSM.PutParameter' }, input);
  }

  /** The kind of each resource that is named after a stack, sorted by kind. */
  async inventory(stage = ''): Promise<string[]> {
    const listed = Object.entries(INVENTORY).map(async ([kind, call]) => {
      const names = (await this.ask(call, {})).match(new RegExp(`zego-live-list-${stage}[\\w-]*`, 'g'));
      return Array.from(new Set(names), () => kind);
    });
    return (await Promise.all(listed)).flat();
  }

  /** How many functions, tables and alarms of a stage the services themselves list. */
  async counts(stage: string): Promise<{ functions: number; tables: number; alarms: number }> {
    const count = async (kind: string, name: RegExp) => {
      const names = [...(await this.ask(INVENTORY[kind] as Call, {})).matchAll(name)].map(([, found]) => found);
      return names.filter((found) => found?.startsWith(`zego-live-list-${stage}-`)).length;
    };
    return {
      functions: await count('functions', /"FunctionName": ?"([^"]+)"/g),
      tables: (await this.tables(stage)).length,
      alarms: await count('alarms', /<AlarmName>([^<]+)</g),
    };
  }

  /** What the conditions of the template decide about a stage, read from what is deployed. */
  async options(stage: string): Promise<DeployedOptions> {
    const stack = await this.query('cloudformation', '2010-05-15', 'ListStackResources', {
      StackName: `zego-live-list-${stage}`,
    });
    const members = [...stack.matchAll(/<LogicalResourceId>(\w+)<.*?<PhysicalResourceId>([^<]*)</g)];
    const resources = new Map(members.map(([, id = '', name = '']) => [id, name]));

    const [silence, topic] = [resources.get('SilenceAlarm'), resources.get('AlarmTopic')];
    const alarm =
      silence && (await this.query('monitoring', '2010-08-01', 'DescribeAlarms', { 'AlarmNames.member.1': silence }));
    const sent = topic && (await this.query('sns', '2010-03-31', 'ListSubscriptionsByTopic', { TopicArn: topic }));
    const minutes = alarm && /<EvaluationPeriods>(\d+)</.exec(alarm)?.[1];
    const subscriptions = [...(sent ?? '').matchAll(/<member>.*?<\/member>/gs)].map(([member]) => member);

    const roles = ['CallbackRole', 'StreamsRole', 'OpenapiRole'];
    const policies = await Promise.all(
      roles.map(async (role) => {
        const RoleName = resources.get(role) ?? '';
        const PolicyName = role.replace('Role', '').toLowerCase();
        const answer = await this.query('iam', '2010-05-08', 'GetRolePolicy', { RoleName, PolicyName });
        const document = /<PolicyDocument>([^<]*)</.exec(answer)?.[1] ?? '';
        return { role, statements: JSON.parse(decodeURIComponent(document)).Statement as Statement[] };
      }),
    );
    const actions = ({ Action }: Statement) => [Action].flat();
    return {
      silenceMinutes: minutes === undefined ? undefined : Number(minutes),
      emails: subscriptions
        .filter((member) => member.includes('<Protocol>email<'))
        .map((member) => /<Endpoint>([^<]*)</.exec(member)?.[1] ?? ''),
      readsParameters: Object.fromEntries(
        policies.map(({ role, statements }) => [
          role,
          statements
            .filter((statement) => actions(statement).includes('ssm:GetParameter'))
            .map(({ Resource }) => String(Resource).replace(/^.*:parameter/, '')),
        ]),
      ),
      writesTraces: policies
        .filter(({ statements }) =>
          statements.some((statement) => actions(statement).includes('xray:PutTraceSegments')),
        )
        .map(({ role }) => role)
        .sort(),
    };
  }

  private query(service: string, version: string, action: string, input: Record<string, string>): Promise<string> {
    return this.ask(
      { service, query: String(new URLSearchParams({ Action: action, Version: version, ...input })) },
      {},
    );
  }

  /** The tables of a stage, also those of stacks that are no more. */
  async tables(stage: string): Promise<TableInfo[]> {
    const ask = async (operation: string, input: object) =>
      JSON.parse(await this.ask({ service: 'dynamodb', target: `DynamoDB_20120810.${operation}` }, input));
    const names: string[] = (await ask('ListTables', {})).TableNames;
    return Promise.all(
      names
        .filter((name) => name.startsWith(`zego-live-list-${stage}-`))
        .map(async (TableName) => ({
          name: TableName,
          items: (await ask('Scan', { TableName, Select: 'COUNT' })).Count,
          isProtected: (await ask('DescribeTable', { TableName })).Table.DeletionProtectionEnabled === true,
        })),
    );
  }

  /** It looks at no signature, only at whose request it is. */
  private async ask({ service, path, query, target }: Call, input: object): Promise<string> {
    const credential = `test/20260101/us-east-1/${service}/aws4_request`;
    const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=none`;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const json = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target ?? '' };
    const init =
      path === undefined
        ? { method: 'POST', body: query ?? JSON.stringify(input), headers: { ...(query ? form : json), authorization } }
        : { headers: { authorization } };
    const answer = await fetch(this.url + (path ?? '/'), init);
    const told = await answer.text();
    assert.equal(answer.status, 200, told);
    return told;
  }

  private serverless(command: string, stage: string, settings: Environment): Promise<string> {
    const args = ['serverless', command, '--stage', stage];
    return start('npx', args, { ...this.environment, ...settings }).succeeds(180);
  }

  log(): string {
    return this.program.output();
  }

  async stop(): Promise<void> {
    await this.program.stop();
  }
}

// Each program listens for the end of this process.
process.setMaxListeners(32);
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
