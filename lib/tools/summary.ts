import { existsSync } from 'node:fs';
import type { Service } from './service.ts';
import { configured, stageSettings, switches } from './template.ts';

/** What CloudFormation tells of the stack that was deployed. */
export interface Output {
  OutputKey: string;
  OutputValue: string;
}

/**
 * What a deployment made, and what is left to do.
 * @param service serverless.yml, resolved
 * @returns sections of lines; none without the stack's URLs
 */
export function summarize({ functions, provider, resources }: Service, outputs: readonly Output[]) {
  const urlOf = (key: string) => outputs.find(({ OutputKey }) => OutputKey === key)?.OutputValue;
  const [callbackUrl, listUrl, dashboardUrl] = [urlOf('CallbackUrl'), urlOf('ListUrl'), urlOf('DashboardUrl')];
  if (callbackUrl === undefined || listUrl === undefined || dashboardUrl === undefined) return {};

  const count = (type: string) =>
    Object.values(resources.Resources).filter(
      ({ Type, Condition }) => Type === type && (Condition === undefined || switches()[Condition] === 'true'),
    ).length;
  const kept = stageSettings(provider.stage).DeletionProtectionEnabled === true;
  const email = configured('ALARM_EMAIL');
  const open = configured('LIST_TOKEN') === 'public';
  return {
    made: [
      `${Object.keys(functions).length} functions, behind an HTTP API`,
      `${count('AWS::DynamoDB::Table')} tables, which ${kept ? 'stay when the stack is removed' : 'are removed with the stack'}`,
      `${count('AWS::CloudWatch::Alarm')} alarms, sent to ${email === '' ? 'nobody (set ALARM_EMAIL)' : email}`,
      `a dashboard: ${dashboardUrl}`,
    ],
    'to do': [
      `1. In ZEGO's console, set this as the URL of the stream and the room events: ${callbackUrl}`,
      `2. Check all of it:  npm run doctor -- ${callbackUrl.replace(/\/callbacks\/zego$/, '')}${stageOption(provider.stage)}`,
      `3. Read the list:  curl ${open ? '' : "-H 'Authorization: Bearer …one of LIST_TOKEN…' "}${listUrl}`,
      ...(email === '' ? [] : [`4. Confirm the mail that AWS sent to ${email}, once: no alarm is sent before.`]),
    ],
  };
}

/** Where the stage has settings of its own, the doctor needs them, too. */
function stageOption(stage: string): string {
  return stage !== 'dev' && existsSync(`.env.${stage}`) ? ` --stage ${stage}` : '';
}
