import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export type Environment = Record<string, string | undefined>;

/** A program that runs beside a test, and at the latest ends with it. */
export interface Program {
  /** All that it has written so far. */
  output: () => string;
  /** @throws Error with its output, when it fails or takes longer */
  succeeds: (withinSeconds: number) => Promise<string>;
  /** Waits for a line of its output. @throws Error with its output, when it ends first or takes longer */
  says: (line: RegExp, withinSeconds: number) => Promise<RegExpExecArray>;
  /** Asks it to end, as Ctrl-C does. @throws Error with its output, when it does not */
  stop: () => Promise<void>;
}

export function start(command: string, args: readonly string[], env: Environment): Program {
  const name = [command, ...args].join(' ');
  // A process group of its own, as in a terminal: npm does not hand signals on to what its shell has started.
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let exit: string | undefined;
  const ended = new Promise<void>((resolve) => {
    const end = (how: string) => {
      exit ??= how;
      resolve();
    };
    child.once('error', ({ message }) => end(message));
    // Not `exit`: the pipes are closed when the last process of the group has ended.
    child.once('close', (code, signal) => end(String(signal ?? code)));
  });
  const kill = (signal: NodeJS.Signals) => {
    if (exit === undefined && child.pid !== undefined) process.kill(-child.pid, signal);
  };
  process.once('exit', () => kill('SIGKILL'));

  const failure = (what: string) => new Error(`${name} ${what}. It wrote:\n${output}`);
  const over = async (withinSeconds: number) => {
    const late = new AbortController();
    const timer = wait(withinSeconds * 1000, undefined, { signal: late.signal }).catch(() => {});
    await Promise.race([ended, timer]);
    late.abort();
    return exit;
  };

  return {
    output: () => output,
    succeeds: async (withinSeconds) => {
      const how = await over(withinSeconds);
      if (how !== '0') throw failure(how === undefined ? `took over ${withinSeconds} s` : `ended with ${how}`);
      return output;
    },
    says: async (line, withinSeconds) => {
      const deadlineMs = Date.now() + withinSeconds * 1000;
      for (;;) {
        const last = exit !== undefined || Date.now() > deadlineMs;
        const found = line.exec(output);
        if (found !== null) return found;
        if (last) throw failure(`${exit === undefined ? 'went on' : `ended with ${exit}`} without ${line}`);
        await wait(50);
      }
    },
    stop: async () => {
      kill('SIGTERM');
      if ((await over(10)) === undefined) throw failure('did not end within 10 s of SIGTERM');
    },
  };
}

/** A port of 127.0.0.1 on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

// Programs in groups of their own do not hear what ends this one.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
