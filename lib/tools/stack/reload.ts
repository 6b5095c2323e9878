import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Service } from '../serverless-config.ts';
import type { LocalStack } from './local.ts';
import { watchProject } from './watch.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What the stack itself runs on: this process has loaded it. */
const OWN_CODE = /^lib\/tools\/(stack\/|deploy\/|[^/]+$)/;

export interface ReloadOutput {
  print: (line: string) => void;
  complain: (text: string) => void;
}

/** Reloads the functions of a stack when their files or serverless.yml change, one change after the other. */
export function reloadOnChange(stack: LocalStack, service: Service, output: ReloadOutput): LocalStack {
  let latest = service;
  let reloads = Promise.resolve();
  let isClosed = false;
  const watcher = watchProject(ROOT, (paths) => {
    reloads = reloads.then(() => reload(paths));
  });

  async function reload(paths: string[]): Promise<void> {
    const { stage } = latest.provider;
    const atStart = ['.env', `.env.${stage}`, ...(stack.isDebugged ? ['serverless.yml'] : [])];
    for (const path of paths.filter((path) => atStart.includes(path) || OWN_CODE.test(path))) {
      output.print(`${path} changed: press Ctrl-C and start again to use it.`);
    }
    const changed = paths.filter((path) => !atStart.includes(path) && !/^(\.env|lib\/tools\/)/.test(path));
    if (changed.length === 0) return;
    const [first, ...others] = changed;
    const what = others.length === 0 ? `${first} changed` : `${first} and ${others.length} more changed`;
    const startMs = Date.now();
    try {
      const next = changed.includes('serverless.yml') ? await resolveService(latest) : latest;
      await stack.reload(next);
      latest = next;
      output.print(`Restarted in ${((Date.now() - startMs) / 1000).toFixed(1)} s: ${what}.`);
    } catch (error) {
      if (isClosed) return;
      output.complain(
        `${(error as Error).message}\n${what}, but the functions run on as before: save again when it is fixed.`,
      );
    }
  }

  return {
    ...stack,
    close: async () => {
      isClosed = true;
      await watcher.close();
      await stack.close();
    },
  };
}

/**
 * serverless.yml as it is now, resolved by the framework.
 * @throws Error with what the framework says
 */
async function resolveService({ provider: { stage, region } }: Service): Promise<Service> {
  const [, program = ''] = process.argv;
  const args = [program, 'print', '--format', 'json', '--stage', stage, '--region', region];
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT, maxBuffer: 2 ** 26 });
    return JSON.parse(stdout);
  } catch (error) {
    // What it has printed until then may hold the secrets that it resolves: stderr alone is for a person.
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(stderr.trim() || 'serverless.yml could not be resolved.');
  }
}
