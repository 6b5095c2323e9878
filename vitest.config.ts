import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { removePersonalVariables } from './test/support/environment.ts';
import { temporaryHome } from './test/support/home.ts';

// Before any test process starts: they inherit what is left.
removePersonalVariables(process.env);
process.env.NODE_ENV = 'test';
process.env.HOME = temporaryHome();
if (process.platform === 'win32') process.env.USERPROFILE = process.env.HOME;

const HOUR_MS = 3_600_000;
/** Tests that need serverless.yml resolved (`service`), or a DynamoDB engine, too (`engine`). */
const SERVICE_TESTS = ['test/**/*.{engine,service}.test.ts'];

function project(mode: string, test: TestProjectInlineConfiguration['test']): TestProjectInlineConfiguration {
  return {
    // vitest hands down to a project neither its mode nor what --exclude names.
    mode,
    plugins: [
      {
        name: 'exclude',
        configureVitest: ({ vitest, project }) => void project.config.exclude.push(...(vitest.config.cliExclude ?? [])),
      },
    ],
    // No .env file of the project folder is read.
    envDir: false,
    test: {
      setupFiles: [
        'test/support/leave-project.ts',
        'test/support/output-of-failures.ts',
        'test/support/stop-leftovers.ts',
      ],
      // No test waits so long: a time-out ends what hangs, also on a machine that is ten times slower.
      testTimeout: mode === 'long' ? HOUR_MS : HOUR_MS / 12,
      hookTimeout: HOUR_MS / 12,
      env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      ...test,
    },
  };
}

export default defineConfig(({ mode }) => ({
  envDir: false,
  test: {
    // Many wait rather than compute: for retries, time-outs and programs that start.
    maxWorkers: 3,
    // Only a test far beyond the others is named: how long one takes says more of the machine.
    slowTestThreshold: 30_000,
    // A long run prints its seeds and counts.
    silent: mode === 'long' ? false : 'passed-only',
    // vitest runs projects in the order of their names: what takes longest comes first.
    projects: [
      project(mode, { name: 'plain', include: ['test/**/*.test.ts'], exclude: SERVICE_TESTS }),
      project(mode, { name: 'engine', include: SERVICE_TESTS, globalSetup: 'test/support/setup.ts' }),
    ],
  },
}));
