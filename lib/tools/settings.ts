import { checkEnvironment, type Environment, type Sources } from '../config.ts';
import { isDisposable } from './deploy/serverless-variables.ts';
import { checkEnvFile, type EnvFile, readEnvFile } from './env-file.ts';
import { NAMES, nearestName } from './variable-names.ts';
import { weaknesses } from './weak-secrets.ts';

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
  const inFile = Object.keys(file?.values ?? {});
  const others = Object.keys(environment).filter((name) => !inFile.includes(name));
  if (file !== undefined) {
    checkEnvFile(file, environment);
    for (const name of inFile) checkName(name, file.name);
  }
  for (const name of others.filter((name) => PREFIX.test(name))) checkName(name, 'the environment');

  const isFromFile = (name: string) => file?.values[name] === (environment[name] || file?.values[name]);
  const isHidden = (name: string) => file?.values[name] && environment[name] && !environment[name].trim();
  return {
    file,
    sources: {
      file: file === undefined || file.name === '.env' ? '.env' : `${file.name}, which is read instead of .env,`,
      of: (name) => (file !== undefined && isFromFile(name) ? file.name : 'the environment'),
    },
    warnings: [
      ...unknownNames(inFile, PREFIX).map(
        (name) => `${name} in ${file?.name} has no effect: no variable has this name.`,
      ),
      ...unknownNames(others, /^(ZEGO|CORS)_/).map(
        (name) => `${name} in the environment has no effect here: no variable has this name.`,
      ),
      ...NAMES.filter(isHidden).map(
        (name) => `${name} is blank in the environment, which hides its value in ${file?.name}: unset it there.`,
      ),
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
