import { createServer } from 'node:http';
import { url as inspectorUrl } from 'node:inspector';
import { checkEnvironment, type Environment, isMissing, readConfig, type Sources } from '../../config.ts';
import { bundleName, writeLocalBundles } from '../deploy/bundle.ts';
import { environmentOf, routesOf, type Service, tablesOf } from '../serverless-config.ts';
import { awsEnvironment, createTables, startEngine } from './dynamodb.ts';
import { createGateway } from './gateway.ts';
import { type LocalFunction, startFunction } from './lambda-worker.ts';
import { listen } from './listen.ts';

export interface LocalStack {
  url: string;
  /** Whether the list demands no token. */
  isOpen: boolean;
  /** Whether a debugger may hold its functions. Then a change of serverless.yml needs a new start. */
  isDebugged: boolean;
  /**
   * Builds the functions again and replaces the running ones; the tables keep their data. A build that fails throws
   * and replaces nothing.
   */
  reload: (service: Service) => Promise<void>;
  close: () => Promise<void>;
}

export interface LocalOptions {
  service: Service;
  /** Stands in for the process's environment. */
  environment: Environment;
  /** Where a person finds the settings. */
  sources?: Sources | undefined;
  /** The debugger port of the first function; the next one has the next port. 0: free ports. undefined: none. */
  inspectPort?: number | undefined;
  /** Gets what the functions write: a JSON line each. */
  onLog: (text: string) => void;
  onWarning: (sentence: string) => void;
}

/**
 * The whole stack on this machine: API, functions and tables as serverless.yml has them, and a DynamoDB in memory.
 * @throws Error with one sentence that says what to do
 */
export async function startLocal(options: LocalOptions): Promise<LocalStack> {
  const { environment, sources, inspectPort, onLog, onWarning } = options;
  // Locally an open list harms nobody.
  const settings = isMissing('LIST_TOKEN', environment) ? { ...environment, LIST_TOKEN: 'public' } : environment;
  for (const warning of checkEnvironment('start', settings, sources)) onWarning(warning);
  const config = readConfig(['PORT', 'DYNAMODB_PORT', 'AWS_ENDPOINT_URL_DYNAMODB', 'LIST_TOKEN'], settings);
  // Debuggers that follow threads, such as that of VS Code, need no port of a function.
  const isDebugged = inspectPort !== undefined || inspectorUrl() !== undefined;

  const opened: { close: () => Promise<void> }[] = [];
  let isClosed = false;
  const close = async () => {
    isClosed = true;
    for (const part of opened.reverse()) await part.close();
  };

  /** Builds what serverless.yml describes, without starting it. */
  async function build(service: Service, aws: Record<string, string>) {
    const tables = tablesOf(service);
    await createTables(Object.values(tables), aws);
    const functions = Object.values(service.functions);
    const names = functions.map(({ handler }) => bundleName(handler));
    const files = await writeLocalBundles(names, { isDebugged });
    return { service, functions, tables, files };
  }

  function start(
    { service, functions, tables, files }: Awaited<ReturnType<typeof build>>,
    aws: Record<string, string>,
  ) {
    const running: LocalFunction[] = [];
    const routes = functions.flatMap((fn, i) => {
      const started = startFunction({
        file: files.get(bundleName(fn.handler)) ?? '',
        environment: { ...environmentOf(fn, tables, settings), ...aws },
        timeoutMs: isDebugged ? undefined : (fn.timeout ?? service.provider.timeout) * 1000,
        inspectPort: inspectPort ? inspectPort + i : inspectPort,
        onLog,
      });
      running.push(started);
      return routesOf(fn).map((routeKey) => ({ routeKey, invoke: started.invoke }));
    });
    return { gateway: createGateway(routes, service.provider.httpApi.cors), running };
  }

  try {
    let endpoint = config.AWS_ENDPOINT_URL_DYNAMODB;
    if (endpoint === '') {
      const engine = await startEngine(config.DYNAMODB_PORT);
      opened.push(engine);
      endpoint = engine.url;
    }
    const aws = awsEnvironment(endpoint, settings);
    let current = Promise.resolve(start(await build(options.service, aws), aws));
    opened.push({
      close: async () => {
        const { running } = await current;
        // A thread that stands still in a debugger cannot be ended.
        if (isDebugged) for (const fn of running) fn.abandon();
        else await Promise.all(running.map((fn) => fn.close()));
      },
    });
    // The gateway changes with serverless.yml; this server and its port stay.
    let inFlight = 0;
    let onIdle = () => {};
    const server = createServer(async (request, response) => {
      const { gateway } = await current;
      inFlight += 1;
      response.once('close', () => {
        inFlight -= 1;
        if (inFlight === 0) onIdle();
      });
      gateway.emit('request', request, response);
    });
    const listening = await listen(server, config.PORT, 'PORT');
    opened.push(listening);

    async function reload(service: Service): Promise<void> {
      const built = await build(service, aws);
      const { running } = await current;
      if (isDebugged) {
        await Promise.all(running.map((fn) => fn.loadAgain()));
        return;
      }
      const before = current;
      // From here requests wait until the new functions run, and those in flight are finished first.
      current = (async () => {
        if (inFlight > 0) await new Promise<void>((resolve) => (onIdle = resolve));
        if (isClosed) return before;
        await Promise.all(running.map((fn) => fn.close()));
        return start(built, aws);
      })();
      await current;
    }
    return { url: listening.url, isOpen: config.LIST_TOKEN === 'public', isDebugged, reload, close };
  } catch (error) {
    await close();
    throw error;
  }
}
