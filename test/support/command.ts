import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { buildSync } from 'esbuild';

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  /** What is said at last. */
  verdict: string;
}

const folder = mkdtempSync(join(tmpdir(), 'commands-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const built = new Map<string, string>();

/** A program as one file of JavaScript: where it is started many times, translating it each time takes longest. */
function build(program: string): string {
  const file = built.get(program) ?? join(folder, `${basename(program, '.ts')}.mjs`);
  if (!built.has(program)) {
    const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";
    buildSync({
      entryPoints: [program],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'esm',
      banner: { js: banner },
      logLevel: 'error',
    });
    built.set(program, file);
  }
  return file;
}

/**
 * Runs a program in TypeScript with nothing else in its environment.
 * @param cwd not the project's folder: a .env of whoever runs the tests stands there
 */
export function startCommand(
  program: string,
  args: readonly string[],
  environment: Record<string, string>,
  cwd: string,
) {
  const child = spawn(process.execPath, [build(program), ...args], {
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
