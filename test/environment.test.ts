import { readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { removePersonalVariables } from './support/environment.ts';

describe('the environment of the tests', () => {
  it('has what programs, output and tests take, and no other variable', () => {
    const kept = {
      PATH: '/bin',
      TMPDIR: '/tmp',
      CI: 'true',
      NO_COLOR: '1',
      SEED: '7',
      TEST_DYNAMODB_ENDPOINT: 'http://x',
    };
    const removed = [
      'HOME',
      'TZ',
      'NODE_OPTIONS',
      'NODE_ENV',
      'HTTPS_PROXY',
      'npm_config_registry',
      'VITE_X',
      'VITEST_X',
    ];
    const product = ['AWS_PROFILE', 'POWERTOOLS_DEV', 'LIST_TOKEN', 'ZEGO_APP_ID', 'LIVE_SHARDS', 'WEBHOOK_URL'];
    const environment = { ...kept, ...Object.fromEntries([...removed, ...product].map((name) => [name, 'x'])) };
    removePersonalVariables(environment);
    expect(environment).toEqual(kept);
  });

  it('has no variable but these, those of vitest, and a home of its own', () => {
    const environment = { ...process.env };
    removePersonalVariables(environment);
    const others = Object.keys(process.env).filter((name) => !(name in environment) && !name.startsWith('VITEST'));
    const vitest = ['TEST', 'NODE_ENV', 'MODE', 'BASE_URL', 'PROD', 'DEV', 'SSR', 'FORCE_TTY'];
    const own = ['HOME', 'USERPROFILE', 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'];
    expect([...vitest, ...own]).toEqual(expect.arrayContaining(others));
    expect(process.env.NODE_ENV).toBe('test');
  });

  it('has a home folder and a current folder without settings and .env files of a person', () => {
    expect(readdirSync(homedir())).not.toContain('.aws');
    expect(readdirSync('.').filter((name) => name.startsWith('.env'))).toEqual([]);
  });
});
