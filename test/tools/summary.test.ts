import { afterEach, expect, inject, it, vi } from 'vitest';
import { summarize } from '../../lib/tools/summary.ts';

const OUTPUTS = [
  { OutputKey: 'CallbackUrl', OutputValue: 'https://api.example.com/callbacks/zego' },
  { OutputKey: 'ListUrl', OutputValue: 'https://api.example.com/streams' },
  { OutputKey: 'DashboardUrl', OutputValue: 'https://console.example.com/dashboard' },
  { OutputKey: 'HttpApiId', OutputValue: 'abc' },
];
const service = inject('service');
const prod = { ...service, provider: { ...service.provider, stage: 'prod' } };

afterEach(() => {
  vi.unstubAllEnvs();
});

it('a deployment with nothing set says whom its alarms reach, and how its list is read', () => {
  vi.stubEnv('LIST_TOKEN', 'MARK');
  const sections = summarize(prod, OUTPUTS);
  expect(sections).toEqual({
    made: [
      '3 functions, behind an HTTP API',
      '2 tables, which stay when the stack is removed',
      '7 alarms, sent to nobody (set ALARM_EMAIL)',
      'a dashboard: https://console.example.com/dashboard',
    ],
    'to do': [
      "1. In ZEGO's console, set this as the URL of the stream and the room events: https://api.example.com/callbacks/zego",
      '2. Check all of it:  npm run doctor -- https://api.example.com',
      "3. Read the list:  curl -H 'Authorization: Bearer …one of LIST_TOKEN…' https://api.example.com/streams",
    ],
  });
});

it('one with everything on, in a disposable stage, says that a mail has to be confirmed', () => {
  vi.stubEnv('LIST_TOKEN', 'public');
  vi.stubEnv('ALARM_EMAIL', 'ops@example.com');
  vi.stubEnv('SILENCE_MINUTES', '30');
  const { made, 'to do': todo } = summarize(service, OUTPUTS);
  expect(made).toContain('2 tables, which are removed with the stack');
  expect(made).toContain('8 alarms, sent to ops@example.com');
  expect(todo).toContain('3. Read the list:  curl https://api.example.com/streams');
  expect(todo?.at(-1)).toMatch(/^4\. Confirm the mail that AWS sent to ops@example\.com/);
});

it('a stack without those URLs is none that was deployed', () => {
  expect(summarize(service, OUTPUTS.slice(1))).toEqual({});
});
