import assert from 'node:assert/strict';
import { start } from './program.ts';

/**
 * `npm start`, `npm run demo` and `npm run simulate` as a newcomer runs them: `tsx test/deployment/local.ts start`,
 * `demo` or `simulate`, the last with AWS_ENDPOINT_URL_DYNAMODB where another engine is to be used.
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

/** What a play has beside its callbacks; a loss explains a difference, and nothing else does. */
const PLAYS = {
  'No difference.': [],
  ', all explained by lost callbacks.': ['--lose', '0.05'],
};

async function checkSimulate(): Promise<void> {
  const environment = { ...ENVIRONMENT, ZEGO_CALLBACK_SECRET: 'a-callback-secret', AWS_ENDPOINT_URL_DYNAMODB };
  const program = start('npm', ['start'], environment);
  const url = await listening(program);
  for (const [verdict, losses] of Object.entries(PLAYS)) {
    const args = ['--url', url, '--streams', STREAMS, '--seconds', SECONDS, '--duplicate', '0.3', '--delay', '0.4'];
    const more = ['--crash', '0.1', '--format', 'mixed', ...losses];
    const play = start('npm', ['run', '--silent', 'simulate', '--', ...args, ...more], environment);
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
  const { streams } = (await (await fetch(`${url}/streams`)).json()) as { streams: { stream_id: string }[] };
  assert.notEqual(streams.length, 0, 'streams are on air');
  await program.stop();
  const [, ...callbacks] = program.output().split(/^(?=\d\d:\d\d:\d\d {2})/m);
  for (const line of callbacks) assert.match(line, / 200 applied, \d live( {2}\(\w+\))?\n/);
  for (const { stream_id } of streams) assert.ok(callbacks.some((line) => line.includes(` ${stream_id} `)));
  process.stdout.write(callbacks.join(''));
}

async function listening(program: ReturnType<typeof start>): Promise<string> {
  const [, url = ''] = await program.says(/^Listening on (http:\/\/127\.0\.0\.1:\d+)$/m, 60);
  return url;
}

const checks: Record<string, () => Promise<void>> = { start: checkStart, demo: checkDemo, simulate: checkSimulate };
const check = checks[process.argv[2] ?? ''];
if (check === undefined) throw new Error('Say what to check: start, demo or simulate.');
await check();
