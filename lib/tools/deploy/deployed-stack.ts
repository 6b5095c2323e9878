import { createRequire } from 'node:module';

/** A deployed stack, as CloudFormation describes it. */
export interface DeployedStack {
  outputs: Readonly<Record<string, string>>;
  resources: readonly StackResource[];
}

export interface StackResource {
  /** Such as `AWS::DynamoDB::Table`. */
  type: string;
  /** The name or id that AWS knows it by. */
  name: string;
}

/** Asks CloudFormation for an operation, such as `describeStacks`. */
// biome-ignore lint/suspicious/noExplicitAny: the response of any operation
export type CloudFormation = (operation: string, input: object) => Promise<any>;

/** How the framework reaches CloudFormation: osls with the client of SDK v3, the official framework with `request()`. */
export interface CloudFormationAccess {
  getCloudFormationClient?: () => Promise<{ send: (command: object) => Promise<unknown> }>;
  request: (service: 'CloudFormation', operation: string, input: object) => Promise<unknown>;
}

export async function connectCloudFormation(provider: CloudFormationAccess): Promise<CloudFormation> {
  const client = await provider.getCloudFormationClient?.();
  if (client === undefined) return (operation, input) => provider.request('CloudFormation', operation, input);
  const sdk = sdkOfFramework();
  return (operation, input) => {
    const Command = sdk[`${operation.charAt(0).toUpperCase()}${operation.slice(1)}Command`];
    return client.send(new Command(input));
  };
}

/** @throws the SDK's error: no such stack, no permission, no credentials */
export async function readStack(ask: CloudFormation, StackName: string): Promise<DeployedStack> {
  const { Stacks } = await ask('describeStacks', { StackName });
  const outputs = (Stacks[0].Outputs ?? []).map((output: Record<string, string>) => [
    output.OutputKey,
    output.OutputValue,
  ]);
  const resources: StackResource[] = [];
  let NextToken: string | undefined;
  do {
    const page = await ask('listStackResources', { StackName, NextToken });
    for (const { ResourceType, PhysicalResourceId, ResourceStatus } of page.StackResourceSummaries) {
      // A resource that an update deleted is still listed. One that a removal skipped still exists.
      if (ResourceStatus !== 'DELETE_COMPLETE') resources.push({ type: ResourceType, name: PhysicalResourceId });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return { outputs: Object.fromEntries(outputs), resources };
}

/** osls depends on the client of CloudFormation; this project does not. */
function sdkOfFramework() {
  const framework = createRequire(import.meta.url).resolve('serverless/package.json');
  return createRequire(framework)('@aws-sdk/client-cloudformation');
}
