import { checkEnvironment, type Environment, readConfig, type VariableName } from '../config.ts';
import { bundleName, writeBundles } from './bundle.ts';
import { demoEnvironment, playDemo } from './demo.ts';
import { type LocalStack, startLocal } from './local.ts';
import type { Service } from './service.ts';
import { onStop } from './stop.ts';
import { type Output, summarize } from './summary.ts';
import { configured, parameterOf, stageSettings, switches } from './template.ts';

interface Serverless {
  /** serverless.yml, resolved. */
  configurationInput: unknown;
  classes: { Error: new (message: string, code: string) => Error };
  pluginManager: { plugins: object[] };
  /** Printed at the end of `deploy` and `info`. */
  addServiceOutputSection: (name: string, lines: string[]) => void;
}

/** What a source of variables is asked. */
interface Asked {
  address: string;
  resolveVariable: (variable: string) => Promise<string>;
}

interface Log {
  warning: (text: string) => void;
}

/**
 * Our part of the Serverless Framework: it checks the configuration and builds the bundles before anything is
 * packaged, says at the end what was made and what is left to do, and runs the stack on this machine. `remove`, `info`
 * and `logs` need no variable set.
 */
export default class Plugin {
  private readonly serverless: Serverless;
  private readonly log: Log;

  readonly commands = {
    local: { usage: 'Runs the whole stack on this machine', lifecycleEvents: ['start'] },
    demo: { usage: 'Runs it with a simulated ZEGO that plays into it', lifecycleEvents: ['start'] },
  };

  readonly hooks = {
    'before:package:initialize': () => this.prepare(),
    'before:deploy:function:initialize': () => this.prepare(),
    'after:aws:info:gatherData': () => this.summarize(),
    'local:start': () => untilStopped(() => this.start(process.env, (text) => process.stdout.write(text))),
    'demo:start': () => untilStopped(() => this.demo()),
  };

  /** What stands in serverless.yml as `${config:…}` and the like: template.ts. */
  readonly configurationVariablesSources = {
    config: { resolve: async ({ address }: Asked) => ({ value: configured(address as VariableName) }) },
    parameter: { resolve: async ({ address }: Asked) => ({ value: parameterOf(address as VariableName) }) },
    switch: { resolve: async ({ address }: Asked) => ({ value: switches()[address] }) },
    stage: {
      resolve: async ({ address, resolveVariable }: Asked) => ({
        value: stageSettings(await resolveVariable('sls:stage'))[address],
      }),
    },
  };

  constructor(serverless: Serverless, _options: unknown, { log }: { log: Log }) {
    this.serverless = serverless;
    this.log = log;
  }

  private get service(): Service {
    return this.serverless.configurationInput as Service;
  }

  private async prepare(): Promise<void> {
    try {
      for (const warning of checkEnvironment('deploy')) this.log.warning(warning);
    } catch (error) {
      throw new this.serverless.classes.Error((error as Error).message, 'INVALID_CONFIGURATION');
    }
    await writeBundles(Object.values(this.service.functions).map(({ handler }) => bundleName(handler)));
  }

  private summarize(): void {
    // The framework's own plugin keeps what it was told, and hands it to nobody.
    const info = this.serverless.pluginManager.plugins.find((plugin) => plugin.constructor.name === 'AwsInfo');
    const { gatheredData } = (info ?? {}) as { gatheredData?: { outputs?: Output[] } };
    const sections = Object.entries(summarize(this.service, gatheredData?.outputs ?? []));
    for (const [name, lines] of sections) this.serverless.addServiceOutputSection(name, lines);
  }

  private async start(environment: Environment, onLog: (text: string) => void): Promise<LocalStack> {
    const onWarning = (sentence: string) => process.stderr.write(`Warning: ${sentence}\n`);
    const stack = await startLocal({ service: this.service, environment, onLog, onWarning });
    process.stdout.write(`Listening on ${stack.url}\n`);
    return stack;
  }

  private async demo(): Promise<Running> {
    const environment = demoEnvironment(process.env);
    const stack = await this.start(environment, () => {});
    const open = readConfig(['LIST_TOKEN'], environment).LIST_TOKEN === 'public';
    const header = open ? '' : "-H 'Authorization: Bearer …one of LIST_TOKEN…' ";
    process.stdout.write(`The live list:  curl ${header}${stack.url}/streams\n`);
    process.stdout.write('End it with Ctrl-C. What a simulated ZEGO sends:\n\n');
    const demo = playDemo(stack.url, environment, (line) => process.stdout.write(`${line}\n`));
    return {
      close: async () => {
        await demo.close();
        await stack.close();
      },
    };
  }
}

interface Running {
  close: () => Promise<void>;
}

/** Runs until Ctrl-C or SIGTERM. What goes wrong at the start is one sentence and exit code 1. */
async function untilStopped(start: () => Promise<Running>): Promise<void> {
  let running: Running;
  try {
    running = await start();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
  await new Promise<void>((resolve) => {
    onStop(resolve);
    // Nobody reads any more.
    process.stdout.once('error', () => resolve());
  });
  await running.close();
}
