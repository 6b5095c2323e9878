import { expect, it } from 'vitest';
import { summarize } from '../../../lib/tools/deploy/summary.ts';

const OUTPUTS = {
  CallbackUrl: 'https://api.example.com/callbacks/zego',
  ListUrl: 'https://api.example.com/streams',
  DashboardUrl: 'https://console.example.com/dashboard',
  ListAccess: 'token',
  TableDeletionPolicy: 'RetainExceptOnCreate',
  HttpApiId: 'abc',
};

const resourcesOf = (counts: Record<string, number>) =>
  Object.entries(counts).flatMap(([type, count]) => Array.from({ length: count }, (_, i) => ({ type, name: `${i}` })));
const RESOURCES = resourcesOf({
  'AWS::Lambda::Function': 3,
  'AWS::DynamoDB::Table': 2,
  'AWS::CloudWatch::Alarm': 11,
  'AWS::IAM::Role': 3,
});

it('a stack without an email says how its alarms get one, and how its list is read', () => {
  expect(summarize({ outputs: OUTPUTS, resources: RESOURCES }, 'prod')).toEqual({
    created: [
      '3 functions, behind an HTTP API',
      '2 tables, kept when the stack is removed',
      '11 alarms, sent to no one (set ALARM_EMAIL and deploy again)',
      'a dashboard: https://console.example.com/dashboard',
    ],
    'next steps': [
      "1. In ZEGO's console, set this URL for the stream events and the room events: https://api.example.com/callbacks/zego",
      '2. Check the deployment:  npm run doctor -- https://api.example.com',
      '3. Read the list, with one of its tokens in LIST_TOKEN:  curl -H "Authorization: Bearer $LIST_TOKEN" https://api.example.com/streams',
    ],
  });
});

it('a disposable stack with an open list and an email says that the email has to be confirmed', () => {
  const outputs = {
    ...OUTPUTS,
    ListAccess: 'public',
    TableDeletionPolicy: 'Delete',
    AlarmEmail: 'ops@example.com',
  };
  const { created, 'next steps': next } = summarize({ outputs, resources: RESOURCES }, 'ci-7');
  expect(created).toContain('2 tables, deleted with the stack');
  expect(created).toContain('11 alarms, sent to ops@example.com');
  expect(next?.slice(2)).toEqual([
    '3. Read the list:  curl https://api.example.com/streams',
    '4. Once: confirm the email that AWS sent to ops@example.com. No alarm is sent before that.',
  ]);
});

it.each(['CallbackUrl', 'ListUrl', 'DashboardUrl'])('a stack without %s gets no summary', (name) => {
  expect(summarize({ outputs: { ...OUTPUTS, [name]: undefined as never }, resources: RESOURCES }, 'prod')).toEqual({});
});
