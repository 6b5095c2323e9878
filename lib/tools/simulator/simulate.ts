import { existsSync } from 'node:fs';
import { type Arguments, readArguments, USAGE } from './arguments.ts';
import { createProgress } from './progress.ts';
import { isFine, reportLines } from './report.ts';
import { simulate } from './simulation.ts';

/** `npm run simulate`. Exit code 0: the list is as it should be; 1: it is not, or could not be asked; 2: wrong options. */
const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  if (existsSync('.env')) process.loadEnvFile();
  const args = readArguments(process.argv.slice(2), process.env);
  if (args === undefined) say(USAGE);
  else process.exitCode = await run(args);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}

async function run(args: Arguments): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stop.abort(new Error('Stopped before the end: nothing was compared.')));
  }
  const progress = createProgress(process.stdout);
  try {
    const outcome = await simulate(args, {
      stop,
      onPlanned: (callbacks, lastMs) => {
        const seconds = Math.ceil((lastMs - Date.now()) / 1000);
        say(
          `${args.url}: ${args.streams} sessions, ${callbacks} callbacks within ${seconds} s. Again: --seed ${args.seed}`,
        );
        progress.start(callbacks);
      },
      onDelivery: progress.add,
    });
    progress.stop();
    for (const line of reportLines(outcome)) say(line);
    return isFine(outcome) ? 0 : 1;
  } catch (error) {
    progress.stop();
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}
