import { isAppid } from './limits.ts';

/**
 * The environment, read once and checked: every variable with its meaning, default, unit and example stands in one
 * table. Nothing else in the product reads `process.env`.
 */
interface Variable<T> {
  /** What it is for, as a sentence for the person who has to set it. */
  meaning: string;
  example: string;
  /** As it would be written in the environment; empty: none. */
  fallback: string;
  /** Where it must be set by hand. */
  required?: 'start and deploy' | 'deploy';
  /** Never shown in full. */
  secret?: true;
  /** @throws Error whose message completes "NAME …" and says what to set */
  parse: (value: string) => T;
}

const HOURS = 'hours, above 0; fractions are allowed';

export const VARIABLES = {
  ZEGO_CALLBACK_SECRET: {
    meaning:
      "the CallbackSecret of your project in ZEGO's console; several, comma-separated, during a rotation; or ssm:/name",
    example: '0a1b2c3d4e5f60718293a4b5c6d7e8f9',
    fallback: '',
    required: 'start and deploy',
    secret: true,
    parse: callbackSecret,
  },
  LIST_TOKEN: {
    meaning: 'the bearer token(s) that GET /streams demands, comma-separated; or ssm:/name; or the word public, alone',
    example: 'a-long-random-string',
    fallback: '',
    required: 'deploy',
    secret: true,
    parse: listToken,
  },
  ZEGO_APP_ID: {
    meaning: 'the appids that are accepted, comma-separated; empty: any whose signature verifies',
    example: '1234567890',
    fallback: '',
    parse: (value: string) => {
      const appids = list(value);
      if (!appids.every(isAppid)) throw new Error('takes appids of 1 to 20 digits');
      return appids;
    },
  },
  SIGNATURE_WINDOW_SECONDS: {
    meaning: "how far a callback's timestamp may be from now, both ways, in seconds; 0 switches the check off",
    example: '600',
    fallback: '600',
    parse: integer(0, 31_536_000),
  },
  RETENTION_HOURS: {
    meaning: `how long an ended session is kept, in ${HOURS}`,
    example: '24',
    fallback: '24',
    parse: hours,
  },
  MAX_LIVE_HOURS: {
    meaning: `after how long without a new create a session counts as ended, in ${HOURS}`,
    example: '48',
    fallback: '48',
    parse: hours,
  },
  CORS_ORIGINS: {
    meaning: 'the origins whose pages may read the list, comma-separated',
    example: 'https://app.example.com',
    fallback: '*',
    parse: origins,
  },
  LIST_CACHE_SECONDS: {
    meaning: 'how old an answer of GET /streams may be, in seconds; 0 switches caching off',
    example: '2',
    fallback: '2',
    parse: integer(0, 3600),
  },
  LIVE_SHARDS: {
    meaning: 'partitions of the live index, 1 to 64; may be raised at any time, never lowered',
    example: '1',
    fallback: '1',
    parse: integer(1, 64),
  },
  PORT: {
    meaning: 'local stack: the port of the API on 127.0.0.1; 0: a free one',
    example: '3000',
    fallback: '3000',
    parse: integer(0, 65_535),
  },
  DYNAMODB_PORT: {
    meaning: 'local stack: the port of the embedded DynamoDB on 127.0.0.1; 0: a free one',
    example: '8000',
    fallback: '8000',
    parse: integer(0, 65_535),
  },
  AWS_ENDPOINT_URL_DYNAMODB: {
    meaning: 'local stack: another DynamoDB-compatible engine instead of the embedded one; missing tables are created',
    example: 'http://127.0.0.1:8001',
    fallback: '',
    parse: (value: string) => {
      if (value !== '' && !/^https?:$/.test(URL.parse(value)?.protocol ?? '')) throw new Error('takes a URL');
      return value;
    },
  },
  SESSIONS_TABLE: {
    meaning: 'the name of the table of sessions; serverless.yml sets it',
    example: 'zego-live-list-dev-sessions',
    fallback: '',
    parse: (value: string) => value,
  },
  ROOMS_TABLE: {
    meaning: 'the name of the table of rooms; serverless.yml sets it',
    example: 'zego-live-list-dev-rooms',
    fallback: '',
    parse: (value: string) => value,
  },
  ALARM_EMAIL: {
    meaning: 'the e-mail address that alarms are sent to; empty: nowhere',
    example: 'ops@example.com',
    fallback: '',
    parse: (value: string) => {
      if (value !== '' && !/^[\w.!#%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+$/.test(value)) {
        throw new Error('takes one e-mail address');
      }
      return value;
    },
  },
  SILENCE_MINUTES: {
    meaning: 'after how many minutes without news of any stream or room an alarm is raised; 0: never',
    example: '60',
    fallback: '0',
    parse: (value: string) => integer(0, 1440)(value) || null,
  },
  TRACING: {
    meaning: 'whether X-Ray traces the functions',
    example: 'true',
    fallback: 'false',
    parse: (value: string) => {
      if (value !== 'true' && value !== 'false') throw new Error('takes true or false');
      return value === 'true';
    },
  },
  POWERTOOLS_SERVICE_NAME: {
    meaning: 'the name of the stack in log lines and metrics; serverless.yml sets it',
    example: 'zego-live-list-dev',
    fallback: 'zego-live-list',
    parse: (value: string) => value,
  },
} as const satisfies Record<string, Variable<unknown>>;

export type VariableName = keyof typeof VARIABLES;
export type Config<N extends VariableName = VariableName> = {
  readonly [K in N]: ReturnType<(typeof VARIABLES)[K]['parse']>;
};
export type Environment = Readonly<Record<string, string | undefined>>;

/** Variables that the documentation announces and that have no effect yet. */
export const NOT_BUILT = [
  'LIST_CONCURRENCY',
  'ZEGO_SERVER_SECRET',
  'HEALING_RATE',
  'ZEGO_API_URL',
  'WEBHOOK_URL',
  'WEBHOOK_SECRET',
  'EVENT_BUS',
] as const;

/** Where a person finds the settings, for messages on their own machine. */
export interface Sources {
  /** Where a missing variable should be set, such as `.env`. */
  file: string;
  /** What set a variable: `.env`, or `the environment`. */
  of: (name: string) => string;
}

/**
 * @param names what the caller needs, and nothing else
 * @param sources shows a malformed value, secrets masked, and where it stands; without it no part of a value is shown
 * @throws Error with one sentence that says what to set
 */
export function readConfig<N extends VariableName>(
  names: readonly N[],
  environment: Environment = process.env,
  sources?: Sources,
): Config<N> {
  return Object.freeze(Object.fromEntries(names.map((name) => [name, read(name, environment, sources)]))) as Config<N>;
}

function read(name: VariableName, environment: Environment, sources?: Sources): unknown {
  const { parse, fallback, meaning, secret }: Variable<unknown> = VARIABLES[name];
  // An empty value is an unset one: serverless.yml hands on what is not set as ''.
  const value = environment[name]?.trim() || fallback;
  try {
    checkSpelling(name, value);
    return parse(value);
  } catch (error) {
    const found = sources === undefined ? '' : `; ${sources.of(name)} has ${shown(value, secret === true)}`;
    throw new Error(`${name} ${(error as Error).message} (it is ${meaning}${found}).`);
  }
}

/** @throws Error whose message completes "NAME …", for what no value of ours has: what copying and quoting leave behind */
function checkSpelling(name: VariableName, value: string): void {
  // Parameter names are checked on their own.
  if (/^ssm[:：]/i.test(value)) return;
  const entries = list(value);
  if (entries.some((entry) => /^["'`]|["'`]$/.test(entry))) {
    throw new Error('holds quotes around a value: write it without them');
  }
  const pasted = new RegExp(`^((export|set) |\\$env:)?${name}\\s*[=:]`, 'i');
  if (pasted.test(value) || /^[A-Z][A-Z\d]*(_[A-Z\d]+)+=[^=]/.test(value)) {
    throw new Error('holds a whole NAME=value: write only what follows the equals sign');
  }
  if (entries.some((entry) => /^(<.*>|\{\{.*\}\}|%\w+%)$/.test(entry))) {
    throw new Error('holds a placeholder in brackets or percent signs: write the value itself');
  }
  for (const [kind, words] of LOOKALIKES) {
    const [found] = kind.exec(value) ?? [];
    if (found !== undefined) throw new Error(`holds ${words} (${codePoint(found)}): type the value again without it`);
  }
}

/** Characters that nobody types on purpose in a value of ours, as all of them are ASCII. */
const LOOKALIKES: readonly (readonly [RegExp, string])[] = [
  [/[\p{Cf}\p{Default_Ignorable_Code_Point}]/u, 'an invisible character'],
  [/[\p{Pi}\p{Pf}‚„〝-〟＂＇「-』]/u, 'a typographic quote'],
  [/，/, 'a full-width comma where an ordinary one belongs'],
  [/[\uff01-\uff60\uffe0-\uffe6、。]/u, 'a full-width character'],
  [/[‐-―−]/u, 'a typographic dash'],
];

function codePoint(character: string): string {
  return `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}`;
}

/**
 * A value for a person's eyes, without anything that a terminal would not print. Of a secret it shows what identifies
 * it, also where one stands in a variable that should hold no secret.
 */
function shown(value: string, secret: boolean): string {
  const mask = (entry: string) => (entry.length < 16 ? '…' : `${entry.slice(0, 3)}…${entry.slice(-3)}`);
  const text = secret
    ? list(value).map(mask).join(',')
    : value.replace(/\/\/[^/@]*@/, '//…@').replace(/[\w+=-]{16,}/g, mask);
  return text.slice(0, 100).replace(/[\p{C}\p{Z}]/gu, (found) => (found === ' ' ? found : `<${codePoint(found)}>`));
}

/**
 * Checks every variable before anything is started or created, so that none is silently ignored.
 * @param purpose what is about to be done
 * @returns warnings, each a sentence
 * @throws Error with one sentence that says what to set
 */
export function checkEnvironment(
  purpose: 'start' | 'deploy',
  environment: Environment = process.env,
  sources?: Sources,
): string[] {
  const where = sources === undefined ? '' : ` in ${sources.file}`;
  for (const name of NOT_BUILT) {
    if (environment[name]?.trim()) {
      throw new Error(`${name} has no effect in this version: remove it${where && ` from ${sources?.of(name)}`}.`);
    }
  }
  for (const name of Object.keys(VARIABLES) as VariableName[]) {
    const { required, meaning, example }: Variable<unknown> = VARIABLES[name];
    if (required?.includes(purpose) && isMissing(name, environment)) {
      throw new Error(`${name} is missing: set it${where} to ${meaning}, for example ${name}=${example}`);
    }
    const value = read(name, environment, sources);
    if (purpose === 'start' && isParameter(value)) {
      throw new Error(`${name} cannot be read from Parameter Store on this machine: set the value itself.`);
    }
  }
  const config = readConfig(['RETENTION_HOURS', 'MAX_LIVE_HOURS'], environment);
  return (['RETENTION_HOURS', 'MAX_LIVE_HOURS'] as const)
    .filter((name) => config[name] < 1)
    .map((name) => `${name} is below 1 hour: a late retry of ZEGO's may bring back a stream that has ended.`);
}

/** A value without any entry counts as missing. */
export function isMissing(name: VariableName, environment: Environment): boolean {
  return list(environment[name] ?? '').length === 0;
}

/** Entries of a comma-separated list; white space around them is dropped, and empty ones do not count. */
function list(value: string): string[] {
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** A value that stands in Parameter Store, as a SecureString that holds what would stand in the variable. */
export interface Parameter {
  /** Its name, which begins with a slash. */
  parameter: string;
}

/** Whether what was read is the name of a parameter, and not the value itself. */
export function isParameter(value: unknown): value is Parameter {
  return typeof value === 'object' && value !== null && 'parameter' in value;
}

function secrets(value: string): readonly string[] | Parameter {
  const entries = list(value);
  if (entries.some((entry) => /^ssm[:：]/i.test(entry))) {
    const [, parameter] = /^ssm:((?:\/[\w.-]+){1,15})$/.exec(entries[0] ?? '') ?? [];
    if (entries.length > 1 || parameter === undefined || parameter.length > 1000) {
      throw new Error('takes ssm:/name alone, in lower case and with the full name of one parameter, or the values');
    }
    return { parameter };
  }
  if (entries.some((entry) => PARAMETER_NAME.test(entry))) {
    throw new Error('takes ssm:/name for a parameter of Parameter Store, and no other name, path or URL');
  }
  if (value.includes(';')) throw new Error('holds a semicolon: separate entries by commas');
  if (entries.some((entry) => entry.includes('${'))) {
    throw new Error('holds ${, which serverless.yml would take for a variable of its own: choose another value');
  }
  return entries;
}

/** The name of a parameter without `ssm:`, an ARN or a URL. A random token in base64 may begin with a slash, too. */
const PARAMETER_NAME = /^(?:(?:\/[a-z][a-z\d_.-]*)+|(?:\/[A-Za-z][A-Za-z_.-]*)+|(?:ssm[=/]|arn:|\w+[:=]\/).*)$/;

function callbackSecret(value: string): readonly string[] | Parameter {
  const given = secrets(value);
  if (isParameter(given)) return given;
  if (given.some((secret) => /^\d{1,20}:/.test(secret))) {
    throw new Error('holds an appid before a secret, which has no effect in this version: write the secret alone');
  }
  if (!given.every((secret) => /^[\w.-]+$/.test(secret))) {
    throw new Error("holds white space or another character that no secret of ZEGO's has: copy it again");
  }
  return given;
}

/** `public`, or the tokens that open the list. None at all opens it to nobody. */
function listToken(value: string): 'public' | readonly string[] | Parameter {
  const tokens = secrets(value);
  if (isParameter(tokens)) return tokens;
  if (!tokens.every((token) => /^[!-~]+$/.test(token))) {
    throw new Error('takes tokens of ASCII characters without white space: others reach no HTTP header');
  }
  if (tokens.some((token) => /^bearer[:%+]/i.test(token))) {
    throw new Error('holds the word Bearer, which readers send before the token: write the token alone');
  }
  if (!tokens.some((token) => token.toLowerCase() === 'public')) return tokens;
  if (tokens.length > 1 || tokens[0] !== 'public') {
    throw new Error('takes the word public alone and in lower case, or tokens that are other words');
  }
  return 'public';
}

const ORIGIN = /^https?:\/\/(\[[\da-f:]+\]|[\w.-]+)(:\d+)?$/;

function origins(value: string): string[] {
  const entries = list(value);
  if (entries.length === 0 || (entries.length === 1 && entries[0] === '*')) return ['*'];
  if (!entries.every((entry) => ORIGIN.test(entry) && URL.parse(entry)?.origin === entry)) {
    throw new Error('takes origins such as https://app.example.com (no path, no slash at the end), or * alone');
  }
  return entries;
}

function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max) {
      throw new Error(`takes a whole number from ${min} to ${max}`);
    }
    return number;
  };
}

/** A century of hours; without a bound `expires_at` could leave what DynamoDB reads as a time. */
function hours(value: string): number {
  const number = Number(value);
  if (!/^\d*\.?\d+$/.test(value) || !(number > 0) || number > 1_000_000) {
    throw new Error('takes a number of hours above 0, up to 1000000');
  }
  return number;
}

/** Whole ms: times in answers are integers. */
export function hoursToMs(hours: number): number {
  return Math.ceil(hours * 3_600_000);
}
