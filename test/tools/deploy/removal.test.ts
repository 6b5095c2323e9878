import { expect, it } from 'vitest';
import { reportRemoval } from '../../../lib/tools/deploy/removal.ts';

const resources = [
  { type: 'AWS::CloudWatch::Alarm', name: 'alarm' },
  { type: 'AWS::DynamoDB::Table', name: 'prod-Sessions-1' },
  { type: 'AWS::DynamoDB::Table', name: 'prod-Rooms-2' },
];

it.each([{ TableDeletionPolicy: 'RetainExceptOnCreate' }, {}])(
  'with the outputs %o it names the tables that were kept, with the commands that delete them',
  (outputs) => {
    expect(reportRemoval({ outputs, resources }, 'eu-central-1')).toBe(`\
These tables were kept with their data. They cost storage until you delete them:
  prod-Sessions-1
  prod-Rooms-2
To delete them and all their data, paste this into a shell:
  aws dynamodb update-table --region eu-central-1 --table-name prod-Sessions-1 --no-deletion-protection-enabled >/dev/null
  aws dynamodb wait table-exists --region eu-central-1 --table-name prod-Sessions-1
  aws dynamodb delete-table --region eu-central-1 --table-name prod-Sessions-1 >/dev/null
  aws dynamodb update-table --region eu-central-1 --table-name prod-Rooms-2 --no-deletion-protection-enabled >/dev/null
  aws dynamodb wait table-exists --region eu-central-1 --table-name prod-Rooms-2
  aws dynamodb delete-table --region eu-central-1 --table-name prod-Rooms-2 >/dev/null
`);
  },
);

it('says that a disposable stack left nothing', () => {
  expect(reportRemoval({ outputs: { TableDeletionPolicy: 'Delete' }, resources }, 'us-east-1')).toMatch(
    /^Nothing is left: .*\n$/,
  );
});

it('says what to look for where no table is listed', () => {
  expect(reportRemoval({ outputs: {}, resources: resources.slice(0, 1) }, 'us-east-1')).toMatch(
    /no table of this stack/,
  );
});
