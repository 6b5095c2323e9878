import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  type CloudFormationAccess,
  connectCloudFormation,
  readStack,
} from '../../../lib/tools/deploy/deployed-stack.ts';
import Plugin from '../../../lib/tools/deploy/plugin.ts';

interface Input {
  StackName: string;
  NextToken?: string;
}

const OUTPUTS = {
  CallbackUrl: 'https://api.example.com/callbacks/zego',
  ListUrl: 'https://api.example.com/streams',
  DashboardUrl: 'https://console.example.com/dashboard',
};
const TABLES = ['sessions-1', 'rooms-2'];

/** CloudFormation with one stack, which lists one resource a page, as osls and the official framework reach it. */
function cloudFormation() {
  const asked: string[] = [];
  const listed = [
    // One that an earlier removal skipped, before it failed, still exists.
    ...TABLES.map((name, i) => ({
      ...{ ResourceType: 'AWS::DynamoDB::Table', PhysicalResourceId: name },
      ...(i === 0 ? { ResourceStatus: 'DELETE_SKIPPED' } : {}),
    })),
    { ResourceType: 'AWS::CloudWatch::Alarm', PhysicalResourceId: 'deleted', ResourceStatus: 'DELETE_COMPLETE' },
  ].map((resource) => ({ ResourceStatus: 'CREATE_COMPLETE', ...resource }));
  const answer = (operation: string, { StackName, NextToken }: Input) => {
    asked.push(`${operation} ${StackName}`);
    if (operation === 'describeStacks') {
      const outputs = Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
      return { Stacks: [{ Outputs: outputs }] };
    }
    const page = Number(NextToken ?? '0');
    const next = page + 1 < listed.length ? { NextToken: String(page + 1) } : {};
    return { StackResourceSummaries: [listed[page]], ...next };
  };
  const send = async (command: object) => {
    const name = command.constructor.name.replace(/Command$/, '');
    return answer(`${name.charAt(0).toLowerCase()}${name.slice(1)}`, (command as { input: Input }).input);
  };
  const osls = { getCloudFormationClient: async () => ({ send }), request: denied };
  const official = {
    request: async (_: string, operation: string, input: object) => answer(operation, input as Input),
  };
  return { asked, osls, official };
}

const denied = async () => {
  throw new Error('User x is not authorized to perform: cloudformation:ListStackResources');
};

it.each(['osls', 'official'] as const)(
  'a stack is read through %s: its outputs and all pages of its resources, without those that an update deleted',
  async (framework) => {
    const { asked, ...access } = cloudFormation();
    expect(await readStack(await connectCloudFormation(access[framework]), 'stack')).toEqual({
      outputs: OUTPUTS,
      resources: TABLES.map((name) => ({ type: 'AWS::DynamoDB::Table', name })),
    });
    const list = 'listStackResources stack';
    expect(asked).toEqual(['describeStacks stack', list, list, list]);
  },
);

describe('the plugin', () => {
  const warning = vi.fn();
  const log = { notice: vi.fn(), warning };
  const writeText = vi.fn();
  const addServiceOutputSection = vi.fn();
  beforeEach(() => vi.clearAllMocks());
  afterEach(() => vi.unstubAllEnvs());

  function plugin(access: CloudFormationAccess) {
    const provider = {
      naming: { getStackName: () => 'stack' },
      getStage: () => 'prod',
      getRegion: () => 'eu-central-1',
      ...access,
    };
    const serverless = { getProvider: () => provider, addServiceOutputSection } as never;
    return new Plugin(serverless, {}, { log, writeText }).hooks;
  }
  it('prints what is deployed, whatever is configured locally', async () => {
    for (const [name, value] of Object.entries({ LIST_TOKEN: 'public', ALARM_EMAIL: 'a@b.c', LIVE_SHARDS: 'x' })) {
      vi.stubEnv(name, value);
    }
    await plugin(cloudFormation().osls)['after:aws:info:gatherData']();
    expect(addServiceOutputSection.mock.calls.map(([name]) => name)).toEqual(['created', 'next steps']);
    const printed = String(addServiceOutputSection.mock.calls);
    expect(printed).toContain('2 tables, ');
    expect(printed).toContain('$LIST_TOKEN');
    expect(printed).not.toContain('a@b.c');
  });

  it('prints one line where the stack cannot be read, and does not fail', async () => {
    await plugin({ request: denied })['after:aws:info:gatherData']();
    expect(addServiceOutputSection).not.toHaveBeenCalled();
    expect(warning.mock.calls).toEqual([
      [
        'The deployed stack cannot be read, so there is no summary: User x is not authorized to perform: cloudformation:ListStackResources',
      ],
    ]);
  });

  it('reads the stack before it is removed, and prints afterwards which tables were kept', async () => {
    const { asked, osls } = cloudFormation();
    const hooks = plugin(osls);
    await hooks['before:remove:remove']();
    expect(writeText).not.toHaveBeenCalled();
    const before = asked.length;
    hooks.finalize();
    expect(asked).toHaveLength(before);
    for (const name of TABLES) {
      expect(String(writeText.mock.calls)).toContain(`delete-table --region eu-central-1 --table-name ${name} `);
    }
  });

  it('prints nothing of a removal after other commands, and only a warning where the stack cannot be read', async () => {
    plugin(cloudFormation().osls).finalize();
    expect(warning).not.toHaveBeenCalled();
    const hooks = plugin({ request: denied });
    await hooks['before:remove:remove']();
    hooks.finalize();
    expect(writeText).not.toHaveBeenCalled();
    expect(warning).toHaveBeenCalledTimes(1);
  });
});
