import { fork } from 'node:child_process';
import { once } from 'node:events';
import dynalite from 'dynalite/package.json' with { type: 'json' };
import { readConfig } from '../../lib/config.ts';

/** A DynamoDB, and what it is. */
export interface Engine {
  endpoint: string;
  name: string;
  /** It goes, and with it all that it holds. */
  embedded: boolean;
  close: () => Promise<void>;
}

/**
 * The engine that AWS_ENDPOINT_URL_DYNAMODB names, else an embedded one, in a process of its own: its memory and
 * its work are not ours then, as with an engine of AWS.
 */
export async function openEngine(): Promise<Engine> {
  const { AWS_ENDPOINT_URL_DYNAMODB: endpoint } = readConfig(['AWS_ENDPOINT_URL_DYNAMODB']);
  if (endpoint !== '') {
    const server =
      (await fetch(endpoint, { method: 'HEAD' })).headers.get('server') ?? 'an engine that does not say its name';
    return { endpoint, name: `${server} at ${endpoint}`, embedded: false, close: async () => {} };
  }
  const child = fork(new URL('engine-process.ts', import.meta.url));
  const [url] = (await once(child, 'message')) as [string];
  const name = `the embedded one, dynalite ${dynalite.version}`;
  return { endpoint: url, name, embedded: true, close: async () => child.disconnect() };
}
