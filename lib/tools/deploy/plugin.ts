import type { VariableName } from '../../config.ts';
import type { Service } from '../serverless-config.ts';
import { checkDeployment } from '../settings.ts';
import { type RunOptions, runDemo, runStack } from '../stack/run-stack.ts';
import { watchReader } from '../stop.ts';
import { bundleName, writeBundles } from './bundle.ts';
import { type CloudFormationAccess, connectCloudFormation, type DeployedStack, readStack } from './deployed-stack.ts';
import { checkNames } from './names.ts';
import { reportRemoval } from './removal.ts';
import { configured, parameterOf, stageSettings, switches } from './serverless-variables.ts';
import { summarize } from './summary.ts';

interface Serverless {
  /** serverless.yml, resolved. */
  configurationInput: unknown;
  classes: { Error: new (message: string, code: string) => Error };
  getProvider: (name: 'aws') => Provider;
  /** Printed at the end of `deploy` and `info`. */
  addServiceOutputSection: (name: string, lines: string[]) => void;
}

interface Provider extends CloudFormationAccess {
  naming: { getStackName: () => string };
  getStage: () => string;
  getRegion: () => string;
}

/** What a source of variables is asked. */
interface Asked {
  address: string;
  resolveVariable: (variable: string) => Promise<string>;
}

interface Log {
  notice: (text: string) => void;
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
  private readonly local: RunOptions;
  private readonly log: Log;
  private readonly writeText: Writers['writeText'];
  /** The stack that `remove` removes, read while it exists. */
  private removed: DeployedStack | undefined;

  readonly commands = {
    local: {
      usage: 'Runs the whole stack on this machine',
      lifecycleEvents: ['start'],
      options: {
        watch: { usage: 'Reload the functions when their files change', type: 'boolean' },
        inspect: { usage: 'Debugger port of the first function; the next ones follow', type: 'string' },
      },
    },
    demo: { usage: 'Runs it with a simulated ZEGO that plays into it', lifecycleEvents: ['start'] },
  };

  readonly hooks = {
    'before:package:initialize': () => this.prepare(),
    'before:deploy:function:initialize': () => this.prepare(),
    'after:aws:info:gatherData': () => this.summarize(),
    'before:remove:remove': () => this.rememberStack(),
    // After the framework has said that the removal succeeded.
    finalize: () => this.reportRemoval(),
    'local:start': () => runStack(this.service, this.local),
    'demo:start': () => runDemo(this.service),
  };

  /** What stands in serverless.yml as `${config:…}` and the like: serverless-variables.ts. */
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

  constructor(serverless: Serverless, { watch = false, inspect }: Partial<RunOptions>, { log, writeText }: Writers) {
    watchReader();
    this.serverless = serverless;
    this.local = { watch, inspect };
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
      checkNames(this.service);
      const { source, warnings } = checkDeployment(this.provider.getStage(), process.env);
      this.log.notice(source);
      for (const warning of warnings) this.log.warning(warning);
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
      return await readStack(await connectCloudFormation(this.provider), this.provider.naming.getStackName());
    } catch (error) {
      this.log.warning(`${consequence}: ${(error as Error).message}`);
      return undefined;
    }
  }
}
