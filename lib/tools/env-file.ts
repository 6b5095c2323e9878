import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { expand } from 'dotenv-expand';
import { type Environment, VARIABLES } from '../config.ts';
import { nearestName } from './variable-names.ts';

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
 * @throws Error with one sentence when it cannot be read
 */
export function readEnvFile(stage: string, environment: Environment, folder: string): EnvFile | undefined {
  const name = [`.env.${stage}`, '.env'].find((candidate) => existsSync(join(folder, candidate)));
  if (name === undefined) return undefined;
  try {
    const bytes = readFileSync(join(folder, name));
    return { name, bytes, values: valuesOf(parse(bytes), environment) };
  } catch (error) {
    throw new Error(`${name} cannot be read (${(error as NodeJS.ErrnoException).code}): it must be a readable file.`);
  }
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
  const text = bytes.toString().replace(/\r\n?/g, '\n');
  checkLines(name, text);
  checkRepeats(name, text);
  const written = parse(bytes);
  for (const [variable, value] of Object.entries(written)) {
    // Several lines on purpose begin with a line break.
    const [, swallowed = ''] = /^[^\n]+\n\s*(?:export\s+)?([\w.-]+)\s*=/.exec(value) ?? [];
    if (isOurs(swallowed)) {
      throw new Error(`${name} hides ${swallowed} in the value of ${variable}: close the quote that is open there.`);
    }
    if (isOurs(variable)) checkReferences(name, variable, value, { ...written, ...environment });
  }
}

function valuesOf(written: Record<string, string>, environment: Environment): Record<string, string> {
  // A variable of the environment stands in for one of the file: here it must not, as the framework may have set it.
  const others = Object.entries(environment).filter(([name, value]) => !(name in written) && value !== undefined);
  const processEnv = { ...Object.fromEntries(others), ...written } as Record<string, string>;
  return expand({ parsed: { ...written }, processEnv }).parsed ?? {};
}

/** A quoted value, which may span lines. What stands behind it makes it another value, unless it is a comment. */
const QUOTED = /^\s*(?:export\s+)?[\w.-]+[^\S\n]*[=:][^\S\n]*(["'`])(?:\\\1|(?!\1)[\s\S])*\1[^\S\n]*(?:#.*)?$/gm;
const UNQUOTED = /^\s*(?:export\s+)?([\w.-]+)(?:\s*=|:\s)(.*)$/;
/** What the parser ignores and people mean as a comment. */
const COMMENT = /^\s*(#|;|\/\/|\[|[=*~-]{3}|$)/;

function checkLines(file: string, text: string): void {
  // Quoted values are read as they are written. Their line breaks stay, so that lines can be counted.
  const unquoted = text.replace(QUOTED, (found) => found.replace(/[^\n]/g, ''));
  /** The variable whose list goes on, by the look of its line. */
  let open: string | undefined;
  for (const [i, line] of unquoted.split('\n').entries()) {
    if (COMMENT.test(line)) continue;
    const [, name, value = ''] = UNQUOTED.exec(line) ?? [];
    if (name === undefined) {
      if (open !== undefined)
        throw new Error(`${file} cuts ${open} at the end of its line: write all of it in one line.`);
      const meant = nameIn(line);
      if (meant === undefined) continue;
      throw new Error(`${file} does not set ${meant}: write line ${i + 1} as ${meant}=value, with nothing before it.`);
    }
    open = isOurs(name) && /[,\\]\s*(\s#.*)?$/.test(value) ? name : undefined;
    if (isOurs(name) && /^#\S|^[^#]*[^\s#]#/.test(value)) {
      throw new Error(`${file} cuts ${name} at its #: write the value in single quotes, as in ${name}='…'.`);
    }
  }
}

function checkRepeats(file: string, text: string): void {
  const quoted = text.match(QUOTED) ?? [];
  const others = text.replace(QUOTED, '').split('\n');
  const names = [...quoted, ...others].map((line) => /^\s*(?:export\s+)?([\w.-]+)\s*[=:]/.exec(line)?.[1] ?? '');
  const twice = names.find((name, i) => isOurs(name) && names.indexOf(name) !== i);
  if (twice !== undefined) throw new Error(`${file} sets ${twice} twice, and only the last one counts: keep one.`);
}

function isOurs(name: string): boolean {
  return Object.hasOwn(VARIABLES, name);
}

/** The variable that a line means to set which the parser ignores: `set NAME=value`, `NAME value`, `MY NAME=value`. */
function nameIn(line: string): string | undefined {
  const [left = ''] = line.normalize('NFKC').split(/[=:](?!\w+\s*=)/);
  const words = left.trim().split(/\s+/);
  return [words.join('_'), ...words].map((word) => nearestName(word.replace(/^\$env:/i, ''))).find(Boolean);
}

function checkReferences(file: string, name: string, value: string, known: Environment): void {
  const isSecret = name === 'ZEGO_CALLBACK_SECRET' || name === 'LIST_TOKEN';
  for (const [reference, braced = '', plain] of value.matchAll(/(?<!\\)\$(?:\{([^{}]+)\}|([A-Za-z_]\w*))/g)) {
    // `${NAME:-default}` and the like say themselves what an unset variable stands for.
    const isMeant = /[:+-]/.test(braced) || Boolean(known[plain ?? braced]);
    if (isMeant && (reference === value || !isSecret)) continue;
    throw new Error(`${file} changes ${name}: its $ begins a reference to a variable, so write \\$ for a dollar sign.`);
  }
}
