import { existsSync } from 'node:fs';
import { onStop } from '../stop.ts';
import { type Arguments, environmentFile, readArguments, USAGE } from './arguments.ts';
import { examine } from './examination.ts';
import { isFine, rowLines, verdict } from './report.ts';

/** `npm run doctor`. Exit code 0: nothing is wrong; 1: something is, or it was interrupted; 2: wrong arguments. */

/** A line, in which what a deployment told cannot steer the terminal. */
const say = (line: string, output: NodeJS.WriteStream = process.stdout) =>
  output.write(`${line.replace(/\p{Cc}/gu, '')}\n`);

// When nobody reads any more, what is live is to be closed all the same.
for (const output of [process.stdout, process.stderr]) output.on('error', () => {});

try {
  const file = environmentFile(process.argv.slice(2), existsSync);
  if (file !== undefined) process.loadEnvFile(file);
  const args = readArguments(process.argv.slice(2), process.env);
  if (args === undefined) process.stdout.write(`${USAGE}\n`);
  else process.exitCode = await run(args);
} catch (error) {
  say((error as Error).message, process.stderr);
  say('npm run doctor -- --help lists the options.', process.stderr);
  process.exitCode = 2;
}

async function run(args: Arguments): Promise<number> {
  const stop = new AbortController();
  onStop(() => {
    stop.abort(new Error('Stopped before the end.'));
    say('Closing what is live; Ctrl-C once more leaves it.');
  });
  say(`${args.url}, as ZEGO with appid ${args.appid}, and as a reader`);
  say('');
  try {
    const onRow = (row: Parameters<typeof rowLines>[0]) => {
      for (const line of rowLines(row)) say(line);
    };
    const rows = await examine(args, { signal: stop.signal, onRow });
    say('');
    say(verdict(rows));
    return isFine(rows) ? 0 : 1;
  } catch (error) {
    say((error as Error).message, process.stderr);
    return 1;
  }
}
