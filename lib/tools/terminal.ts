import { existsSync } from 'node:fs';
import { config } from 'dotenv';
import { expand } from 'dotenv-expand';

/** A line, in which what a deployment told cannot steer the terminal. */
export function say(line: string, output: NodeJS.WriteStream = process.stdout): void {
  output.write(`${line.replace(/\p{Cc}/gu, '')}\n`);
}

/** `1 stream`, `2 streams` */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

export interface Command<A> {
  /** As it is called: `npm run doctor`. */
  name: string;
  usage: string;
  /** The stage whose settings count, as for a deployment. */
  stageOf?: (args: readonly string[]) => string | undefined;
  /** @returns undefined when only help is asked for; @throws Error with one sentence that says what to change */
  readArguments: (args: readonly string[], environment: NodeJS.ProcessEnv) => A | undefined;
  /** @returns the exit code */
  run: (args: A) => Promise<number>;
}

/** Runs a command of ours. With arguments that are wrong its exit code is 2. */
export async function runCommand<A>({ name, usage, stageOf, readArguments, run }: Command<A>): Promise<void> {
  // When nobody reads any more, what is live is to be closed all the same.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  try {
    const given = process.argv.slice(2);
    const file = [`.env.${stageOf?.(given) ?? 'dev'}`, '.env'].find((one) => existsSync(one));
    // As the framework reads it; Node's own parser is another one.
    if (file !== undefined) expand(config({ path: file, quiet: true }));
    const args = readArguments(given, process.env);
    if (args === undefined) process.stdout.write(`${usage}\n`);
    else process.exitCode = await run(args);
  } catch (error) {
    say((error as Error).message, process.stderr);
    say(`${name} -- --help lists the options.`, process.stderr);
    process.exitCode = 2;
  }
}
