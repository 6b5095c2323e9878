import { Option } from 'commander';
import { type Environment, readConfig, type Sources } from '../../config.ts';
import { createCommand, type Given, textOption } from '../command.ts';
import { readTarget, TARGET_OPTIONS, type Target, type TargetOptions } from '../target.ts';
import { ENCODING_NAMES, type Encoding } from '../zego/encoding.ts';

export interface SimulatorOptions extends Pick<Target, 'url' | 'appid'> {
  secret: string;
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
  json: boolean;
}

/** What the command line has, as text. */
interface Texts extends TargetOptions, Partial<Record<NumberName, string>> {
  url?: string;
  format?: string;
  json?: true;
}

interface Range {
  /** undefined: a random number. */
  fallback?: number;
  min: number;
  max: number;
  whole?: boolean;
}

const PROBABILITY: Range = { fallback: 0, min: 0, max: 1 };
const NUMBERS = {
  streams: { fallback: 100, min: 1, max: 20_000, whole: true },
  seconds: { fallback: 30, min: 0.1, max: 86_400 },
  speed: { fallback: 10, min: 0.1, max: 1000 },
  seed: { min: 0, max: 2 ** 31 - 1, whole: true },
  duplicate: PROBABILITY,
  delay: PROBABILITY,
  lose: PROBABILITY,
  crash: PROBABILITY,
} as const satisfies Record<string, Range>;
type NumberName = keyof typeof NUMBERS;

const FORMATS = [...ENCODING_NAMES, 'mixed'] as const;

export const COMMAND = createCommand(
  'npm run simulate',
  'Plays ZEGO against a deployment or a local stack, and checks the live list against its own model.',
  [
    textOption('--url <url>', 'where the API answers: its base URL, or the callback URL; required'),
    ...TARGET_OPTIONS,
    textOption('--streams <n>', 'how many sessions begin in all (default: 100)'),
    textOption('--seconds <s>', 'how long the play lasts; what is under way then is awaited (default: 30)'),
    textOption('--speed <x>', "ZEGO's waiting times are divided by it (default: 10)"),
    textOption('--seed <n>', 'plays the same again (default: a random one, which is printed)'),
    textOption('--duplicate <p>', 'probability that a callback is sent again though it was accepted (default: 0)'),
    textOption('--delay <p>', 'probability that it is sent late, up to 30 s / speed (default: 0)'),
    textOption('--lose <p>', 'probability that it is never sent (default: 0)'),
    textOption('--crash <p>', 'probability that a session that ends does so by a kill of its app (default: 0)'),
    textOption('--format <format>', `how callbacks are encoded: ${FORMATS.join(', ')} (default: json)`),
    new Option('--json', 'prints one JSON document instead of text; none when it ends early, and stderr says why'),
  ],
);

/**
 * @param sources where a person finds the settings
 * @throws Error with one sentence that says what to change
 */
export function readOptions(given: Given<Texts>, environment: Environment, sources?: Sources): SimulatorOptions {
  const { options, operands } = given;
  // It is not repeated: it may be a secret.
  if (operands.length > 0) {
    throw new Error(
      'An argument has no option before it: put -- before the options, as in npm run simulate -- --url URL.',
    );
  }
  if (options.url === undefined) throw new Error('--url is missing: say where the API answers.');
  const { url, appid, token, noToken, ...target } = readTarget(options.url, options, environment, sources);
  if (token === undefined && /Parameter Store/.test(noToken)) throw new Error(`${noToken}.`);
  return {
    url,
    appid,
    token: token === 'public' ? undefined : token,
    secret: readSecret(target),
    ...readNumbers(options),
    encoding: readFormat(options.format ?? 'json'),
    json: options.json ?? false,
  };
}

function readFormat(given: string): SimulatorOptions['encoding'] {
  const format = FORMATS.find((name) => name === given);
  if (format === undefined) throw new Error(`--format takes one of ${FORMATS.join(', ')}.`);
  return format;
}

/** As a deployment would read it: the first entry, without white space around it. */
function readSecret({ secret = '', noSecret }: Pick<Target, 'secret' | 'noSecret'>): string {
  const { ZEGO_CALLBACK_SECRET: entries } = readConfig(['ZEGO_CALLBACK_SECRET'], { ZEGO_CALLBACK_SECRET: secret });
  const [first] = Array.isArray(entries) ? entries : [];
  if (first !== undefined) return first;
  if (/ssm:|Parameter Store/.test(noSecret)) throw new Error(`${noSecret}.`);
  throw new Error("The target's CallbackSecret is missing: give it with --secret or in ZEGO_CALLBACK_SECRET.");
}

function readNumbers(options: Texts): Record<NumberName, number> {
  const entries = Object.entries(NUMBERS).map(([name, range]) => [
    name,
    number(name, options[name as NumberName], range),
  ]);
  return Object.fromEntries(entries);
}

function number(name: string, text: string | undefined, { fallback, min, max, whole = false }: Range): number {
  if (text === undefined) return fallback ?? Math.floor(Math.random() * (max + 1));
  const value = Number(text);
  if (!/^(\d+\.?\d*|\.\d+)$/.test(text) || value < min || value > max || (whole && !Number.isInteger(value))) {
    throw new Error(`--${name} takes a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
  }
  return value;
}
