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

/** The framework's CloudFormation client. */
export interface CloudFormation {
  // biome-ignore lint/suspicious/noExplicitAny: the commands are the framework's too, so their types are not ours
  send: (command: any) => Promise<any>;
}

/** @throws the SDK's error: no such stack, no permission, no credentials */
export async function readStack(cloudFormation: CloudFormation, StackName: string): Promise<DeployedStack> {
  const { DescribeStacksCommand, ListStackResourcesCommand } = frameworkSdk();
  const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName }));
  const outputs = (Stacks[0].Outputs ?? []).map((output: Record<string, string>) => [
    output.OutputKey,
    output.OutputValue,
  ]);
  const resources: StackResource[] = [];
  let NextToken: string | undefined;
  do {
    const page = await cloudFormation.send(new ListStackResourcesCommand({ StackName, NextToken }));
    for (const { ResourceType, PhysicalResourceId, ResourceStatus } of page.StackResourceSummaries) {
      // An update may have deleted some of those that are listed.
      if (!ResourceStatus.startsWith('DELETE')) resources.push({ type: ResourceType, name: PhysicalResourceId });
    }
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return { outputs: Object.fromEntries(outputs), resources };
}

/** The AWS SDK that the framework depends on. It is not a dependency of ours. */
function frameworkSdk() {
  const framework = createRequire(import.meta.url).resolve('serverless/package.json');
  return createRequire(framework)('@aws-sdk/client-cloudformation');
}
