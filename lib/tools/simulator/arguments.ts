import { type Environment, isParameter, type Sources } from '../../config.ts';
import { appid, DEFAULT_APPID, optionOr, parseOptions } from '../options.ts';
import { ENCODING_NAMES, type Encoding } from '../zego/encoding.ts';

export interface Arguments {
  /** Base URL of the API. */
  url: string;
  secret: string;
  appid: string;
  token: string | undefined;
  streams: number;
  seconds: number;
  speed: number;
  seed: number;
  duplicate: number;
  delay: number;
  lose: number;
  crash: number;
  encoding: Encoding | 'mixed';
}

export const OPTIONS = {
  url: 'URL        where the API answers: its base URL, or the callback URL. Required',
  secret: "SECRET     the target's CallbackSecret (default: the first of ZEGO_CALLBACK_SECRET)",
  appid: `N          the appid of the callbacks (default: the first of ZEGO_APP_ID, else ${DEFAULT_APPID})`,
  token: 'TOKEN      a token that opens the list (default: the first of LIST_TOKEN)',
  stage: 'STAGE      reads .env.STAGE, where there is one, as a deployment does (default: dev)',
  streams: 'N          how many sessions begin in all (default 100)',
  seconds: 'S          how long the play lasts; what is under way then is awaited (default 30)',
  speed: "X          ZEGO's waiting times are divided by it (default 10)",
  seed: 'N          plays the same again (default: a random one, which is printed)',
  duplicate: 'P          probability that a callback is sent again though it was accepted (default 0)',
  delay: 'P          probability that it is sent late, up to 30 s / speed (default 0)',
  lose: 'P          probability that it is never sent (default 0)',
  crash: 'P          probability that a session that ends does so by a kill of its app (default 0)',
  format: `FORMAT     ${[...ENCODING_NAMES, 'mixed'].join(', ')} (default json)`,
} as const;

export const USAGE = `npm run simulate -- --url URL [options]

Plays ZEGO against a deployment or a local stack, and checks the live list against its own model.

${Object.entries(OPTIONS)
  .map(([name, text]) => `  --${name.padEnd(9)} ${text}`)
  .join('\n')}
  --help                 prints this

A variable may also stand in the file .env, or in that of the stage.`;

type Values = Partial<Record<keyof typeof OPTIONS, string>>;

function parse(args: readonly string[]) {
  const parsed = parseOptions(args, Object.keys(OPTIONS) as (keyof typeof OPTIONS)[]);
  // It is not repeated: it may be a secret.
  if (parsed.positionals.length > 0) {
    throw new Error(
      'An argument has no option before it: put -- before the options, as in npm run simulate -- --url URL.',
    );
  }
  return parsed;
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
  const { given } = parse(args);
  const url = baseUrl(given.url);
  const ZEGO_CALLBACK_SECRET = optionOr('ZEGO_CALLBACK_SECRET', given.secret, environment, sources);
  const ZEGO_APP_ID = optionOr('ZEGO_APP_ID', given.appid, environment, sources);
  const LIST_TOKEN = optionOr('LIST_TOKEN', given.token, environment, sources);
  if (isParameter(ZEGO_CALLBACK_SECRET)) throw new Error('ZEGO_CALLBACK_SECRET is in Parameter Store: give --secret.');
  if (isParameter(LIST_TOKEN)) throw new Error('LIST_TOKEN is in Parameter Store: give --token.');
  const [secret] = ZEGO_CALLBACK_SECRET;
  if (secret === undefined) {
    throw new Error("The target's CallbackSecret is missing: give it with --secret or in ZEGO_CALLBACK_SECRET.");
  }
  return {
    url,
    secret,
    appid: appid(ZEGO_APP_ID[0] ?? DEFAULT_APPID),
    token: LIST_TOKEN === 'public' ? undefined : LIST_TOKEN[0],
    streams: number(given, 'streams', { fallback: 100, min: 1, max: 20_000, whole: true }),
    seconds: number(given, 'seconds', { fallback: 30, min: 0.1, max: 86_400 }),
    speed: number(given, 'speed', { fallback: 10, min: 0.1, max: 1000 }),
    seed: number(given, 'seed', {
      fallback: Math.floor(Math.random() * 2 ** 31),
      min: 0,
      max: 2 ** 31 - 1,
      whole: true,
    }),
    duplicate: number(given, 'duplicate', PROBABILITY),
    delay: number(given, 'delay', PROBABILITY),
    lose: number(given, 'lose', PROBABILITY),
    crash: number(given, 'crash', PROBABILITY),
    encoding: encoding(given.format ?? 'json'),
  };
}

function baseUrl(given: string | undefined): string {
  if (given === undefined) throw new Error('--url is missing: say where the API answers.');
  if (!URL.canParse(given) || !/^https?:$/.test(new URL(given).protocol)) {
    throw new Error('--url takes a URL that begins with http:// or https://.');
  }
  const { origin, pathname } = new URL(given);
  return origin + pathname.replace(/\/+$/, '').replace(/\/callbacks\/zego$/, '');
}

function encoding(given: string): Encoding | 'mixed' {
  const names = [...ENCODING_NAMES, 'mixed'] as const;
  const found = names.find((name) => name === given);
  if (found === undefined) throw new Error(`--format takes one of ${names.join(', ')}.`);
  return found;
}

interface Range {
  fallback: number;
  min: number;
  max: number;
  whole?: boolean;
}

const PROBABILITY = { fallback: 0, min: 0, max: 1 };

function number(given: Values, name: keyof Values, { fallback, min, max, whole = false }: Range): number {
  const text = given[name];
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || value < min || value > max || (whole && !Number.isInteger(value))) {
    throw new Error(`--${name} takes a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
  }
  return value;
}
