import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { inject, vi } from 'vitest';
import { environmentOf, routesOf } from '../../lib/tools/serverless-config.ts';
import { AWS, type TestTable } from './engine.ts';
import { checkAnswer } from './openapi.ts';

type Handler = typeof import('../../handlers/callback.ts').handler;

const HANDLERS: Record<string, () => Promise<{ handler: Handler }>> = {
  callback: () => import('../../handlers/callback.ts'),
  streams: () => import('../../handlers/streams.ts'),
  openapi: () => import('../../handlers/openapi.ts'),
};

/**
 * A function as Lambda would start it: its module loaded afresh, with the environment that serverless.yml gives it.
 * Whatever it answers is held to the OpenAPI document.
 * @param db undefined for a function without tables
 * @param settings what the operator has set
 */
export async function startFunction(
  name: string,
  db?: TestTable,
  settings: Record<string, string> = {},
): Promise<Handler> {
  const fn = inject('service').functions[name];
  const load = HANDLERS[name];
  if (fn === undefined || load === undefined) throw new Error(`there is no function ${name}`);
  const tables = {
    SessionsTable: { TableName: db?.tables.sessions ?? '' },
    RoomsTable: { TableName: db?.tables.rooms ?? '' },
  };
  const environment = environmentOf(fn, tables, settings);
  for (const [variable, value] of Object.entries({ ...AWS, ...environment, ...settings })) vi.stubEnv(variable, value);
  vi.resetModules();
  const { handler } = await load();

  const routes = routesOf(fn);
  return async (request: APIGatewayProxyEventV2) => {
    const answer = await handler(request);
    // A captured event is one of another API: it counts as the first route's.
    checkAnswer(routes.includes(request.routeKey) ? request.routeKey : String(routes[0]), answer);
    return answer;
  };
}
