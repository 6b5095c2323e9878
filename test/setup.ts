import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { startEngine } from '../lib/tools/engine.ts';
import type { Service } from '../lib/tools/service.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** serverless.yml, resolved. */
    service: Service;
    /** Where a DynamoDB engine answers. */
    endpoint: string;
  }
}

/** Once for all tests: serverless.yml resolved, and a DynamoDB engine; TEST_DYNAMODB_ENDPOINT names another one. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const { stdout } = await promisify(execFile)('npx', ['serverless', 'print', '--format', 'json', '--stage', 'test'], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME },
  });
  provide('service', JSON.parse(stdout));

  const endpoint = process.env.TEST_DYNAMODB_ENDPOINT;
  const engine = endpoint === undefined ? await startEngine(0) : { url: endpoint, close: async () => {} };
  provide('endpoint', engine.url);
  return engine.close;
}
