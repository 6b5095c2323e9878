import { type Environment, isParameter, readConfig, type Sources } from '../../config.ts';
import { appid, DEFAULT_APPID, optionOr, parseOptions } from '../options.ts';

export interface Arguments {
  /** Base URL of the API. */
  url: string;
  /** What was given is one of the API's own URLs, which this path ends. */
  pasted: string | undefined;
  /** As it was given, white space and all; undefined: callbacks cannot be signed. */
  secret: string | undefined;
  secretFrom: '--secret' | 'ZEGO_CALLBACK_SECRET';
  /** Why there is no secret. */
  noSecret: string;
  /** Another secret of the project, which must sign nothing. */
  serverSecret: string | undefined;
  appid: string;
  /** Whether somebody chose it. */
  appidGiven: boolean;
  /** `public`: the list is meant to be open; undefined: nothing is known. */
  token: string | undefined;
  /** Why there is no token. */
  noToken: string;
  /** undefined: any will do */
  origin: string | undefined;
  /** Whether checks that lack an option leave the exit code at 0. */
  allowSkipped: boolean;
}

export const OPTIONS = {
  secret: "SECRET         the deployment's CallbackSecret (default: the first of ZEGO_CALLBACK_SECRET)",
  appid: `N              an appid that the deployment takes (default: the first of ZEGO_APP_ID, else ${DEFAULT_APPID})`,
  token: 'TOKEN          a token that opens the list, or public (default: the first of LIST_TOKEN)',
  origin: 'ORIGIN         the site whose pages read the list, such as https://app.example.com',
  stage: 'STAGE          reads .env.STAGE, where there is one, as a deployment does (default: dev)',
  'server-secret': "SECRET         the project's ServerSecret: checks that it is not taken for the CallbackSecret",
} as const;

export const FLAGS = {
  'allow-skipped': 'exit code 0 also when checks were skipped because an option is missing',
} as const;

export const USAGE = `npm run doctor -- URL [options]

Checks a deployment end to end, and says what is wrong. URL is the base URL of the API, or the callback URL.

${Object.entries(OPTIONS)
  .map(([name, text]) => `  --${name.padEnd(14)} ${text}`)
  .join('\n')}
${Object.entries(FLAGS)
  .map(([name, text]) => `  --${name.padEnd(29)} ${text}`)
  .join('\n')}
  --help                          prints this

A variable may also stand in the file .env, or in that of the stage.`;

type Given = Partial<Record<keyof typeof OPTIONS, string>>;

function parse(args: readonly string[]) {
  const names = Object.keys(OPTIONS) as (keyof typeof OPTIONS)[];
  return parseOptions(args, names, Object.keys(FLAGS));
}

/** `--stage`, which says where the rest may stand. */
export function stageOf(args: readonly string[]): string | undefined {
  return parse(args).given.stage || undefined;
}

/**
 * @param sources where a person finds the settings
 * @throws Error with one sentence that says what to change
 */
export function readArguments(args: readonly string[], environment: Environment, sources?: Sources): Arguments {
  const { flags, given, positionals } = parse(args);
  const [url, ...more] = positionals;
  if (url === undefined) throw new Error('Say where the API answers: npm run doctor -- URL.');
  if (more.length > 0) {
    throw new Error(
      'One URL is enough: write the name of an option before each other argument, and -- before them all.',
    );
  }
  const secrets = readSecrets(given, environment, sources);
  const serverSecret = given['server-secret']?.trim() || undefined;
  if (/^ssm:/i.test(serverSecret ?? '')) throw new Error('--server-secret takes the secret itself, not ssm:….');
  if (serverSecret !== undefined && secrets.secret?.trim() === serverSecret) {
    throw new Error(`${secrets.secretFrom} and --server-secret are the same: copy both again from ZEGO's console.`);
  }
  return {
    ...readUrl(url),
    ...secrets,
    serverSecret,
    ...readAppid(given, environment, sources),
    ...readToken(given, environment, sources),
    origin: readOrigin(given.origin),
    allowSkipped: flags.includes('allow-skipped'),
  };
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;
/** Where the API's own URLs differ from its base URL. */
const PASTED = /\/(callbacks\/zego|streams)$/;

function readUrl(given: string): Pick<Arguments, 'url' | 'pasted'> {
  const url = URL.parse(given.trim());
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error('The URL must begin with https://, such as https://abc123.execute-api.us-east-1.amazonaws.com.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('The URL takes no user name and no password: nobody could tell ZEGO about them.');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new Error('The URL takes no query and no fragment: give what stands before ? or #.');
  }
  if (url.protocol === 'http:' && !LOOPBACK.test(url.hostname)) {
    throw new Error(
      'The URL begins with http://: ZEGO would send signatures, and readers their tokens, for everybody on the way to read. Use https://.',
    );
  }
  const path = url.pathname.replace(/\/+$/, '');
  const [pasted] = PASTED.exec(path) ?? [];
  return { url: url.origin + path.replace(PASTED, ''), pasted };
}

/** An option counts before a variable, and an empty one is none. */
function readSecrets(given: Given, environment: Environment, sources?: Sources) {
  if (given.secret !== undefined) {
    const secretFrom = '--secret' as const;
    if (/^\s*ssm:/i.test(given.secret)) {
      return { secret: undefined, secretFrom, noSecret: '--secret takes the secret itself, not ssm:…' };
    }
    return { secret: given.secret.trim() === '' ? undefined : given.secret, secretFrom, noSecret: '--secret is empty' };
  }
  const secretFrom = 'ZEGO_CALLBACK_SECRET' as const;
  const { ZEGO_CALLBACK_SECRET } = readConfig(['ZEGO_CALLBACK_SECRET'], environment, sources);
  if (isParameter(ZEGO_CALLBACK_SECRET)) {
    const noSecret = 'ZEGO_CALLBACK_SECRET is in Parameter Store: give --secret';
    return { secret: undefined, secretFrom, noSecret };
  }
  return { secret: ZEGO_CALLBACK_SECRET[0], secretFrom, noSecret: 'give --secret' };
}

function readAppid(given: Given, environment: Environment, sources?: Sources): Pick<Arguments, 'appid' | 'appidGiven'> {
  const [known] = optionOr('ZEGO_APP_ID', given.appid, environment, sources);
  return { appid: appid(known ?? DEFAULT_APPID), appidGiven: known !== undefined };
}

function readToken(given: Given, environment: Environment, sources?: Sources): Pick<Arguments, 'token' | 'noToken'> {
  const LIST_TOKEN = optionOr('LIST_TOKEN', given.token, environment, sources);
  if (isParameter(LIST_TOKEN)) {
    const noToken = 'LIST_TOKEN is in Parameter Store: give --token';
    return { token: undefined, noToken };
  }
  return { token: LIST_TOKEN === 'public' ? LIST_TOKEN : LIST_TOKEN[0], noToken: 'give --token' };
}

function readOrigin(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined;
  if (URL.parse(given)?.origin !== given) {
    throw new Error('--origin takes an origin such as https://app.example.com: no path, no slash at the end.');
  }
  return given;
}
