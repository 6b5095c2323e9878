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

/** Once for the tests that inject it: serverless.yml resolved, and a DynamoDB engine; TEST_DYNAMODB_ENDPOINT names another one. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  provide('service', await resolveService('test'));

  const endpoint = process.env.TEST_DYNAMODB_ENDPOINT;
  const engine = endpoint === undefined ? await startEngine(0) : { url: endpoint, close: async () => {} };
  provide('endpoint', engine.url);
  return engine.close;
}
