import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { copyProject, type Exit, startScript } from './support/project.ts';

// Our configuration of vitest and its setup files, with tests of which some fail.

const TESTS = {
  'passing.test.ts': `
    import { it } from 'vitest';
    it('passes', () => {
      console.log('console of a passing test');
      process.stdout.write('stdout of a passing test\\n');
      process.stderr.write('stderr of a passing test\\n');
    });`,

  'failing.test.ts': `
    import { afterAll, expect, it } from 'vitest';
    afterAll(() => console.log('mode ' + import.meta.env.MODE));
    it('fails', () => {
      process.stdout.write('stdout of a failing test\\n');
      process.stderr.write('stderr of a failing test\\n');
      expect(1).toBe(2);
    });`,

  'endless.test.ts': `
    import { spawn } from 'node:child_process';
    import { once } from 'node:events';
    import { writeFileSync } from 'node:fs';
    import { beforeEach, expect, it } from 'vitest';
    const start = async (program = '') => {
      const child = spawn(process.execPath, ['-e', program + 'console.log(); setInterval(() => {}, 1000);']);
      await once(child.stdout, 'data');
      return child;
    };
    const ofFile = await start();
    writeFileSync(import.meta.dirname + '/pid', String(ofFile.pid));
    let ofTest = [];
    beforeEach(async () => {
      if (ofTest.length === 0) ofTest = [await start(), await start('process.on("SIGTERM", () => {});')];
    });
    it('never ends', { timeout: 1 }, () => new Promise(() => {}));
    it('finds what the test before has started stopped', () => {
      expect([ofFile, ...ofTest].map(({ signalCode }) => signalCode)).toEqual([null, 'SIGTERM', 'SIGKILL']);
    });`,

  'excluded.test.ts': "throw new Error('not excluded');",
};

const project = copyProject();
afterAll(project.remove);
const tests = join(project.folder, 'test');

let run: Exit;
beforeAll(async () => {
  for (const name of ['test/support', 'vitest.config.ts']) {
    cpSync(fileURLToPath(new URL(`../${name}`, import.meta.url)), join(project.folder, name), { recursive: true });
  }
  for (const [name, text] of Object.entries(TESTS)) writeFileSync(join(tests, name), text);
  run = await startScript(
    project.folder,
    'node_modules/vitest/vitest.mjs run --mode odd --exclude test/excluded.test.ts',
    { NO_COLOR: '1' },
  ).exited;
});

it('fails with the tests that fail, and runs no others but those that pass', () => {
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/^ *Tests +2 failed \| 2 passed \(4\)$/m);
  expect(run.stderr).toContain('Test timed out in 1ms');
});

it('prints the output of failing tests, and of no other ones', () => {
  const output = run.stdout + run.stderr;
  for (const stream of ['stdout', 'stderr']) expect(output).toContain(`${stream} of a failing test`);
  expect(output).not.toContain('of a passing test');
});

it('has the mode of the command line', () => {
  expect(run.stdout).toContain('mode odd');
});

it('stops the programs of a file at its end, and those of a test at the end of that', () => {
  const pid = Number(readFileSync(join(tests, 'pid'), 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(run.stdout).not.toContain('× finds what the test before has started stopped');
});
