import type { ChildProcess } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { afterAll, aroundEach } from 'vitest';

// A test that times out never reaches what it does at its end: the programs that it has started are stopped here.

const PATIENCE_MS = 5000;
/** Not those of a test that mocks timers. */
const { setTimeout, clearTimeout } = globalThis;

const ofFile = new Set<ChildProcess>();
const ofTests = new Set<ChildProcess>();
let testsUnderWay = 0;

subscribe('child_process', (message) => {
  const { process } = message as { process: ChildProcess };
  (testsUnderWay > 0 ? ofTests : ofFile).add(process);
});

aroundEach(async (runTest) => {
  testsUnderWay += 1;
  try {
    await runTest();
  } finally {
    testsUnderWay -= 1;
    // Concurrent tests end together: nothing says whose a program is.
    if (testsUnderWay === 0) await stop(ofTests);
  }
});
afterAll(() => stop(ofFile));

async function stop(children: Set<ChildProcess>): Promise<void> {
  const running = [...children].filter(isRunning);
  children.clear();
  // What these have started ends with them where it looks after its parent, as our own programs do.
  for (const child of running) child.kill('SIGTERM');
  const late = setTimeout(() => {
    for (const child of running) child.kill('SIGKILL');
  }, PATIENCE_MS);
  await Promise.all(running.map((child) => once(child, 'exit')));
  clearTimeout(late);
}

function isRunning({ pid, exitCode, signalCode, spawnfile }: ChildProcess): boolean {
  // esbuild starts one for all its calls, which ends with this process.
  return pid !== undefined && exitCode === null && signalCode === null && !spawnfile.includes('esbuild');
}
