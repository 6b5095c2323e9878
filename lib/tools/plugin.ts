import { checkEnvironment, type Environment, readConfig, type VariableName } from '../config.ts';
import { bundleName, writeBundles } from './bundle.ts';
import { demoEnvironment, playDemo } from './demo.ts';
import { type CloudFormation, type DeployedStack, readStack } from './deployed-stack.ts';
import { type LocalStack, startLocal } from './local.ts';
import { reportRemoval } from './removal.ts';
import type { Service } from './service.ts';
import { onStop } from './stop.ts';
import { summarize } from './summary.ts';
import { configured, parameterOf, stageSettings, switches } from './template.ts';

interface Serverless {
  /** serverless.yml, resolved. */
  configurationInput: unknown;
  classes: { Error: new (message: string, code: string) => Error };
  getProvider: (name: 'aws') => Provider;
  /** Printed at the end of `deploy` and `info`. */
  addServiceOutputSection: (name: string, lines: string[]) => void;
}

interface Provider {
  naming: { getStackName: () => string };
  getStage: () => string;
  getRegion: () => string;
  getCloudFormationClient: () => Promise<CloudFormation>;
}

/** What a source of variables is asked. */
interface Asked {
  address: string;
  resolveVariable: (variable: string) => Promise<string>;
}

interface Log {
  warning: (text: string) => void;
}

/** How a plugin writes: notices to stderr, results to stdout. */
interface Writers {
  log: Log;
  writeText: (text: string) => void;
}

/**
 * Our part of the Serverless Framework: it checks the configuration and builds the bundles before anything is
 * packaged, prints what a deployment created and what a removal left behind, and runs the stack on this machine.
 * `remove`, `info` and `logs` need no variable set.
 */
export default class Plugin {
  private readonly serverless: Serverless;
  private readonly log: Log;
  private readonly writeText: Writers['writeText'];
  /** The stack that `remove` removes, read while it exists. */
  private removed: DeployedStack | undefined;

  readonly commands = {
    local: { usage: 'Runs the whole stack on this machine', lifecycleEvents: ['start'] },
    demo: { usage: 'Runs it with a simulated ZEGO that plays into it', lifecycleEvents: ['start'] },
  };

  readonly hooks = {
    'before:package:initialize': () => this.prepare(),
    'before:deploy:function:initialize': () => this.prepare(),
    'after:aws:info:gatherData': () => this.summarize(),
    'before:remove:remove': () => this.rememberStack(),
    // After the framework has said that the removal succeeded.
    finalize: () => this.reportRemoval(),
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

  constructor(serverless: Serverless, _options: unknown, { log, writeText }: Writers) {
    this.serverless = serverless;
    this.log = log;
    this.writeText = writeText;
  }

  private get provider(): Provider {
    return this.serverless.getProvider('aws');
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

  private async summarize(): Promise<void> {
    const stack = await this.readStack('The deployed stack cannot be read, so there is no summary');
    if (stack === undefined) return;
    const sections = Object.entries(summarize(stack, this.provider.getStage()));
    for (const [name, lines] of sections) this.serverless.addServiceOutputSection(name, lines);
  }

  private async rememberStack(): Promise<void> {
    this.removed = await this.readStack('The stack cannot be read, so the end will not say which tables were kept');
  }

  private reportRemoval(): void {
    if (this.removed !== undefined) this.writeText(`\n${reportRemoval(this.removed, this.provider.getRegion())}`);
  }

  /** Reads the deployed stack. A failure is a warning: the framework's own command should go on. */
  private async readStack(consequence: string): Promise<DeployedStack | undefined> {
    try {
      return await readStack(await this.provider.getCloudFormationClient(), this.provider.naming.getStackName());
    } catch (error) {
      this.log.warning(`${consequence}: ${(error as Error).message}`);
      return undefined;
    }
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
