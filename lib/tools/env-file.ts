import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { expand } from 'dotenv-expand';
import { type Environment, VARIABLES } from '../config.ts';

const NAMES = Object.keys(VARIABLES);

/** The file of settings that the framework has read into the environment. */
export interface EnvFile {
  /** `.env.prod` or `.env` */
  name: string;
  bytes: Buffer;
  /** The value of each variable, as the framework reads it. */
  values: Readonly<Record<string, string>>;
}

/**
 * Reads the file that the framework reads for a stage, with the framework's own parser.
 * @param environment resolves references such as `$HOME`
 * @returns undefined where there is none
 */
export function readEnvFile(stage: string, environment: Environment, folder: string): EnvFile | undefined {
  const name = [`.env.${stage}`, '.env'].find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return undefined;
  const bytes = readFileSync(join(folder, name));
  return { name, bytes, values: valuesOf(parse(bytes), environment) };
}

/** The environment with a file's values, which stand in for what is empty or not set, as with the framework. */
export function withEnvFile(environment: Environment, file: EnvFile | undefined): Environment {
  const unset = Object.entries(file?.values ?? {}).filter(([name]) => !environment[name]);
  return { ...environment, ...Object.fromEntries(unset) };
}

/** @throws Error with one sentence, where the parser silently reads something else than is written */
export function checkEnvFile({ name, bytes }: EnvFile, environment: Environment): void {
  if (/^(\xff\xfe|\xfe\xff)|\0/.test(bytes.toString('latin1'))) {
    throw new Error(`${name} is not UTF-8 but UTF-16, as PowerShell's > writes it: save it as UTF-8.`);
  }
  checkLines(name, bytes.toString());
  const written = parse(bytes);
  for (const [variable, value] of Object.entries(written)) {
    if (variable in VARIABLES) checkReferences(name, variable, value, { ...written, ...environment });
  }
}

function valuesOf(written: Record<string, string>, environment: Environment): Record<string, string> {
  // A variable of the environment stands in for one of the file: here it must not, as the framework
  // may have set it.
  const others = Object.entries(environment).filter(([name, value]) => !(name in written) && value !== undefined);
  const { parsed = {} } = expand({ parsed: { ...written }, processEnv: Object.fromEntries(others) as never });
  return parsed;
}

/** A quoted value, which may span lines, and what the parser ignores behind it. */
const QUOTED = /^\s*(?:export\s+)?[\w.-]+[^\S\n]*[=:][^\S\n]*(["'`])(?:\\\1|(?!\1)[\s\S])*\1.*$/gm;
const UNQUOTED = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)(.*)$/;

function checkLines(file: string, text: string): void {
  // Quoted values are read as they are written. Their line breaks stay, so that lines can be counted.
  const unquoted = text.replace(/\r\n?/g, '\n').replace(QUOTED, (found) => found.replace(/[^\n]/g, ''));
  for (const [i, line] of unquoted.split('\n').entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value = ''] = UNQUOTED.exec(line) ?? [];
    if (name === undefined) {
      const [ours] = NAMES.filter((known) => line.includes(known));
      if (ours === undefined) continue;
      throw new Error(`${file} does not set ${ours}: write line ${i + 1} as ${ours}=value, with nothing before it.`);
    }
    const cut = value.indexOf('#');
    if (name in VARIABLES && cut !== -1 && !/\s/.test(value[cut - 1] ?? '')) {
      throw new Error(`${file} cuts ${name} at its #: write the value in single quotes, as in ${name}='…'.`);
    }
  }
}

function checkReferences(file: string, name: string, value: string, known: Environment): void {
  // `${NAME:-default}` and the like say themselves what an unset variable stands for.
  for (const [, braced, plain] of value.matchAll(/(?<!\\)\$(?:\{([^{}:+-]+)\}|([A-Za-z_]\w*))/g)) {
    const reference = braced ?? plain ?? '';
    if (!known[reference]) {
      throw new Error(
        `${file} shortens ${name}: its $ begins a reference to a variable that is not set, so write \\$ for a dollar sign.`,
      );
    }
  }
}
