import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NOT_BUILT, VARIABLES } from '../../lib/config.ts';
import { checkDeployment, inspectSettings } from '../../lib/tools/settings.ts';
import { weaknesses, weaknessOf } from '../../lib/tools/weak-secrets.ts';

const SECRET = '5f0c9d1e7ab34826b8d2e6f413a790cd';
const TOKEN = 'd41a7c90be6f4e2185a3';
const GOOD = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: TOKEN };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'settings-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = (values: Record<string, string>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
const write = (name: string, values: Record<string, string>) => writeFileSync(join(folder, name), lines(values));

/** The framework puts a file's values into the environment before it loads us. */
const deploy = (stage: string, environment: Record<string, string>) => checkDeployment(stage, environment, folder);

describe('a name', () => {
  const MISSPELLED: [string, string][] = [
    ['ZEGO_APPID', 'ZEGO_APP_ID'],
    ['ZEGO_APP_IDS', 'ZEGO_APP_ID'],
    ['zego_app_id', 'ZEGO_APP_ID'],
    ['ZEGO-APP-ID', 'ZEGO_APP_ID'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['CORS_ORGINS', 'CORS_ORIGINS'],
    ['LIST_TOKENS', 'LIST_TOKEN'],
    ['LIST_TOEKN', 'LIST_TOKEN'],
    ['ZEGO_CALBACK_SECRET', 'ZEGO_CALLBACK_SECRET'],
    ['ZEGO_CALLBACK_SECERT', 'ZEGO_CALLBACK_SECRET'],
    ['ZEGO_SERVERSECRET', 'ZEGO_SERVER_SECRET'],
    ['RETENTION_HOUR', 'RETENTION_HOURS'],
    ['SILENCE_MINUTE', 'SILENCE_MINUTES'],
    ['SIGNATURE_WINDOW_SECOND', 'SIGNATURE_WINDOW_SECONDS'],
  ];

  it.each([...MISSPELLED, ['TRACNG', 'TRACING'], ['AWS_ENDPOINT_URL_DYNAMO_DB', 'AWS_ENDPOINT_URL_DYNAMODB']])(
    '%s in .env is refused: did you mean %s?',
    (name, meant) => {
      write('.env', { [name]: 'x' });
      const refusal = new Error(`${name} in .env is not a variable of this project: did you mean ${meant}?`);
      expect(() => inspectSettings('dev', {}, folder)).toThrow(refusal);
      expect(() => inspectSettings('dev', { [name]: 'x' }, folder)).toThrow(refusal);
    },
  );

  it.each(MISSPELLED.filter(([name]) => !name.includes('-')))(
    '%s in the environment is refused: did you mean %s?',
    (name, meant) => {
      const refusal = `${name} in the environment is not a variable of this project: did you mean ${meant}?`;
      expect(() => inspectSettings('dev', { [name]: 'x' }, folder)).toThrow(new Error(refusal));
    },
  );

  it('that is known or far from all of ours passes, and so does one that another program reads', () => {
    const names = [
      ...Object.keys(VARIABLES),
      ...NOT_BUILT,
      'PORTS',
      'HOST',
      'TEST_TOKEN',
      'BOOKS_TABLE',
      'AWS_PROFILE',
      'NODE_ENV',
      'APP_ID',
    ];
    write('.env', Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(inspectSettings('dev', {}, folder).warnings).toEqual([]);
    rmSync(join(folder, '.env'));
    const others = { TRACNG: 'x', DYNAMODB_PORTS: 'x', EVENT_BUSS: 'x', LIST_OF_THINGS: 'x' };
    expect(inspectSettings('dev', others, folder).warnings).toEqual([]);
  });

  it('that begins like one of ours and means nothing gives a warning', () => {
    write('.env', { ZEGO_APPLICATION_ID: '7', CORS_ALLOWED_ORIGINS: 'x', RETENTION_DAYS: '1' });
    const { warnings } = inspectSettings('dev', { ZEGO_SECRET: 'x', CORS_HEADERS: 'x' }, folder);
    expect(warnings).toEqual([
      ...['ZEGO_APPLICATION_ID', 'CORS_ALLOWED_ORIGINS', 'RETENTION_DAYS'].map(
        (name) => `${name} in .env has no effect: no variable has this name.`,
      ),
      ...['ZEGO_SECRET', 'CORS_HEADERS'].map(
        (name) => `${name} in the environment has no effect here: no variable has this name.`,
      ),
    ]);
  });

  it('that is blank in the environment hides the file, with a warning', () => {
    write('.env', { CORS_ORIGINS: 'https://a.example' });
    expect(inspectSettings('dev', { CORS_ORIGINS: ' ' }, folder).warnings).toEqual([
      'CORS_ORIGINS is blank in the environment, which hides its value in .env: unset it there.',
    ]);
  });
});

describe('a deployment', () => {
  it('says where its settings come from', () => {
    expect(deploy('dev', GOOD)).toEqual({ source: 'Settings: the environment', warnings: [] });
    write('.env', GOOD);
    expect(deploy('dev', GOOD)).toEqual({ source: 'Settings: .env and the environment', warnings: [] });
    expect(deploy('staging', GOOD)).toEqual({ source: 'Settings: .env and the environment', warnings: [] });
  });

  it.each(['prod', 'production', 'Prod2'])('of the stage %s with the settings of .env gives a warning', (stage) => {
    write('.env', GOOD);
    const { warnings } = deploy(stage, GOOD);
    expect(warnings).toEqual([`There is no .env.${stage}: the stage ${stage} is deployed with the settings of .env.`]);
    rmSync(join(folder, '.env'));
    expect(deploy(stage, GOOD).warnings).toEqual([]);
  });

  it('names what stands in .env alone when the stage has a file of its own', () => {
    write('.env', { ...GOOD, ZEGO_APP_ID: '7', CORS_ORIGINS: 'https://a.example', PORT: '4000', OTHER: 'x' });
    write('.env.prod', { ...GOOD, PORT: '' });
    const { source, warnings } = deploy('prod', { ...GOOD, CORS_ORIGINS: 'https://b.example' });
    expect(source).toBe('Settings: .env.prod and the environment');
    expect(warnings).toEqual([
      'ZEGO_APP_ID: set in .env, which is not read because .env.prod exists, and not set there.',
    ]);
  });

  it('says in which file what is missing should be set', () => {
    write('.env', GOOD);
    write('.env.prod', { LIST_TOKEN: TOKEN });
    expect(() => deploy('prod', { LIST_TOKEN: TOKEN })).toThrow(
      /^ZEGO_CALLBACK_SECRET is missing: set it in \.env\.prod, which is read instead of \.env, to /,
    );
    rmSync(join(folder, '.env.prod'));
    rmSync(join(folder, '.env'));
    expect(() => deploy('prod', {})).toThrow(/^ZEGO_CALLBACK_SECRET is missing: set it in \.env to /);
  });

  it('shows what is malformed and where it stands, with secrets masked', () => {
    write('.env.prod', { ...GOOD, TRACING: 'yes' });
    expect(() => deploy('prod', { ...GOOD, TRACING: 'yes' })).toThrow(
      new Error('TRACING takes true or false (it is whether X-Ray traces the functions; .env.prod has yes).'),
    );
    expect(() => deploy('prod', { ...GOOD, TRACING: 'no' })).toThrow(/the environment has no\)\.$/);
    const quoted = { ...GOOD, ZEGO_CALLBACK_SECRET: `"${SECRET}"` };
    expect(() => deploy('prod', quoted)).toThrow(
      /^ZEGO_CALLBACK_SECRET holds quotes .*; the environment has "5f…cd"\)\.$/,
    );
    const invisible = { ...GOOD, LIST_TOKEN: `${TOKEN},a\u200Bb`, ZEGO_APP_ID: 'a\u200Bb' };
    expect(() => deploy('prod', invisible)).toThrow(/the environment has d41…5a3,…\)\.$/);
    expect(() => deploy('prod', { ...invisible, ...GOOD })).toThrow(/the environment has a<U\+200B>b\)\.$/);
    // A secret in the wrong variable, and a password in a URL.
    expect(() => deploy('prod', { ...GOOD, ZEGO_APP_ID: SECRET })).toThrow(/the environment has 5f0…0cd\)\.$/);
    const engine = { AWS_ENDPOINT_URL_DYNAMODB: 'ftp://user:hunter2@a.example' };
    expect(() => deploy('prod', { ...GOOD, ...engine })).toThrow(/has ftp:\/\/…@a\.example\)\.$/);
  });

  it.each([...NOT_BUILT])('is refused with %s, which has no effect yet', (name) => {
    const message = `${name} has no effect in this version: remove it from the environment.`;
    expect(() => deploy('dev', { ...GOOD, [name]: 'x' })).toThrow(new Error(message));
    expect(deploy('dev', { ...GOOD, [name]: ' ' }).warnings).toEqual([]);
  });
});

