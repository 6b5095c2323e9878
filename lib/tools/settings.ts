import { checkEnvironment, type Environment, isParameter, readConfig, type Sources, VARIABLES } from '../config.ts';
import { checkEnvFile, type EnvFile, readEnvFile } from './env-file.ts';
import { isDisposable } from './template.ts';
import { NAMES, nearestName } from './variable-names.ts';

/** Where a command's settings come from, and what is odd about them. */
export interface Settings {
  file: EnvFile | undefined;
  sources: Sources;
  /** Sentences. */
  warnings: string[];
}

/** A variable of the environment that begins like this is meant for us; others belong to other programs. */
const PREFIX = /^(ZEGO|LIST|LIVE|CORS|ALARM|SILENCE|RETENTION|SIGNATURE|MAX_LIVE|HEALING)_/i;

/**
 * Looks at where settings come from: the file that the framework reads, and the environment.
 * @param environment may hold what the framework has read from the file
 * @throws Error with one sentence, for a file that is misread and for a misspelled name
 */
export function inspectSettings(stage: string, environment: Environment, folder = process.cwd()): Settings {
  const file = readEnvFile(stage, environment, folder);
  if (file !== undefined) checkEnvFile(file, environment);
  const isFromFile = (name: string) => file?.values[name] === (environment[name] || file?.values[name]);
  const of = (name: string) => (file !== undefined && isFromFile(name) ? file.name : 'the environment');
  const inFile = Object.keys(file?.values ?? {});
  for (const name of inFile) checkName(name, file?.name ?? '');
  for (const name of Object.keys(environment)) {
    if (PREFIX.test(name) && !inFile.includes(name)) checkName(name, 'the environment');
  }
  return {
    file,
    sources: {
      file: file === undefined || file.name === '.env' ? '.env' : `${file.name}, which is read instead of .env,`,
      of,
    },
    warnings: [
      ...unknownNames(inFile, PREFIX).map(
        (name) => `${name} in ${file?.name} has no effect: no variable has this name.`,
      ),
      ...unknownNames(
        Object.keys(environment).filter((name) => !inFile.includes(name)),
        /^(ZEGO|CORS)_/,
      ).map((name) => `${name} in the environment has no effect here: no variable has this name.`),
      ...inFile
        .filter((name) => NAMES.includes(name) && file?.values[name] && environment[name] && !environment[name].trim())
        .map((name) => `${name} is blank in the environment, which hides its value in ${file?.name}: unset it there.`),
    ],
  };
}

function unknownNames(names: readonly string[], prefix: RegExp): string[] {
  return names.filter((name) => prefix.test(name) && !NAMES.includes(name));
}

function checkName(name: string, where: string): void {
  const meant = nearestName(name);
  if (meant === undefined || meant === name) return;
  throw new Error(`${name} in ${where} is not a variable of this project: did you mean ${meant}?`);
}

/**
 * Everything that can be known to be wrong before a deployment.
 * @returns a line that says where the settings come from, and warnings
 * @throws Error with one sentence that says what to set
 */
export function checkDeployment(stage: string, environment: Environment, folder = process.cwd()) {
  const { file, sources, warnings } = inspectSettings(stage, environment, folder);
  warnings.push(
    ...checkEnvironment('deploy', environment, sources),
    ...unreadWarnings(stage, environment, file, folder),
  );
  const weak = weaknesses(environment);
  const [worst] = weak;
  if (worst !== undefined && !isDisposable(stage)) throw new Error(worst);
  warnings.push(...weak);
  return {
    source: `Settings: ${file === undefined ? 'the environment' : `${file.name} and the environment`}`,
    warnings,
  };
}

/** A stage with a file of its own is read without `.env`, and one without is read with another stage's settings. */
function unreadWarnings(stage: string, environment: Environment, file: EnvFile | undefined, folder: string): string[] {
  if (file === undefined) return [];
  if (file.name === '.env') {
    return /^prod/i.test(stage)
      ? [`There is no .env.${stage}: the stage ${stage} is deployed with the settings of .env.`]
      : [];
  }
  // No stage's own file has this name.
  const { values = {} } = readEnvFile('', environment, folder) ?? {};
  const missing = NAMES.filter(
    (name) => values[name] && !(name in file.values) && !environment[name] && !LOCAL.includes(name),
  );
  if (missing.length === 0) return [];
  return [`${missing.join(', ')}: set in .env, which is not read because ${file.name} exists, and not set there.`];
}

const LOCAL: readonly string[] = ['PORT', 'DYNAMODB_PORT', 'AWS_ENDPOINT_URL_DYNAMODB'];

type SecretName = 'ZEGO_CALLBACK_SECRET' | 'LIST_TOKEN';

/** What documentation has in place of a secret, ours and that of others. */
const PLACEHOLDERS: readonly string[] = [
  VARIABLES.ZEGO_CALLBACK_SECRET.example,
  VARIABLES.LIST_TOKEN.example,
  ...['secret', 'token', 'new', 'old'],
];
const PLACEHOLDER = /your[-_]|change[-_]?me|placeholder|example|^(.)\1+$/i;
const MIN_TOKEN_LENGTH = 16;

/** @returns why an entry protects nothing, completing "NAME …", or undefined */
export function weaknessOf(name: SecretName, entry: string): string | undefined {
  if (PLACEHOLDERS.includes(entry) || PLACEHOLDER.test(entry)) {
    return `holds an example or a placeholder, which anyone can guess: set ${VARIABLES[name].meaning}`;
  }
  if (name === 'ZEGO_CALLBACK_SECRET' || entry.length >= MIN_TOKEN_LENGTH) return undefined;
  const advice = `use ${MIN_TOKEN_LENGTH} or more, as node -p "crypto.randomBytes(24).toString('hex')" makes them`;
  return `holds a token of ${entry.length} characters, which can be guessed: ${advice}`;
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
