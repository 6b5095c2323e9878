import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import type { Service } from '../../lib/tools/serverless-config.ts';
import { startEngine } from '../../lib/tools/stack/dynamodb.ts';
import { resolveService } from './project.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** serverless.yml, resolved. */
    service: Service;
    /** Where a DynamoDB engine answers. */
    endpoint: string;
  }
}

/**
 * Once for all tests: a home folder without settings, serverless.yml resolved, and a DynamoDB engine; TEST_DYNAMODB_ENDPOINT names
 * another one.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), 'zego-live-list-home-'));
  // npm would ask its registry for its newest version.
  writeFileSync(join(home, '.npmrc'), 'update-notifier=false\n');
  process.env.HOME = home;
  if (process.platform === 'win32') process.env.USERPROFILE = home;

  provide('service', await resolveService('test'));

  const endpoint = process.env.TEST_DYNAMODB_ENDPOINT;
  const engine = endpoint === undefined ? await startEngine(0) : { url: endpoint, close: async () => {} };
  provide('endpoint', engine.url);
  return async () => {
    await engine.close();
    rmSync(home, { recursive: true });
  };
}
