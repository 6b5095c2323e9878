import { checkDashes } from '../command.ts';
import type { Service } from '../serverless-config.ts';
import { inspectSettings } from '../settings.ts';
import { onStop } from '../stop.ts';
import { curlLine } from '../terminal.ts';
import { weaknesses } from '../weak-secrets.ts';
import { demoEnvironment, playDemo } from './demo.ts';
import { startLocal } from './local.ts';
import { createLogLines } from './log-lines.ts';
import { reloadOnChange } from './reload.ts';

interface Running {
  isDebugged: boolean;
  close: () => Promise<void>;
}

export interface RunOptions {
  /** Whether changed functions are reloaded. */
  watch: boolean;
  /** The option `--inspect`, as it was given. */
  inspect: string | undefined;
}

/** `npm start` and `npm run dev`: the stack alone, until it is stopped. */
export function runStack(service: Service, options: RunOptions): Promise<void> {
  return untilStopped(async () => {
    const environment = process.env;
    checkDashes(options.watch ? 'npm run dev' : 'npm start', ['stage', 'inspect'], environment);
    const inspectPort = readPort(options.inspect);
    const { sources, warnings } = inspectSettings(service.provider.stage, environment);
    for (const warning of warnings) warn(warning);
    const { stdout } = process;
    const write = (text: string) => stdout.write(text);
    const onLog = stdout.isTTY ? createLogLines(write) : write;
    const stack = await startLocal({ service, environment, sources, inspectPort, onLog, onWarning: warn });
    for (const warning of weaknesses(environment)) warn(warning);
    print(`Listening on ${stack.url}`);
    print(`Callback URL:   ${stack.url}/callbacks/zego`);
    print(`The live list:  ${curlLine(`${stack.url}/streams`, stack.isOpen)}`);
    print(`Play a simulated ZEGO into it, in another terminal:  npm run simulate -- --url ${stack.url}`);
    return options.watch ? reloadOnChange(stack, service, { print, complain }) : stack;
  });
}

/** @throws Error with one sentence that says what to change */
function readPort(inspect: string | undefined): number | undefined {
  if (inspect === undefined) return undefined;
  const port = Number(inspect);
  if (!/^\d+$/.test(inspect) || port > MAX_INSPECT_PORT) {
    throw new Error(`--inspect must be a port from 0 to ${MAX_INSPECT_PORT}, such as 9229; got ${inspect}.`);
  }
  return port;
}

/** The functions have the ports that follow. */
const MAX_INSPECT_PORT = 65_000;

/** `npm run demo`: the stack with a simulated ZEGO that plays into it. */
export function runDemo(service: Service): Promise<void> {
  return untilStopped(async () => {
    const environment = demoEnvironment(process.env);
    const stack = await startLocal({ service, environment, onLog: () => {}, onWarning: warn });
    const early: string[] = [];
    let write = (line: string): void => void early.push(line);
    const demo = playDemo(stack.url, environment, (line) => write(line));
    await demo.ready;
    print(`Listening on ${stack.url}`);
    print(`The live list:  ${curlLine(`${stack.url}/streams`, stack.isOpen)}`);
    print('Press Ctrl-C to stop. Each line is a callback of the simulated ZEGO and the response to it.');
    print('(restart): the app was killed and opened again. (recreate): the app lost its network and came back.');
    print('');
    for (const line of early) print(line);
    write = print;
    return {
      ...stack,
      close: async () => {
        await demo.close();
        await stack.close();
      },
    };
  });
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function warn(sentence: string): void {
  complain(`Warning: ${sentence}`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Runs until Ctrl-C or SIGTERM, or until nobody reads what is printed. What fails at the start is one sentence. */
async function untilStopped(start: () => Promise<Running>): Promise<void> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
  await new Promise<void>((resolve) => onStop(() => resolve()));
  await running.close();
  // Everything is closed but threads that stand still: an ordinary end would wait for them.
  if (running.isDebugged) process.kill(process.pid, 'SIGTERM');
}
