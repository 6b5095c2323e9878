import { existsSync } from 'node:fs';

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
  /** The first of these that is there counts as if its lines stood in the environment. */
  environmentFiles: (args: readonly string[]) => readonly string[];
  /** @returns undefined when only help is asked for; @throws Error with one sentence that says what to change */
  readArguments: (args: readonly string[], environment: NodeJS.ProcessEnv) => A | undefined;
  /** @returns the exit code */
  run: (args: A) => Promise<number>;
}

/** Runs a command of ours. With arguments that are wrong its exit code is 2. */
export async function runCommand<A>({ name, usage, environmentFiles, readArguments, run }: Command<A>): Promise<void> {
  // When nobody reads any more, what is live is to be closed all the same.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  try {
    const given = process.argv.slice(2);
    const file = environmentFiles(given).find((one) => existsSync(one));
    if (file !== undefined) process.loadEnvFile(file);
    const args = readArguments(given, process.env);
    if (args === undefined) process.stdout.write(`${usage}\n`);
    else process.exitCode = await run(args);
  } catch (error) {
    say((error as Error).message, process.stderr);
    say(`${name} -- --help lists the options.`, process.stderr);
    process.exitCode = 2;
  }
}
