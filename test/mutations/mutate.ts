import { spawn } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { exitWithReader } from '../../lib/tools/stop.ts';
import { copyProject } from '../support/project.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

/**
 * Whether the tests would notice: breaks one line of the product at a time, in a copy of the project, and runs the
 * tests of the streams, the list or the secrets until one fails. It takes some half a minute a line.
 *
 *     npm run mutate              all of them
 *     npm run mutate -- room      those whose name has this word
 */
const of = (...names: string[]) => names.map((name) => `test/streams/${name}`);
const requests = ['items', 'keys', 'requests', 'store'].map((name) => `test/dynamodb/${name}`);
/** The quick ones first. */
const CALLBACKS = [...of('rules', 'session', 'histories.test', 'apply', 'endings'), ...requests];
const LISTS = ['test/http/cache', 'test/dynamodb/partitions', ...of('cursor', 'list', 'lookup')];
const SLOW = of('crashes', 'schedules', 'histories.engine');
const SECRETS = ['test/runtime/secrets'];
const READERS = ['cache', 'cursor', 'list', 'lookup', 'partitions'].map((name) => `/${name}.ts`);

const HANGS_MS = 300_000;

const project = copyProject();
process.once('exit', project.remove);
exitWithReader();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
for (const name of ['test', 'vitest.config.ts']) cpSync(name, join(project.folder, name), { recursive: true });

/** @returns the test that failed, or undefined when none did */
async function failingTest(file = ''): Promise<string | undefined> {
  if (file === 'lib/runtime/secrets.ts') return failingOf(SECRETS);
  const isRead = READERS.some((name) => file.endsWith(name));
  for (const tests of isRead ? [LISTS, CALLBACKS, SLOW] : [CALLBACKS, [...LISTS, ...SLOW]]) {
    const test = await failingOf(tests);
    if (test !== undefined) return test;
  }
  return undefined;
}

async function failingOf(tests: readonly string[]): Promise<string | undefined> {
  // In threads: vitest cannot end a test that never waits, and threads end with their process.
  const options = ['--pool', 'threads', '--bail', '1', '--reporter', 'tap-flat', '--testTimeout', '60000'];
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...options, ...tests];
  const run = spawn(process.execPath, args, { cwd: project.folder, stdio: ['ignore', 'pipe', 'ignore'] });
  let hangs = false;
  const timer = setTimeout(() => {
    hangs = true;
    run.kill('SIGKILL');
  }, HANGS_MS);
  const closed = new Promise((resolve) => run.once('close', resolve));
  const output = await text(run.stdout);
  const code = await closed;
  clearTimeout(timer);
  if (code === 0) return undefined;
  if (hangs) return 'the tests go on for ever';
  const [, test] = /^not ok \d+ - (.* > .*?)(?: # time=.*)?$/m.exec(output) ?? [];
  if (test === undefined) throw new Error(`No test could be run:\n${output}`);
  return test;
}

async function noticed({ file, from, to, and }: Mutation): Promise<string | undefined> {
  const path = join(project.folder, file);
  const source = readFileSync(path, 'utf8');
  let mutated = source;
  for (const [old, other] of and === undefined ? [[from, to] as const] : [[from, to] as const, and]) {
    if (source.split(old).length !== 2) throw new Error(`${file} does not have this once: ${old}`);
    mutated = mutated.replace(old, () => other);
  }
  writeFileSync(path, mutated);
  const test = await failingTest(file);
  writeFileSync(path, source);
  return test;
}

const [word = ''] = process.argv.slice(2);
const chosen = MUTATIONS.filter(({ name }) => name.includes(word));
const before = await failingTest();
if (before !== undefined) throw new Error(`The tests fail as it is: ${before}`);
let survived = 0;
for (const [i, mutation] of chosen.entries()) {
  const test = await noticed(mutation);
  if (test === undefined) survived += 1;
  process.stdout.write(`${i + 1}/${chosen.length}  ${mutation.name}\n         ${test ?? 'NOT NOTICED'}\n`);
}
process.stdout.write(`${chosen.length - survived} of ${chosen.length} were noticed.\n`);
process.exitCode = survived === 0 ? 0 : 1;