describe('what protects nothing', () => {
  it.each([
    ['ZEGO_CALLBACK_SECRET', VARIABLES.ZEGO_CALLBACK_SECRET.example, /an example or a placeholder/],
    ['ZEGO_CALLBACK_SECRET', `${SECRET},secret`, /an example or a placeholder/],
    ['ZEGO_CALLBACK_SECRET', 'new,old', /an example or a placeholder/],
    ['LIST_TOKEN', VARIABLES.LIST_TOKEN.example, /an example or a placeholder/],
    ['ZEGO_CALLBACK_SECRET', 'your_callback_secret', /an example or a placeholder/],
    ['ZEGO_CALLBACK_SECRET', '123456', /too short \(6 of .* copy all 32/],
    ['LIST_TOKEN', 'replace_me_replace_me', /an example or a placeholder/],
    ['LIST_TOKEN', 'change-me-change-me-change-me', /an example or a placeholder/],
    ['LIST_TOKEN', 'x'.repeat(24), /an example or a placeholder/],
    ['LIST_TOKEN', SECRET, /every reader can sign callbacks/],
    ['LIST_TOKEN', 'abc', /too short \(3 of .*16 or more/],
    ['LIST_TOKEN', `${TOKEN}, x23456789012345`, /too short \(15 of/],
  ])('%s=%s is refused by deployments, and a warning in disposable stages', (name, value, words) => {
    const environment = { ...GOOD, [name]: value };
    for (const stage of ['dev', 'prod', 'staging-ci']) {
      expect(() => deploy(stage, environment)).toThrow(new RegExp(`^${name} .*`));
      expect(() => deploy(stage, environment)).toThrow(words);
    }
    for (const stage of ['test', 'ci', 'ci-7'])
      expect(deploy(stage, environment).warnings).toEqual(weaknesses(environment));
    expect(weaknesses(environment)).toEqual([expect.stringMatching(words)]);
    expect(weaknesses(environment).join()).not.toContain(TOKEN);
  });

  it('is not a parameter, an open list, or a token of 16 characters', () => {
    expect(weaknesses({ ZEGO_CALLBACK_SECRET: 'ssm:/secret', LIST_TOKEN: 'ssm:/token' })).toEqual([]);
    expect(weaknesses({ ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: 'public' })).toEqual([]);
    expect(weaknesses({})).toEqual([]);
    expect(weaknessOf('LIST_TOKEN', '1234567890123456')).toBeUndefined();
  });
});
