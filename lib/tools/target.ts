import type { Option } from 'commander';
import { type Environment, isParameter, readConfig, type Sources } from '../config.ts';
import { textOption } from './command.ts';

/** Of callbacks that are to be signed for nobody's project in particular. */
export const DEFAULT_APPID = '1234567890';

/** Which deployment a command talks to, and what opens it. */
export interface Target {
  /** Base URL of the API. */
  url: string;
  /** What was given is one of the API's own URLs, which this path ends. */
  pasted: string | undefined;
  /** As it was given, white space and all; undefined: callbacks cannot be signed. */
  secret: string | undefined;
  secretFrom: '--secret' | 'ZEGO_CALLBACK_SECRET';
  /** Why there is no secret. */
  noSecret: string;
  appid: string;
  /** Whether somebody chose it. */
  appidGiven: boolean;
  /** `public`: the list is meant to be open; undefined: nothing is known. */
  token: string | undefined;
  /** Why there is no token. */
  noToken: string;
}

export interface TargetOptions {
  secret?: string;
  appid?: string;
  token?: string;
  stage?: string;
}

export const TARGET_OPTIONS: readonly Option[] = [
  textOption('--secret <secret>', "the deployment's CallbackSecret (default: the first of ZEGO_CALLBACK_SECRET)"),
  textOption(
    '--appid <n>',
    `an appid that the deployment takes (default: the first of ZEGO_APP_ID, else ${DEFAULT_APPID})`,
  ),
  textOption('--token <token>', 'a token that opens the list, or public (default: the first of LIST_TOKEN)'),
  textOption('--stage <stage>', 'reads .env.STAGE, where there is one, as a deployment does (default: dev)'),
];

/**
 * @param url the base URL of the API, the callback URL or that of the list
 * @param sources where a person finds the settings
 * @throws Error with one sentence that says what to change
 */
export function readTarget(url: string, options: TargetOptions, environment: Environment, sources?: Sources): Target {
  return {
    ...readUrl(url),
    ...readSecret(options.secret, environment, sources),
    ...readAppid(options.appid, environment, sources),
    ...readToken(options.token, environment, sources),
  };
}

/** Where the API's own URLs differ from its base URL. */
const PASTED = /\/(callbacks\/zego|streams)$/;

function readUrl(given: string): Pick<Target, 'url' | 'pasted'> {
  const url = URL.parse(given.trim());
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(
      'The URL must begin with https:// (or http://, on this machine), such as https://abc123.execute-api.us-east-1.amazonaws.com.',
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new Error('The URL takes no user name and no password: nobody could tell ZEGO about them.');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new Error('The URL takes no query and no fragment: give what stands before ? or #.');
  }
  const path = url.pathname.replace(/\/+$/, '');
  const [pasted] = PASTED.exec(path) ?? [];
  return { url: url.origin + path.replace(PASTED, ''), pasted };
}

/** An option counts before a variable, and an empty one is none. */
function readSecret(given: string | undefined, environment: Environment, sources?: Sources) {
  if (given !== undefined) {
    const secretFrom = '--secret' as const;
    if (/^\s*ssm:/i.test(given)) {
      return { secret: undefined, secretFrom, noSecret: '--secret takes the secret itself, not ssm:…' };
    }
    return { secret: given.trim() === '' ? undefined : given, secretFrom, noSecret: '--secret is empty' };
  }
  const secretFrom = 'ZEGO_CALLBACK_SECRET' as const;
  const { ZEGO_CALLBACK_SECRET } = readConfig(['ZEGO_CALLBACK_SECRET'], environment, sources);
  if (isParameter(ZEGO_CALLBACK_SECRET)) {
    return { secret: undefined, secretFrom, noSecret: 'ZEGO_CALLBACK_SECRET is in Parameter Store: give --secret' };
  }
  return { secret: ZEGO_CALLBACK_SECRET[0], secretFrom, noSecret: 'give --secret' };
}

function readAppid(given: string | undefined, environment: Environment, sources?: Sources) {
  const [appid] = settingOr('ZEGO_APP_ID', given, environment, sources);
  if (appid !== undefined && !/^(0|[1-9]\d{0,19})$/.test(appid)) {
    throw new Error('--appid takes 1 to 20 digits, without zeros before them.');
  }
  return { appid: appid ?? DEFAULT_APPID, appidGiven: appid !== undefined };
}

function readToken(given: string | undefined, environment: Environment, sources?: Sources) {
  const tokens = settingOr('LIST_TOKEN', given, environment, sources);
  if (isParameter(tokens)) return { token: undefined, noToken: 'LIST_TOKEN is in Parameter Store: give --token' };
  return { token: tokens === 'public' ? tokens : tokens[0], noToken: 'give --token' };
}

/** A variable, or what an option gives instead of it, which is read like the variable. */
function settingOr<N extends 'ZEGO_APP_ID' | 'LIST_TOKEN'>(
  name: N,
  option: string | undefined,
  environment: Environment,
  sources: Sources | undefined,
) {
  return option === undefined
    ? readConfig([name], environment, sources)[name]
    : readConfig([name], { [name]: option })[name];
}
