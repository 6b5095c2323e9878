import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sample, signed } from '../support/callback.ts';
import { start } from './program.ts';

/**
 * `npm start`, `npm run demo` and `npm run simulate` as a newcomer runs them: `tsx test/deployment/local.ts start`,
 * `demo` or `simulate`, the last with AWS_ENDPOINT_URL_DYNAMODB where another engine is to be used. And `openapi`: the
 * OpenAPI document as `npm start` serves it, and whether the stack does what it says; that needs `schemathesis` on PATH.
 */
const { PATH, HOME, AWS_ENDPOINT_URL_DYNAMODB, STREAMS = '2000', SECONDS = '30' } = process.env;
// The list is open by itself, unless there is a .env file that closes it.
const ENVIRONMENT = { PATH, HOME, PORT: '0', DYNAMODB_PORT: '0', LIST_TOKEN: 'public' };

async function checkStart(): Promise<void> {
  const program = start('npm', ['start'], { ...ENVIRONMENT, ZEGO_CALLBACK_SECRET: 'a-callback-secret' });
  const url = await listening(program);
  const answer = await fetch(`${url}/streams`);
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { streams: [], next_cursor: null });
  await program.stop();
  await assert.rejects(fetch(`${url}/streams`), 'nothing listens any more');
}

/** How large each play is, and what it has beside: a loss explains a difference, and nothing else does. */
const PLAYS = {
  'No difference.': { part: 1, more: [] },
  ', all explained by lost callbacks.': { part: 0.5, more: ['--lose', '0.05'] },
};

async function checkSimulate(): Promise<void> {
  const environment = { ...ENVIRONMENT, ZEGO_CALLBACK_SECRET: 'a-callback-secret', AWS_ENDPOINT_URL_DYNAMODB };
  const program = start('npm', ['start'], environment);
  const url = await listening(program);
  for (const [verdict, { part, more }] of Object.entries(PLAYS)) {
    const size = ['--streams', String(Number(STREAMS) * part), '--seconds', String(Number(SECONDS) * part)];
    const faults = ['--duplicate', '0.3', '--delay', '0.4', '--crash', '0.1', '--format', 'mixed', ...more];
    const args = ['run', '--silent', 'simulate', '--', '--url', url, ...size, ...faults];
    const play = start('npm', args, environment);
    const output = await play.succeeds(180);
    process.stdout.write(output.replace(/^\d+ of \d+ callbacks, .*\n/gm, ''));
    assert.ok(output.endsWith(`${verdict}\n`), output);
  }
  await program.stop();
}

async function checkDemo(): Promise<void> {
  const program = start('npm', ['run', 'demo'], ENVIRONMENT);
  const url = await listening(program);
  // The demo never has more than five streams on air, so one ends within a few seconds.
  await program.says(/ stream_close .* 200 applied/, 20);
  let streams: { stream_id: string }[] = [];
  // A room that was cleared may have had all of them, but the next ones begin within seconds.
  for (let i = 0; i < 20 && streams.length === 0; i++) {
    ({ streams } = (await (await fetch(`${url}/streams`)).json()) as { streams: typeof streams });
    if (streams.length === 0) await wait(1000);
  }
  assert.notEqual(streams.length, 0, 'streams are on air');
  await program.stop();
  const [, ...callbacks] = program.output().split(/^(?=\d\d:\d\d:\d\d {2})/m);
  for (const line of callbacks) assert.match(line, / 200 applied, \d live( {2}\(\w+\))?\n/);
  for (const { stream_id } of streams) assert.ok(callbacks.some((line) => line.includes(` ${stream_id} `)));
  process.stdout.write(callbacks.join(''));
}

const SECRET = 'a-callback-secret';
const TOKEN = 'a-list-token';
/** Several pages, also in the room of the document's examples. */
const PUBLISHED = 300;

async function checkOpenapi(): Promise<void> {
  const settings = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: TOKEN };
  // Each request is answered afresh.
  const program = start('npm', ['start'], { ...ENVIRONMENT, ...settings, LIST_CACHE_SECONDS: '0' });
  const url = await listening(program);
  await publish(url);
  const folder = await mkdtemp(join(tmpdir(), 'openapi-'));
  try {
    const file = join(folder, 'openapi.json');
    const answer = await fetch(`${url}/openapi.json`);
    // Over several lines, so that what is found has a place.
    await writeFile(file, JSON.stringify(await answer.json(), null, 2));
    await lint(file);
    // What it leaves behind is left in the folder.
    const run = start('env', ['-C', folder, 'schemathesis', 'run', file, '--url', url, ...SCHEMATHESIS], {
      PATH,
      HOME,
      ...settings,
      SCHEMATHESIS_HOOKS: fileURLToPath(new URL('schemathesis.py', import.meta.url)),
      PYTHONDONTWRITEBYTECODE: '1',
    });
    const output = await run.succeeds(400);
    process.stdout.write(output.slice(output.indexOf('Test cases:')));
    // Signed rightly, and pages have been turned: otherwise it has seen little.
    assert.match(output, /^Callbacks: [1-9]\d* applied, [1-9]\d* unchanged, [1-9]\d* ignored$/m, output);
    assert.match(output, /^Cursors followed: [1-9]/m, output);
  } finally {
    await rm(folder, { recursive: true });
  }
  await program.stop();
}

/** As much as fits into a minute or so, and the same in each run. */
const SCHEMATHESIS = [
  ...['--checks', 'all', '--exclude-checks', 'unsupported_method', '--header', `Authorization: Bearer ${TOKEN}`],
  ...['--max-examples', '30', '--seed', '1', '--generation-database', 'none', '--no-color'],
];

async function publish(url: string): Promise<void> {
  const create = sample('stream_create');
  for (let seq = 1; seq <= PUBLISHED; seq++) {
    // The first one is the stream of the examples.
    const other = { stream_id: `stream-${seq}`, stream_alias: `stream-${seq}`, stream_sid: `s-${seq}` };
    const fields = { ...create, ...(seq === 1 ? {} : other), stream_seq: String(seq) };
    const body = JSON.stringify(signed(fields, { secret: SECRET }));
    const answer = await fetch(`${url}/callbacks/zego`, { method: 'POST', body });
    assert.deepEqual(await answer.json(), { result: 'applied' });
  }
}

async function lint(file: string): Promise<void> {
  const args = ['-y', '@redocly/cli@2.77', 'lint', file, '--extends=recommended'];
  const quiet = { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };
  const output = await start('npx', args, { ...process.env, ...quiet }).succeeds(120);
  const verdict = /^Woohoo! Your API description is valid\..*$/m.exec(output)?.[0];
  assert.ok(verdict !== undefined && !/^You have \d+ warning/m.test(output), output);
  process.stdout.write(`Redocly: ${verdict}\n`);
}

async function listening(program: ReturnType<typeof start>): Promise<string> {
  const [, url = ''] = await program.says(/^Listening on (http:\/\/127\.0\.0\.1:\d+)$/m, 60);
  return url;
}

const checks: Record<string, () => Promise<void>> = {
  start: checkStart,
  demo: checkDemo,
  simulate: checkSimulate,
  openapi: checkOpenapi,
};
const check = checks[process.argv[2] ?? ''];
if (check === undefined) throw new Error('Say what to check: start, demo, simulate or openapi.');
await check();
