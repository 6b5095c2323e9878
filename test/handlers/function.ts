import { inject, vi } from 'vitest';
import { environmentOf } from '../../lib/tools/service.ts';
import { AWS, type TestTable } from '../engine.ts';

type Handlers = typeof import('../../handlers/callback.ts') & typeof import('../../handlers/streams.ts');

/**
 * A function as Lambda would start it: its module loaded afresh, with the environment that serverless.yml gives it.
 * @param settings what the operator has set
 */
export async function startFunction(
  name: 'callback' | 'streams',
  db: TestTable,
  settings: Record<string, string> = {},
): Promise<Handlers['handler']> {
  const fn = inject('service').functions[name];
  if (fn === undefined) throw new Error(`serverless.yml has no function ${name}`);
  const { sessions, rooms } = db.tables;
  const tables = { SessionsTable: { TableName: sessions }, RoomsTable: { TableName: rooms } };
  const environment = environmentOf(fn, tables, settings);
  for (const [variable, value] of Object.entries({ ...AWS, ...environment, ...settings })) vi.stubEnv(variable, value);
  vi.resetModules();
  const { handler } = await (name === 'callback'
    ? import('../../handlers/callback.ts')
    : import('../../handlers/streams.ts'));
  return handler;
}
