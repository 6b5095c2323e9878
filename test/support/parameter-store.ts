import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listen } from '../../lib/tools/stack/listen.ts';

/** AWS's Parameter Store, of which there is only what GetParameter does. */
export interface ParameterStore {
  /** What a function needs in its environment to reach it. */
  environment: Record<string, string>;
  /** SecureStrings by name. */
  parameters: Record<string, string>;
  /** What it was asked for. */
  requests: { operation: string; input: Record<string, unknown> }[];
  /**
   * `fails`: with a 500; `denies`: the role may not read; `hangs`: accepts, and keeps silent; `trickles`: begins an
   * answer; `postpones`: wants to be asked again in half a minute.
   */
  state: 'answers' | 'fails' | 'denies' | 'hangs' | 'trickles' | 'postpones';
  /** How many requests have neither their response nor been given up. */
  waiting: () => number;
  close: () => Promise<void>;
}

/** On a free port of 127.0.0.1. */
export async function startParameterStore(): Promise<ParameterStore> {
  let waiting = 0;
  const server = createServer(async (request, response) => {
    waiting++;
    response.on('close', () => waiting--);
    const operation = String(request.headers['x-amz-target']).replace(/^AmazonSSM\./, '');
    const input = JSON.parse(await text(request)) as { Name: string; WithDecryption?: boolean };
    store.requests.push({ operation, input: { ...input } });
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    };
    const value = store.parameters[input.Name];
    if (store.state === 'hangs') return;
    if (store.state === 'trickles') {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' }).write('{"Par');
      return;
    }
    if (store.state === 'postpones') response.setHeader('retry-after', '30');
    if (store.state === 'postpones') answer(503, { __type: 'ServiceUnavailable' });
    else if (store.state === 'fails') answer(500, { __type: 'InternalServerError' });
    else if (store.state === 'denies') {
      const Message = `User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ssm:GetParameter on ${input.Name}`;
      answer(400, { __type: 'AccessDeniedException', Message });
    } else if (operation !== 'GetParameter') answer(400, { __type: 'UnknownOperationException' });
    else if (value === undefined) answer(400, { __type: 'ParameterNotFound' });
    else {
      const Value = input.WithDecryption === true ? value : 'AQICAHh-encrypted';
      answer(200, { Parameter: { Name: input.Name, Type: 'SecureString', Value, Version: 1 } });
    }
  });
  const { url, close } = await listen(server, 0, '');
  const store: ParameterStore = {
    environment: {
      AWS_ENDPOINT_URL_SSM: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
    },
    parameters: {},
    requests: [],
    state: 'answers',
    waiting: () => waiting,
    close,
  };
  return store;
}
