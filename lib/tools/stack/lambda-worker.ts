import { Worker } from 'node:worker_threads';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** A function of serverless.yml as Lambda would run it: by itself, with its own environment and nothing else's. */
export interface LocalFunction {
  /** @throws Error `timed out`, or what the function threw */
  invoke: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;
  close: () => Promise<void>;
}

interface Reply {
  id: number;
  result?: APIGatewayProxyStructuredResultV2;
  error?: string;
}

/** Runs behind the bundle in the worker, where `module.exports` holds the handler. */
const HARNESS = `
;{
  const { parentPort } = require('node:worker_threads');
  const { handler } = module.exports;
  parentPort.on('message', async ({ id, event }) => {
    try {
      parentPort.postMessage({ id, result: await handler(event) });
    } catch (error) {
      parentPort.postMessage({ id, error: String(error && error.stack) });
    }
  });
}`;

/**
 * @param code the function's bundle
 * @param onLog gets what the function writes
 */
export function startFunction(
  code: string,
  environment: Record<string, string>,
  timeoutMs: number,
  onLog: (text: string) => void,
): LocalFunction {
  const worker = new Worker(code + HARNESS, { eval: true, env: environment, stdout: true, stderr: true });
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
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  });

  let lastId = 0;
  return {
    invoke: async (event) => {
      if (failure !== undefined) throw failure;
      const id = ++lastId;
      let timer: NodeJS.Timeout | undefined;
      try {
        return await new Promise<APIGatewayProxyStructuredResultV2>((resolve, reject) => {
          waiting.set(id, { resolve, reject });
          timer = setTimeout(() => reject(new Error('timed out')), timeoutMs);
          worker.postMessage({ id, event });
        });
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
      }
    },
    close: async () => {
      await worker.terminate();
    },
  };
}
