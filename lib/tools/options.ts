import { type ParseArgsConfig, parseArgs } from 'node:util';

export const DEFAULT_APPID = '1234567890';

/**
 * Options that take a text, each at most once, and `--help`.
 * @param allowPositionals whether other arguments may stand among them
 * @throws Error with one sentence that says what to change
 */
export function parseOptions<N extends string>(args: readonly string[], names: readonly N[], allowPositionals = false) {
  const string = { type: 'string', multiple: true } as const;
  const strings = Object.fromEntries(names.map((name) => [name, string]));
  const { values: parsed, positionals } = parsedStrictly({
    args: [...args],
    options: { ...strings, help: { type: 'boolean' } },
    allowPositionals,
  });
  const { help = false, ...values } = parsed as { help?: boolean };
  const given = Object.entries(values as Record<string, string[]>).map(([name, [value, ...more]]) => {
    if (more.length > 0) throw new Error(`--${name} is given twice.`);
    return [name, value];
  });
  return { help: help === true, given: Object.fromEntries(given) as Partial<Record<N, string>>, positionals };
}

function parsedStrictly(config: ParseArgsConfig) {
  try {
    return parseArgs({ ...config, strict: true });
  } catch (error) {
    // What follows the first sentence is advice about dashes.
    throw new Error((error as Error).message.replace(/(\.\s|\n)[\s\S]*$|$/, '.'));
  }
}

/** @throws Error with one sentence that says what to change */
export function appid(given: string): string {
  if (!/^(0|[1-9]\d{0,19})$/.test(given)) throw new Error('--appid takes 1 to 20 digits, without zeros before them.');
  return given;
}
