import { basename } from 'node:path';
import { checkEnvironment, type Environment, isMissing, readConfig, type Sources } from '../../config.ts';
import { bundle, bundleName } from '../deploy/bundle.ts';
import { environmentOf, routesOf, type Service, tablesOf } from '../serverless-config.ts';
import { awsEnvironment, createTables, startEngine } from './dynamodb.ts';
import { createGateway, type Route } from './gateway.ts';
import { startFunction } from './lambda-worker.ts';
import { listen } from './listen.ts';

export interface LocalStack {
  url: string;
  /** Whether the list demands no token. */
  isOpen: boolean;
  close: () => Promise<void>;
}

export interface LocalOptions {
  service: Service;
  /** Stands in for the process's environment. */
  environment: Environment;
  /** Where a person finds the settings. */
  sources?: Sources | undefined;
  /** Gets what the functions write: a JSON line each. */
  onLog: (text: string) => void;
  onWarning: (sentence: string) => void;
}

/**
 * The whole stack on this machine: API, functions and tables as serverless.yml has them, and a DynamoDB in memory.
 * @throws Error with one sentence that says what to do
 */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const { service, environment, sources, onLog, onWarning } = options;
  // Locally an open list harms nobody.
  const settings = isMissing('LIST_TOKEN', environment) ? { ...environment, LIST_TOKEN: 'public' } : environment;
  for (const warning of checkEnvironment('start', settings, sources)) onWarning(warning);
  const config = readConfig(['PORT', 'DYNAMODB_PORT', 'AWS_ENDPOINT_URL_DYNAMODB', 'LIST_TOKEN'], settings);

  const opened: { close: () => Promise<void> }[] = [];
  const close = async () => {
    for (const part of opened.reverse()) await part.close();
  };
  try {
    let endpoint = config.AWS_ENDPOINT_URL_DYNAMODB;
    if (endpoint === '') {
      const engine = await startEngine(config.DYNAMODB_PORT);
      opened.push(engine);
      endpoint = engine.url;
    }
    const tables = tablesOf(service);
    const aws = awsEnvironment(endpoint, settings);
    await createTables(Object.values(tables), aws);

    const names = Object.values(service.functions).map(({ handler }) => bundleName(handler));
    const { outputFiles } = await bundle(names, { deployed: false });
    const routes: Route[] = [];
    for (const fn of Object.values(service.functions)) {
      const name = bundleName(fn.handler);
      const code = outputFiles.find(({ path }) => basename(path) === `${name}.js`)?.text ?? '';
      const own = { ...environmentOf(fn, tables, settings), ...aws };
      const { invoke, close } = startFunction(code, own, (fn.timeout ?? service.provider.timeout) * 1000, onLog);
      opened.push({ close });
      for (const routeKey of routesOf(fn)) routes.push({ routeKey, invoke });
    }
    const gateway = await listen(createGateway(routes, service.provider.httpApi.cors), config.PORT, 'PORT');
    opened.push(gateway);
    return { url: gateway.url, isOpen: config.LIST_TOKEN === 'public', close };
  } catch (error) {
    await close();
    throw error;
  }
}
