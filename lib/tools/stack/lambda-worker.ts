import { basename } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** A function of serverless.yml as Lambda would run it: by itself, with its own environment and nothing else's. */
export interface LocalFunction {
  /** @throws Error `timed out`, or what the function threw */
  invoke: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
  /** Loads its bundle again, in the same thread: a debugger stays attached. */
  loadAgain: () => Promise<void>;
  close: () => Promise<void>;
  /** From now on the process may end while the function runs. */
  abandon: () => void;
}

interface Reply {
  id: number;
  result?: APIGatewayProxyStructuredResultV2;
  error?: string;
}

/** Runs in the worker. A bundle that is loaded from its file has stack traces in TypeScript, and breakpoints. */
const HARNESS = `
const { parentPort, workerData } = require('node:worker_threads');
process.setSourceMapsEnabled(true);
if (workerData.inspectPort !== undefined) {
  const inspector = require('node:inspector');
  inspector.open(workerData.inspectPort, '127.0.0.1');
  console.log('Debugger for ' + workerData.name + ': ' + (inspector.url() || 'not available'));
}
const file = require.resolve(workerData.file);
let { handler } = require(file);
parentPort.on('message', async ({ id, event }) => {
  try {
    if (event === undefined) {
      delete require.cache[file];
      ({ handler } = require(file));
    }
    parentPort.postMessage({ id, result: event === undefined ? {} : await handler(event) });
  } catch (error) {
    parentPort.postMessage({ id, error: String(error && error.stack) });
  }
});`;

export interface FunctionOptions {
  /** The path of its bundle. */
  file: string;
  environment: Record<string, string>;
  /** undefined: it has as long as it wants. */
  timeoutMs: number | undefined;
  /** Where a debugger reaches it; 0: a free port. */
  inspectPort: number | undefined;
  /** Gets what the function writes. */
  onLog: (text: string) => void;
}

export function startFunction(options: FunctionOptions): LocalFunction {
  const { file, environment, timeoutMs, inspectPort, onLog } = options;
  const worker = new Worker(HARNESS, {
    eval: true,
    workerData: { file, name: basename(file, '.cjs'), inspectPort },
    env: environment,
    stdout: true,
    stderr: true,
  });
  worker.stdout.setEncoding('utf8').on('data', onLog);
  worker.stderr.setEncoding('utf8').on('data', onLog);

  const waiting = new Map<
    number,
    { resolve: (result: APIGatewayProxyStructuredResultV2) => void; reject: (error: Error) => void }
  >();
  let failure: Error | undefined;
  worker.on('message', ({ id, result, error }: Reply) => {
    const caller = waiting.get(id);
    waiting.delete(id);
    if (result !== undefined) caller?.resolve(result);
    else {
      onLog(`${error}\n`);
      caller?.reject(new Error(error));
    }
  });
  worker.on('error', (error) => {
    failure = error;
    onLog(`${error.stack}\n`);
    rejectAll(error);
  });
  worker.on('exit', () => rejectAll(new Error('The function was stopped.')));

  function rejectAll(error: Error): void {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  }

  let lastId = 0;
  async function ask(event?: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
    if (failure !== undefined) throw failure;
    const id = ++lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<APIGatewayProxyStructuredResultV2>((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        if (timeoutMs !== undefined) timer = setTimeout(() => reject(new Error('timed out')), timeoutMs);
        worker.postMessage({ id, event });
      });
    } finally {
      clearTimeout(timer);
      waiting.delete(id);
    }
  }

  return {
    invoke: ask,
    loadAgain: async () => {
      await ask();
    },
    close: async () => {
      await worker.terminate();
    },
    abandon: () => worker.unref(),
  };
}
