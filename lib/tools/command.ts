import { Command, CommanderError, Option } from 'commander';
import type { Environment, Sources } from '../config.ts';
import { withEnvFile } from './env-file.ts';
import { inspectSettings } from './settings.ts';
import { watchReader } from './stop.ts';
import { say } from './terminal.ts';

/** What was given on the command line. */
export interface Given<O> {
  options: O;
  operands: readonly string[];
}

export interface Program<O, A> {
  /** Its options and its help. */
  command: Command;
  /**
   * @param sources where a person finds the settings
   * @throws Error with one sentence that says what to change
   */
  read: (given: Given<O>, environment: Environment, sources?: Sources) => A;
  /** @returns the exit code */
  run: (args: A) => Promise<number>;
}

/** @param name how it is called: `npm run doctor` */
export function createCommand(name: string, description: string, options: readonly Option[]): Command {
  const command = new Command(`${name} --`)
    .description(`${description}\n\nA variable may also stand in the file .env, or in that of the stage.`)
    .allowExcessArguments()
    .helpOption('--help', 'prints this')
    .configureHelp({ sortOptions: false })
    .configureOutput({ writeErr: () => {} })
    .exitOverride();
  for (const option of options) command.addOption(option);
  return command;
}

/** An option that takes a text, at most once. */
export function textOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return option.argParser((value: string, previous: unknown) => {
    if (previous !== undefined) throw new Error(`--${option.name()} is given twice.`);
    return value;
  });
}

/** @throws Error with one sentence that says what to change */
export function parse<O>(command: Command, args: readonly string[]): Given<O> {
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new Error(sentenceOf(error.message, flagsOf(command)));
  }
  const options = command.opts<Record<string, unknown>>();
  for (const option of command.options) {
    const value = String(options[option.attributeName()] ?? '').split('=')[0] ?? '';
    // As when a variable of the shell is empty: `--secret $SECRET --json`.
    if (flagsOf(command).includes(value)) throw new Error(`${option.long} has no value: ${value} follows it.`);
  }
  return { options: options as O, operands: command.args };
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ long }) => long ?? []);
}

/** What follows the name of an option may be a secret, also where the name is misspelled. */
function sentenceOf(message: string, flags: readonly string[]): string {
  const [, unknown] = /^error: unknown option '([\s\S]*)'/.exec(message) ?? [];
  if (unknown === undefined) {
    const sentence = message.replace(/^error: /, '');
    return `${sentence[0]?.toUpperCase()}${sentence.slice(1)}.`;
  }
  const [, hint] = /\n\((Did you mean [\w, -]+\?)\)$/.exec(message) ?? [];
  const known = flags.find((flag) => unknown.startsWith(flag));
  const [name = '-'] = /^-[a-z-]{0,20}/.exec(unknown) ?? [];
  return `Unknown option '${known === undefined ? name : `${known}…`}'.${hint === undefined ? '' : ` ${hint}`}`;
}

/** Runs a command of ours. With arguments or settings that are wrong its exit code is 2. */
export async function runCommand<O extends { stage?: string }, A>({ command, read, run }: Program<O, A>) {
  watchReader();
  const args = process.argv.slice(2);
  // Whatever else is wrong.
  if (args.includes('--help')) {
    process.stdout.write(command.helpInformation());
    return;
  }
  const name = command.name().replace(/ --$/, '');
  try {
    const names = command.options.map((option) => option.name());
    checkDashes(name, names, process.env);
    const given = parse<O>(command, args);
    const { file, sources, warnings } = inspectSettings(given.options.stage || 'dev', process.env);
    for (const warning of warnings) say(`Warning: ${warning}`, process.stderr);
    process.exitCode = await run(read(given, withEnvFile(process.env, file), sources));
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
