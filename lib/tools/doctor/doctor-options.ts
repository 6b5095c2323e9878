import { Option } from 'commander';
import type { Environment, Sources } from '../../config.ts';
import { createCommand, type Given, textOption } from '../command.ts';
import { readTarget, TARGET_OPTIONS, type Target, type TargetOptions } from '../target.ts';

export interface DoctorOptions extends Target {
  /** Another secret of the project, which must sign nothing. */
  serverSecret: string | undefined;
  /** undefined: any will do */
  origin: string | undefined;
  /** Whether checks that lack an option leave the exit code at 0. */
  allowSkipped: boolean;
  json: boolean;
}

interface Texts extends TargetOptions {
  origin?: string;
  serverSecret?: string;
  allowSkipped?: true;
  json?: true;
}

export const COMMAND = createCommand('npm run doctor', 'Checks a deployment end to end, and says what is wrong.', [
  ...TARGET_OPTIONS,
  textOption('--origin <origin>', 'the site whose pages read the list, such as https://app.example.com'),
  textOption(
    '--server-secret <secret>',
    "the project's ServerSecret: checks that it is not taken for the CallbackSecret",
  ),
  new Option('--allow-skipped', 'exit code 0 also when checks were skipped because an option is missing'),
  new Option('--json', 'prints one JSON document instead of text; none when it ends early, and stderr says why'),
]).argument('[url]', 'the base URL of the API, or the callback URL');

/**
 * @param sources where a person finds the settings
 * @throws Error with one sentence that says what to change
 */
export function readOptions(
  { options, operands }: Given<Texts>,
  environment: Environment,
  sources?: Sources,
): DoctorOptions {
  const [url, ...more] = operands;
  if (url === undefined) throw new Error('Say where the API answers: npm run doctor -- URL.');
  if (more.length > 0) {
    throw new Error(
      'One URL is enough: write the name of an option before each other argument, and -- before them all.',
    );
  }
  const target = readTarget(url, options, environment, sources);
  checkTransport(target.url);
  const serverSecret = options.serverSecret?.trim() || undefined;
  if (/^ssm:/i.test(serverSecret ?? '')) throw new Error('--server-secret takes the secret itself, not ssm:….');
  if (serverSecret !== undefined && target.secret?.trim() === serverSecret) {
    throw new Error(`${target.secretFrom} and --server-secret are the same: copy both again from ZEGO's console.`);
  }
  return {
    ...target,
    serverSecret,
    origin: readOrigin(options.origin),
    allowSkipped: options.allowSkipped ?? false,
    json: options.json ?? false,
  };
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

function checkTransport(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) {
    throw new Error(
      'The URL begins with http://: ZEGO would send signatures, and readers their tokens, for everybody on the way to read. Use https://.',
    );
  }
}

function readOrigin(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined;
  if (URL.parse(given)?.origin !== given) {
    throw new Error('--origin takes an origin such as https://app.example.com: no path, no slash at the end.');
  }
  return given;
}
