import assert from 'node:assert/strict';
import { start } from './program.ts';

/**
 * `npm start` and `npm run demo` as a newcomer runs them, asked over HTTP: `tsx test/deployment/local.ts start`, or
 * `demo`.
 */
const { PATH, HOME } = process.env;
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

async function checkDemo(): Promise<void> {
  const program = start('npm', ['run', 'demo'], ENVIRONMENT);
  const url = await listening(program);
  // The demo never has more than five streams on air, so one ends within a few seconds.
  await program.says(/ stream_close .* 200 applied/, 20);
  const { streams } = (await (await fetch(`${url}/streams`)).json()) as { streams: { stream_id: string }[] };
  assert.notEqual(streams.length, 0, 'streams are on air');
  await program.stop();
  const [, ...callbacks] = program.output().split(/^(?=\d\d:\d\d:\d\d {2})/m);
  for (const line of callbacks) assert.match(line, / 200 applied, \d live\n/);
  for (const { stream_id } of streams) assert.ok(callbacks.some((line) => line.includes(` ${stream_id} `)));
  process.stdout.write(callbacks.join(''));
}

async function listening(program: ReturnType<typeof start>): Promise<string> {
  const [, url = ''] = await program.says(/^Listening on (http:\/\/127\.0\.0\.1:\d+)$/m, 60);
  return url;
}

const checks: Record<string, () => Promise<void>> = { start: checkStart, demo: checkDemo };
const check = checks[process.argv[2] ?? ''];
if (check === undefined) throw new Error('Say what to check: start or demo.');
await check();
