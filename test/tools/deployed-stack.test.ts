import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readStack } from '../../lib/tools/deployed-stack.ts';
import Plugin from '../../lib/tools/plugin.ts';

interface Command {
  constructor: { name: string };
  input: { StackName: string; NextToken?: string };
}

const OUTPUTS = {
  CallbackUrl: 'https://api.example.com/callbacks/zego',
  ListUrl: 'https://api.example.com/streams',
  DashboardUrl: 'https://console.example.com/dashboard',
};
const TABLES = ['sessions-1', 'rooms-2'];

/** CloudFormation with one stack, which lists one resource a page. */
function cloudFormation() {
  const sent: string[] = [];
  const listed = [
    ...TABLES.map((name) => ({ ResourceType: 'AWS::DynamoDB::Table', PhysicalResourceId: name })),
    { ResourceType: 'AWS::CloudWatch::Alarm', PhysicalResourceId: 'deleted', ResourceStatus: 'DELETE_COMPLETE' },
  ].map((resource) => ({ ResourceStatus: 'CREATE_COMPLETE', ...resource }));
  const send = async (command: Command) => {
    const { StackName, NextToken } = command.input;
    sent.push(`${command.constructor.name} ${StackName}`);
    if (command.constructor.name === 'DescribeStacksCommand') {
      const outputs = Object.entries(OUTPUTS).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
      return { Stacks: [{ Outputs: outputs }] };
    }
    const page = Number(NextToken ?? '0');
    const next = page + 1 < listed.length ? { NextToken: String(page + 1) } : {};
    return { StackResourceSummaries: [listed[page]], ...next };
  };
  return { send, sent };
}

it('a stack is read with its outputs and all pages of its resources, without those that an update deleted', async () => {
  const client = cloudFormation();
  expect(await readStack(client, 'stack')).toEqual({
    outputs: OUTPUTS,
    resources: TABLES.map((name) => ({ type: 'AWS::DynamoDB::Table', name })),
  });
  expect(client.sent).toEqual([
    'DescribeStacksCommand stack',
    'ListStackResourcesCommand stack',
    'ListStackResourcesCommand stack',
    'ListStackResourcesCommand stack',
  ]);
});

describe('the plugin', () => {
  const warning = vi.fn();
  const log = { notice: vi.fn(), warning };
  const writeText = vi.fn();
  const addServiceOutputSection = vi.fn();
  beforeEach(() => vi.clearAllMocks());
  afterEach(() => vi.unstubAllEnvs());

  /** @param client the framework's, which a test may replace */
  function plugin(client: { send: (command: Command) => Promise<unknown> }) {
    const provider = {
      naming: { getStackName: () => 'stack' },
      getStage: () => 'prod',
      getRegion: () => 'eu-central-1',
      getCloudFormationClient: async () => client,
    };
    const serverless = { getProvider: () => provider, addServiceOutputSection } as never;
    return new Plugin(serverless, {}, { log, writeText }).hooks;
  }
  const denied = {
    send: async () => {
      throw new Error('User x is not authorized to perform: cloudformation:ListStackResources');
    },
  };

  it('prints what is deployed, whatever is configured locally', async () => {
    for (const [name, value] of Object.entries({ LIST_TOKEN: 'public', ALARM_EMAIL: 'a@b.c', LIVE_SHARDS: 'x' })) {
      vi.stubEnv(name, value);
    }
    await plugin(cloudFormation())['after:aws:info:gatherData']();
    expect(addServiceOutputSection.mock.calls.map(([name]) => name)).toEqual(['created', 'next steps']);
    const printed = String(addServiceOutputSection.mock.calls);
    expect(printed).toContain('2 tables, ');
    expect(printed).toContain('$LIST_TOKEN');
    expect(printed).not.toContain('a@b.c');
  });

  it('prints one line where the stack cannot be read, and does not fail', async () => {
    await plugin(denied)['after:aws:info:gatherData']();
    expect(addServiceOutputSection).not.toHaveBeenCalled();
    expect(warning.mock.calls).toEqual([
      [
        'The deployed stack cannot be read, so there is no summary: User x is not authorized to perform: cloudformation:ListStackResources',
      ],
    ]);
  });

  it('reads the stack before it is removed, and prints afterwards which tables were kept', async () => {
    const client = cloudFormation();
    const hooks = plugin(client);
    await hooks['before:remove:remove']();
    expect(writeText).not.toHaveBeenCalled();
    const before = client.sent.length;
    hooks.finalize();
    expect(client.sent).toHaveLength(before);
    for (const name of TABLES) {
      expect(String(writeText.mock.calls)).toContain(`delete-table --region eu-central-1 --table-name ${name} `);
    }
  });

  it('prints nothing of a removal after other commands, and only a warning where the stack cannot be read', async () => {
    plugin(cloudFormation()).finalize();
    expect(warning).not.toHaveBeenCalled();
    const hooks = plugin(denied);
    await hooks['before:remove:remove']();
    hooks.finalize();
    expect(writeText).not.toHaveBeenCalled();
    expect(warning).toHaveBeenCalledTimes(1);
  });
});
