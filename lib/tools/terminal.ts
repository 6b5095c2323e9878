import type { Environment, Sources } from '../config.ts';
import { withEnvFile } from './env-file.ts';
import { inspectSettings } from './settings.ts';
import { watchReader } from './stop.ts';

/** A line, in which what a deployment told cannot steer the terminal. */
export function say(line: string, output: NodeJS.WriteStream = process.stdout): void {
  output.write(`${line.replace(/\p{Cc}/gu, '')}\n`);
}

/** `1 stream`, `2 streams` */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** A line that reads the list when it is pasted into a shell. */
export function curlLine(url: string, isOpen: boolean): string {
  return isOpen ? `curl ${url}` : `curl -H "Authorization: Bearer $LIST_TOKEN" ${url}`;
}

export interface Command<A> {
  /** How it is called: `npm run doctor`. */
  name: string;
  usage: string;
  /** The names of its options, without their dashes. */
  options: readonly string[];
  /** The stage whose settings count, as for a deployment. */
  stageOf: (args: readonly string[]) => string | undefined;
  /**
   * @param sources where a person finds the settings
   * @throws Error with one sentence that says what to change
   */
  readArguments: (args: readonly string[], environment: Environment, sources: Sources) => A;
  /** @returns the exit code */
  run: (args: A) => Promise<number>;
}

/** Runs a command of ours. With arguments or settings that are wrong its exit code is 2. */
export async function runCommand<A>(command: Command<A>): Promise<void> {
  const { name, usage, options, stageOf, readArguments, run } = command;
  watchReader();
  try {
    const given = process.argv.slice(2);
    // Whatever else is wrong.
    if (given.includes('--help')) {
      process.stdout.write(`${usage}\n`);
      return;
    }
    checkDashes(name, options, process.env);
    const { file, sources, warnings } = inspectSettings(stageOf(given) ?? 'dev', process.env);
    for (const warning of warnings) say(`Warning: ${warning}`, process.stderr);
    process.exitCode = await run(readArguments(given, withEnvFile(process.env, file), sources));
  } catch (error) {
    say((error as Error).message, process.stderr);
    say(`${name} -- --help lists the options.`, process.stderr);
    process.exitCode = 2;
  }
}

/**
 * npm keeps for itself the options that stand before `--`, and hands them on as variables.
 * @throws Error with one sentence that names the option
 */
export function checkDashes(name: string, options: readonly string[], environment: Environment): void {
  const [taken] = options.filter((option) => `npm_config_${option.replaceAll('-', '_')}` in environment);
  if (environment.npm_lifecycle_event !== undefined && taken !== undefined) {
    throw new Error(`npm has taken --${taken} for its own: put -- before the options, as in ${name} -- --${taken} ….`);
  }
}
