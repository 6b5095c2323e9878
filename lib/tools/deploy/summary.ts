import { existsSync } from 'node:fs';
import { curlLine } from '../terminal.ts';
import type { DeployedStack } from './deployed-stack.ts';

/**
 * What a deployment created, and what is left to do. It describes the deployed stack alone, not the configuration of
 * whoever asks.
 * @returns sections of lines; none without the stack's URLs
 */
export function summarize({ outputs, resources }: DeployedStack, stage: string): Record<string, string[]> {
  const { CallbackUrl, ListUrl, DashboardUrl, AlarmEmail, ListAccess, TableDeletionPolicy } = outputs;
  if (CallbackUrl === undefined || ListUrl === undefined || DashboardUrl === undefined) return {};

  const count = (type: string) => resources.filter((resource) => resource.type === type).length;
  const tables = TableDeletionPolicy === 'Delete' ? 'deleted with the stack' : 'kept when the stack is removed';
  const isOpen = ListAccess === 'public';
  return {
    created: [
      `${count('AWS::Lambda::Function')} functions, behind an HTTP API`,
      `${count('AWS::DynamoDB::Table')} tables, ${tables}`,
      `${count('AWS::CloudWatch::Alarm')} alarms, sent to ${AlarmEmail ?? 'no one (set ALARM_EMAIL and deploy again)'}`,
      `a dashboard: ${DashboardUrl}`,
    ],
    'next steps': [
      `1. In ZEGO's console, set this URL for the stream events and the room events: ${CallbackUrl}`,
      `2. Check the deployment:  npm run doctor -- ${CallbackUrl.replace(/\/callbacks\/zego$/, '')}${stageOption(stage)}`,
      `3. Read the list${isOpen ? '' : ', with one of its tokens in LIST_TOKEN'}:  ${curlLine(ListUrl, isOpen)}`,
      ...(AlarmEmail === undefined
        ? []
        : [`4. Once: confirm the email that AWS sent to ${AlarmEmail}. No alarm is sent before that.`]),
    ],
  };
}

/** The doctor needs to know a stage that has settings of its own. */
function stageOption(stage: string): string {
  return stage !== 'dev' && existsSync(`.env.${stage}`) ? ` --stage ${stage}` : '';
}
