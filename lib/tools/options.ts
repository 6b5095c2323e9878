import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type Config, type Environment, readConfig, type Sources } from '../config.ts';

export const DEFAULT_APPID = '1234567890';

/**
 * Options that take a text, each at most once, and flags, among other arguments.
 * @throws Error with one sentence that says what to change
 */
export function parseOptions<N extends string>(
  args: readonly string[],
  names: readonly N[],
  flags: readonly string[] = [],
) {
  const string = { type: 'string', multiple: true } as const;
  const strings = Object.fromEntries(names.map((name) => [name, string]));
  const { values: parsed, positionals } = parsedStrictly({
    args: [...args],
    options: { ...strings, ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' }])) },
    allowPositionals: true,
  });
  const values = parsed as Record<string, string[] | boolean>;
  const given = Object.entries(values).flatMap(([name, value]) => {
    if (!Array.isArray(value)) return [];
    if (value.length > 1) throw new Error(`--${name} is given twice.`);
    return [[name, value[0]]];
  });
  return {
    flags: flags.filter((name) => values[name] === true),
    given: Object.fromEntries(given) as Partial<Record<N, string>>,
    positionals,
  };
}

function parsedStrictly(config: ParseArgsConfig) {
  try {
    return parseArgs({ ...config, strict: true });
  } catch (error) {
    // What follows the first sentence is advice about dashes. What follows the name of a secret may be the secret.
    const [sentence = ''] = (error as Error).message.split(/\.\s|\n/, 1);
    throw new Error(`${sentence.replace(/^(Unknown option '--(?:server-)?(?:secret|token)).*'$/, "$1…'")}.`);
  }
}

/** @throws Error with one sentence that says what to change */
export function appid(given: string): string {
  if (!/^(0|[1-9]\d{0,19})$/.test(given)) throw new Error('--appid takes 1 to 20 digits, without zeros before them.');
  return given;
}

/**
 * A variable, or what an option gives instead of it, which is read like the variable.
 * @throws Error with one sentence that says what to set
 */
export function optionOr<N extends 'ZEGO_CALLBACK_SECRET' | 'ZEGO_APP_ID' | 'LIST_TOKEN'>(
  name: N,
  option: string | undefined,
  environment: Environment,
  sources: Sources | undefined,
): Config<N>[N] {
  if (option === undefined) return readConfig([name], environment, sources)[name];
  return readConfig([name], { [name]: option })[name];
}
