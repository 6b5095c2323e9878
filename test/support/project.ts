import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Service } from '../../lib/tools/serverless-config.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Windows has none that a program could handle: there, `kill` ends it at once, and its exit code is null. */
export const HAS_SIGNALS = process.platform !== 'win32';

/** A copy of the project that a test may write into, without the `.env` and the bundles of whoever runs the tests. */
export function copyProject(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-'));
  for (const name of ['handlers', 'lib', 'package.json', 'serverless.yml', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  }
  // Windows lets everyone create a junction, but not a link.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

export interface Exit {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** `npx serverless …` without npx in between, which would keep signals and exit code to itself. */
export function serverless(folder: string, args: string, environment: Record<string, string> = {}) {
  return startScript(folder, `node_modules/serverless/bin/serverless.js ${args}`, environment);
}

/** A script of a copy of the project. */
export function startScript(folder: string, args: string, environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, args.split(' '), {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output.stderr += text;
  });
  const exited = new Promise<Exit>((resolve) => child.on('close', (code) => resolve({ code, ...output })));

  /** Waits until stdout has it. */
  async function seen(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(output.stdout);
      if (found !== null) return found;
      const { exitCode, signalCode } = child;
      const end = exitCode ?? signalCode;
      if (end !== null) throw new Error(`ended with ${end}: ${output.stdout}${output.stderr}`);
      await wait(20);
    }
  }
  return {
    output,
    exited,
    seen,
    /** The URL that it says to be listening on. */
    listening: async () => (await seen(/^Listening on (http:\/\/127\.0\.0\.1:\d+)$/m))[1] as string,
    async end(signal: 'SIGINT' | 'SIGTERM'): Promise<Exit> {
      child.kill(signal);
      return exited;
    },
    /** Stops reading, as `| head -1` does. */
    stopReading: () => child.stdout.destroy(),
  };
}

/** serverless.yml, resolved without any variable or `.env` file. */
export async function resolveService(stage = 'dev'): Promise<Service> {
  const { folder, remove } = copyProject();
  try {
    const { code, stdout, stderr } = await serverless(folder, `print --format json --stage ${stage}`).exited;
    if (code !== 0) throw new Error(`serverless print exited with ${code}: ${stdout}${stderr}`);
    return JSON.parse(stdout);
  } finally {
    remove();
  }
}
