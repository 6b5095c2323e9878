import type { DeployedStack } from './deployed-stack.ts';

/**
 * What a removed stack left behind, and how to delete it.
 * @param stack read before its removal
 */
export function reportRemoval({ outputs, resources }: DeployedStack, region: string): string {
  if (outputs.TableDeletionPolicy === 'Delete') {
    return 'Nothing is left: the tables were deleted with the stack. DynamoDB keeps a backup of each for 35 days, free of charge.\n';
  }
  const tables = resources.filter(({ type }) => type === 'AWS::DynamoDB::Table').map(({ name }) => name);
  if (tables.length === 0) {
    return 'CloudFormation lists no table of this stack. If an earlier removal failed, its tables may still exist: aws dynamodb list-tables shows them.\n';
  }
  // Pasted as a whole: output in the pager of the AWS CLI would swallow the next line.
  const commands = tables.flatMap((table) => {
    const options = `--region ${region} --table-name ${table}`;
    return [
      `aws dynamodb update-table ${options} --no-deletion-protection-enabled >/dev/null`,
      `aws dynamodb wait table-exists ${options}`,
      `aws dynamodb delete-table ${options} >/dev/null`,
    ];
  });
  return [
    'These tables were kept with their data. They cost storage until you delete them:',
    ...tables.map((table) => `  ${table}`),
    'To delete them and all their data, paste this into a shell:',
    ...commands.map((command) => `  ${command}`),
    '',
  ].join('\n');
}
