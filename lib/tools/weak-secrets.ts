import { type Environment, isParameter, readConfig, VARIABLES } from '../config.ts';

type SecretName = 'ZEGO_CALLBACK_SECRET' | 'LIST_TOKEN';

/** What documentation has in place of a secret, ours and that of others. */
const PLACEHOLDERS: readonly string[] = [
  VARIABLES.ZEGO_CALLBACK_SECRET.example,
  VARIABLES.LIST_TOKEN.example,
  ...['secret', 'token', 'new', 'old'],
];
const PLACEHOLDER =
  /your[-_]|(change|replace)[-_]?(me|it)|insert[-_]|placeholder|example|redacted|password|random-(string|token)|^(?<character>.)\k<character>+$/i;
/** ZEGO's CallbackSecrets have 32 characters. */
const MIN_LENGTH = 16;

/** @returns why an entry protects nothing, completing "NAME …", or undefined */
export function weaknessOf(name: SecretName, entry: string): string | undefined {
  if (PLACEHOLDERS.includes(entry) || PLACEHOLDER.test(entry)) {
    return `holds an example or a placeholder, which anyone can guess: set ${VARIABLES[name].meaning}`;
  }
  if (entry.length >= MIN_LENGTH) return undefined;
  const advice =
    name === 'LIST_TOKEN'
      ? `use ${MIN_LENGTH} or more, as node -p "crypto.randomBytes(24).toString('hex')" makes them`
      : `copy all 32 of the CallbackSecret from ZEGO's console`;
  return `is too short (${entry.length} of at least ${MIN_LENGTH} characters) and can be guessed: ${advice}`;
}

/**
 * What is well-formed and protects nothing.
 * @returns sentences
 * @throws Error for a malformed variable
 */
export function weaknesses(environment: Environment): string[] {
  const config = readConfig(['ZEGO_CALLBACK_SECRET', 'LIST_TOKEN'], environment);
  const entriesOf = (name: SecretName) => {
    const value = config[name];
    return isParameter(value) || value === 'public' ? [] : value;
  };
  const weak = (['ZEGO_CALLBACK_SECRET', 'LIST_TOKEN'] as const).flatMap((name) => {
    const found = entriesOf(name)
      .map((entry) => weaknessOf(name, entry))
      .find((weakness) => weakness !== undefined);
    return found === undefined ? [] : [`${name} ${found}.`];
  });
  const shared = entriesOf('LIST_TOKEN').some((token) => entriesOf('ZEGO_CALLBACK_SECRET').includes(token));
  return shared
    ? [...weak, 'LIST_TOKEN holds a CallbackSecret, with which every reader can sign callbacks: choose another token.']
    : weak;
}
