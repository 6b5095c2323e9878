import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { get } from 'node:http';
import type { Duplex } from 'node:stream';

type Fields = Record<string, unknown>;

/** A session of the DevTools protocol, with a process or with one of its threads. */
export interface Devtools {
  send: <T = Fields>(method: string, params?: Fields) => Promise<T>;
  /** Every event of this name, those before the call too. */
  events: <T = Fields>(method: string) => AsyncGenerator<T>;
  close: () => void;
}

/** https://www.rfc-editor.org/rfc/rfc6455: Node 20 has no WebSocket. Node's inspector sends each message as one frame. */
export async function connectDevtools(url: string): Promise<Devtools> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': randomBytes(16).toString('base64'),
  };
  const request = get(url.replace('ws:', 'http:'), { headers });
  const [, socket] = (await once(request, 'upgrade')) as [unknown, Duplex];
  const session = createSession(
    (message) => socket.write(frame(message)),
    () => socket.destroy(),
  );
  let rest = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    for (let size = frameSize(rest); size !== undefined && size <= rest.length; size = frameSize(rest)) {
      session.receive(rest.subarray(headSize(rest), size).toString());
      rest = rest.subarray(size);
    }
  });
  return session;
}

/** The sessions of the threads that a process has, as VS Code opens them. */
export async function connectThreads(main: Devtools, count: number): Promise<Devtools[]> {
  const sessions = new Map<string, ReturnType<typeof createSession>>();
  const relay = async () => {
    const messages = main.events<{ sessionId: string; message: string }>('NodeWorker.receivedMessageFromWorker');
    for await (const { sessionId, message } of messages) sessions.get(sessionId)?.receive(message);
  };
  void relay();
  await main.send('NodeWorker.enable', { waitForDebuggerOnStart: false });
  for await (const { sessionId } of main.events<{ sessionId: string }>('NodeWorker.attachedToWorker')) {
    const write = (message: string) => void main.send('NodeWorker.sendMessageToWorker', { sessionId, message });
    sessions.set(
      sessionId,
      createSession(write, () => {}),
    );
    if (sessions.size === count) break;
  }
  return [...sessions.values()];
}

function createSession(
  write: (message: string) => void,
  close: () => void,
): Devtools & { receive(text: string): void } {
  const answers = new Map<number, (message: { result?: unknown; error?: unknown }) => void>();
  const received: { method: string; params: unknown }[] = [];
  let arrived = () => {};
  let arrival = nextArrival();
  let lastId = 0;

  function nextArrival(): Promise<void> {
    return new Promise((resolve) => {
      arrived = resolve;
    });
  }

  return {
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        answers.set(id, ({ result, error }) =>
          error === undefined ? resolve(result as never) : reject(new Error(`${method}: ${JSON.stringify(error)}`)),
        );
        write(JSON.stringify({ id, method, params }));
      }),
    events: async function* (method) {
      for (let i = 0; ; i++) {
        while (i >= received.length) await arrival;
        const event = received[i];
        if (event?.method === method) yield event.params as never;
      }
    },
    receive: (text) => {
      const message = JSON.parse(text);
      if (message.id !== undefined) return answers.get(message.id)?.(message);
      received.push(message);
      arrived();
      arrival = nextArrival();
    },
    close,
  };
}

/** A client masks what it sends; a mask of zeros changes nothing. */
function frame(message: string): Buffer {
  const payload = Buffer.from(message);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(0x81fe, 0);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

function headSize(data: Buffer): number {
  const length = data.readUInt8(1);
  return length === 127 ? 10 : length === 126 ? 4 : 2;
}

/** @returns undefined while the head is not complete */
function frameSize(data: Buffer): number | undefined {
  if (data.length < 2 || data.length < headSize(data)) return undefined;
  const length = data.readUInt8(1);
  if (length === 127) return 10 + Number(data.readBigUInt64BE(2));
  return length === 126 ? 4 + data.readUInt16BE(2) : 2 + length;
}
