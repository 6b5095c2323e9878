import { defineConfig } from 'vitest/config';
import { removePersonalVariables } from './test/support/environment.ts';

// Before any test process starts: they inherit what is left.
removePersonalVariables(process.env);
process.env.NODE_ENV = 'test';

export default defineConfig({
  // No .env file of the project folder is read.
  envDir: false,
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/setup.ts',
    setupFiles: 'test/support/leave-project.ts',
    // Many wait rather than compute: for retries, time-outs and programs that start.
    maxWorkers: 3,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
