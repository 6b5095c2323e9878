import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What is said at last. */
  verdict: string;
}

/**
 * Runs a program in TypeScript as `npm run` does, with nothing else in its environment.
 * @param cwd not the project's folder: a .env of whoever runs the tests stands there
 */
export function startCommand(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
  cwd: string,
) {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), program, ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  const ended = Promise.all([text(child.stdout).catch(() => ''), text(child.stderr), closed]).then(
    ([stdout, stderr, code]): Ended => ({ code, stdout, stderr, verdict: stdout.trimEnd().split('\n').at(-1) ?? '' }),
  );
  return {
    ended,
    interrupt: (signal: NodeJS.Signals = 'SIGINT') => child.kill(signal),
    /** Stops reading, as `| head -1` does. */
    stopReading: () => child.stdout.destroy(),
  };
}
