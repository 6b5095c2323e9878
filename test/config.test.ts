import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkEnvironment,
  type Environment,
  hoursToMs,
  readConfig,
  VARIABLES,
  type VariableName,
} from '../lib/config.ts';

const NAMES = Object.keys(VARIABLES) as VariableName[];
const REQUIRED = { ZEGO_CALLBACK_SECRET: 'a-callback-secret', LIST_TOKEN: 'a-list-token' };

const value = (name: VariableName, text: string | undefined) => readConfig([name], { [name]: text })[name];

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('was not refused');
}

const DEFAULTS: Record<VariableName, unknown> = {
  ZEGO_CALLBACK_SECRET: [],
  LIST_TOKEN: [],
  ZEGO_APP_ID: [],
  SIGNATURE_WINDOW_SECONDS: 600,
  RETENTION_HOURS: 24,
  MAX_LIVE_HOURS: 48,
  CORS_ORIGINS: ['*'],
  LIST_CACHE_SECONDS: 2,
  LIVE_SHARDS: 1,
  PORT: 3000,
  DYNAMODB_PORT: 8000,
  AWS_ENDPOINT_URL_DYNAMODB: '',
  SESSIONS_TABLE: '',
  ROOMS_TABLE: '',
  ALARM_EMAIL: '',
  SILENCE_MINUTES: null,
  TRACING: false,
  POWERTOOLS_SERVICE_NAME: 'zego-live-list',
};

describe.each(NAMES)('%s', (name) => {
  it.each([
    ['unset', undefined],
    ['empty', ''],
    ['white space', ' \t '],
  ])('has its default when it is %s', (_, text) => {
    expect(value(name, text)).toEqual(DEFAULTS[name]);
  });

  it('takes its own example', () => {
    expect(() => value(name, VARIABLES[name].example)).not.toThrow();
  });
});

it.each<[VariableName, string, unknown]>([
  ['ZEGO_CALLBACK_SECRET', 'one', ['one']],
  ['ZEGO_CALLBACK_SECRET', ' one , two ', ['one', 'two']],
  ['ZEGO_CALLBACK_SECRET', ',one,, ,two,', ['one', 'two']],
  ['ZEGO_CALLBACK_SECRET', 'public', ['public']],
  ['ZEGO_CALLBACK_SECRET', ' , ', []],
  ['ZEGO_CALLBACK_SECRET', ' ssm:/zego/secret , ', { parameter: '/zego/secret' }],
  ['ZEGO_CALLBACK_SECRET', 'ssm:/a', { parameter: '/a' }],
  ['LIST_TOKEN', 'one', ['one']],
  ['LIST_TOKEN', '\tone ,, two\n', ['one', 'two']],
  ['LIST_TOKEN', 'public', 'public'],
  ['LIST_TOKEN', ' public ,', 'public'],
  ['LIST_TOKEN', 'publicity', ['publicity']],
  ['LIST_TOKEN', ',', []],
  ['LIST_TOKEN', 'YWJj_ZGVm==', ['YWJj_ZGVm==']],
  ['LIST_TOKEN', '/9j+AbCd3/eFgh/Ij7=', ['/9j+AbCd3/eFgh/Ij7=']],
  ['LIST_TOKEN', 'ssm-token, bearer-token', ['ssm-token', 'bearer-token']],
  ['LIST_TOKEN', 'ABC_DEF==', ['ABC_DEF==']],
  ['LIST_TOKEN', `it's<a>$1#{~}"b`, [`it's<a>$1#{~}"b`]],
  ['LIST_TOKEN', 'ssm:/zego-live-list/prod/list_token.v1', { parameter: '/zego-live-list/prod/list_token.v1' }],
  ['ZEGO_APP_ID', '1', ['1']],
  ['ZEGO_APP_ID', ' 12345678901234567890 ,, 1', ['12345678901234567890', '1']],
  ['ZEGO_APP_ID', ' , ', []],
  ['SIGNATURE_WINDOW_SECONDS', '0', 0],
  ['SIGNATURE_WINDOW_SECONDS', ' 90 ', 90],
  ['RETENTION_HOURS', '0.001', 0.001],
  ['RETENTION_HOURS', '.5', 0.5],
  ['RETENTION_HOURS', '72', 72],
  ['MAX_LIVE_HOURS', '1.5', 1.5],
  [
    'CORS_ORIGINS',
    'https://app.example.com, http://localhost:5173,',
    ['https://app.example.com', 'http://localhost:5173'],
  ],
  ['CORS_ORIGINS', '*', ['*']],
  ['CORS_ORIGINS', ' , ', ['*']],
  ['CORS_ORIGINS', 'http://[::1]:8080', ['http://[::1]:8080']],
  ['LIST_CACHE_SECONDS', '0', 0],
  ['LIST_CACHE_SECONDS', '3600', 3600],
  ['LIVE_SHARDS', '1', 1],
  ['LIVE_SHARDS', '64', 64],
  ['ALARM_EMAIL', ' ops+zego@mail.example.com ', 'ops+zego@mail.example.com'],
  ['SILENCE_MINUTES', '1440', 1440],
  ['SILENCE_MINUTES', '0', null],
  ['TRACING', 'true', true],
  ['TRACING', 'false', false],
  ['PORT', '0', 0],
  ['PORT', '65535', 65_535],
  ['DYNAMODB_PORT', '0', 0],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'http://127.0.0.1:8001', 'http://127.0.0.1:8001'],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'https://dynamodb.example.com/', 'https://dynamodb.example.com/'],
])('%s=%j is %j', (name, text, expected) => {
  expect(value(name, text)).toEqual(expected);
});

/** Variable, value, and what its refusal says to do. */
const MALFORMED: [VariableName, string, RegExp][] = [
  ['ZEGO_CALLBACK_SECRET', 'one, ssm:/zego/secret', /ssm:\/name alone/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:/zego/secret,ssm:/zego/old', /ssm:\/name alone/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:zego', /full name/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:/zego/', /full name/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:/zego secret', /full name/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:/zego/secret:3', /full name/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:/*', /full name/],
  ['ZEGO_CALLBACK_SECRET', `ssm:/${'x'.repeat(1000)}`, /full name/],
  ['ZEGO_CALLBACK_SECRET', 'ssm:', /full name/],
  ['ZEGO_CALLBACK_SECRET', 'ssm：/zego/secret', /ssm:\/name alone/],
  ['ZEGO_CALLBACK_SECRET', 'one，two', /full-width comma/],
  ['LIST_TOKEN', 'one，two', /full-width comma/],
  ['ZEGO_CALLBACK_SECRET', 'a secret', /white space/],
  ['LIST_TOKEN', 'a-token, ssm:/zego/token', /ssm:\/name alone/],
  ['LIST_TOKEN', 'public, a-token', /alone and in lower case/],
  ['LIST_TOKEN', 'a-token,public', /alone and in lower case/],
  ['ZEGO_APP_ID', 'abc', /1 to 20 digits/],
  ['ZEGO_APP_ID', '1, -2', /1 to 20 digits/],
  ['ZEGO_APP_ID', '1.5', /1 to 20 digits/],
  ['ZEGO_APP_ID', '123456789012345678901', /1 to 20 digits/],
  ['ZEGO_APP_ID', '1 2', /1 to 20 digits/],
  ...(
    [
      'SIGNATURE_WINDOW_SECONDS',
      'LIST_CACHE_SECONDS',
      'LIVE_SHARDS',
      'PORT',
      'DYNAMODB_PORT',
      'SILENCE_MINUTES',
    ] as const
  ).flatMap((name) =>
    ['-1', '1.5', '1e1', '0x10', 'many', '10s', '1 0', '9'.repeat(20), 'NaN'].map(
      (text): [VariableName, string, RegExp] => [name, text, /whole number from \d+ to \d+/],
    ),
  ),
  ['LIVE_SHARDS', '0', /from 1 to 64/],
  ['LIVE_SHARDS', '65', /from 1 to 64/],
  ['PORT', '65536', /from 0 to 65535/],
  ...(['RETENTION_HOURS', 'MAX_LIVE_HOURS'] as const).flatMap((name) =>
    ['0', '0.0', '-1', '1h', '1e3', '0x10', '1,5', 'Infinity', 'NaN', '.', '1'.repeat(30)].map(
      (text): [VariableName, string, RegExp] => [name, text, /hours above 0/],
    ),
  ),
  ['CORS_ORIGINS', 'app.example.com', /https:\/\/app\.example\.com/],
  ['CORS_ORIGINS', 'https://app.example.com/', /no slash at the end/],
  ['CORS_ORIGINS', 'https://app.example.com/path', /no path/],
  ['CORS_ORIGINS', 'https://a.example.com, *.example.com', /origins such as/],
  ['CORS_ORIGINS', '*, https://a.example.com', /or \* alone/],
  ['CORS_ORIGINS', 'https://*.example.com', /origins such as/],
  ['CORS_ORIGINS', 'ftp://a.example.com', /origins such as/],
  ['CORS_ORIGINS', 'http://a;b', /origins such as/],
  ['LIST_TOKEN', 'PUBLIC', /alone and in lower case/],
  ['LIST_TOKEN', 'SSM:/name', /lower case/],
  ['ZEGO_CALLBACK_SECRET', 'ab${env:HOME}', /holds \$\{/],
  ['LIST_TOKEN', 'ab${env:HOME}', /holds \$\{/],
  ['LIST_CACHE_SECONDS', '3601', /from 0 to 3600/],
  ['AWS_ENDPOINT_URL_DYNAMODB', '127.0.0.1:8001', /a URL/],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'localhost', /a URL/],
  ['AWS_ENDPOINT_URL_DYNAMODB', 'ftp://127.0.0.1', /a URL/],
  ['ALARM_EMAIL', 'ops', /one e-mail address/],
  ['ALARM_EMAIL', 'ops@localhost', /one e-mail address/],
  ['ALARM_EMAIL', 'a@example.com, b@example.com', /one e-mail address/],
  ['ALARM_EMAIL', 'ops@example.com>', /one e-mail address/],
  ['SILENCE_MINUTES', '1441', /from 0 to 1440/],
  ['TRACING', 'on', /true or false/],
  ['TRACING', 'TRUE', /true or false/],
  // What copying and quoting leave behind.
  ['ZEGO_CALLBACK_SECRET', `"${'a1'.repeat(16)}"`, /holds quotes around a value: write it without them/],
  ['ZEGO_CALLBACK_SECRET', `'one', 'two'`, /holds quotes/],
  ['ZEGO_CALLBACK_SECRET', `one,"two"`, /holds quotes/],
  ['ZEGO_CALLBACK_SECRET', '"one', /holds quotes/],
  ['LIST_TOKEN', '"public"', /holds quotes/],
  ['LIST_TOKEN', '`one`', /holds quotes/],
  ['ZEGO_APP_ID', '"1234567890"', /holds quotes/],
  ['LIVE_SHARDS', "'4'", /holds quotes/],
  ['CORS_ORIGINS', '"https://app.example.com"', /holds quotes/],
  ['ALARM_EMAIL', '"ops@example.com"', /holds quotes/],
  ['ZEGO_CALLBACK_SECRET', '“one”', /a typographic quote \(U\+201C\)/],
  ['ZEGO_CALLBACK_SECRET', '‘one’', /a typographic quote \(U\+2018\)/],
  ['LIST_TOKEN', '«one»', /a typographic quote \(U\+00AB\)/],
  ['LIST_TOKEN', '「one」', /a typographic quote \(U\+300C\)/],
  ['LIST_TOKEN', '＂one＂', /a typographic quote \(U\+FF02\)/],
  ['ZEGO_CALLBACK_SECRET', 'on\u200Be', /an invisible character \(U\+200B\)/],
  ['ZEGO_CALLBACK_SECRET', 'on\u00ADe', /an invisible character \(U\+00AD\)/],
  ['ZEGO_CALLBACK_SECRET', '\u202Done', /an invisible character \(U\+202D\)/],
  ['LIST_TOKEN', 'one\u2060', /an invisible character \(U\+2060\)/],
  ['LIST_TOKEN', 'on\uFE0Fe', /an invisible character \(U\+FE0F\)/],
  ['ZEGO_APP_ID', '123\u200B', /an invisible character \(U\+200B\)/],
  ['ZEGO_APP_ID', '１２３', /a full-width character \(U\+FF11\)/],
  ['LIVE_SHARDS', '４', /a full-width character \(U\+FF14\)/],
  ['ZEGO_CALLBACK_SECRET', '３f1b', /a full-width character \(U\+FF13\)/],
  ['ZEGO_CALLBACK_SECRET', 'one；two', /a full-width character \(U\+FF1B\)/],
  ['LIST_TOKEN', 'one、two', /a full-width character \(U\+3001\)/],
  ['CORS_ORIGINS', 'https：//a.example', /a full-width character \(U\+FF1A\)/],
  ['LIST_TOKEN', 'one–two', /a typographic dash \(U\+2013\)/],
  ['ZEGO_CALLBACK_SECRET', 'caf\u00E9', /no secret of ZEGO's has/],
  ['ZEGO_CALLBACK_SECRET', 'one\u00A0two', /no secret of ZEGO's has/],
  ['ZEGO_CALLBACK_SECRET', 'ZEGO_CALLBACK_SECRET=one', /a whole NAME=value/],
  ['ZEGO_CALLBACK_SECRET', 'export ZEGO_CALLBACK_SECRET=one', /a whole NAME=value/],
  ['ZEGO_CALLBACK_SECRET', 'ZEGO_CALLBACK_SECRET: one', /a whole NAME=value/],
  ['LIST_TOKEN', 'LIST_TOKEN = one', /a whole NAME=value/],
  ['LIST_TOKEN', 'ZEGO_CALLBACK_SECRET=one', /a whole NAME=value/],
  ['PORT', 'PORT=3000', /a whole NAME=value/],
  ['TRACING', '$env:TRACING=true', /a whole NAME=value/],
  ['ZEGO_CALLBACK_SECRET', '<CallbackSecret>', /a placeholder in brackets/],
  ['LIST_TOKEN', 'one,<two>', /a placeholder in brackets/],
  ['ZEGO_APP_ID', '<AppID>', /a placeholder in brackets/],
  ['LIST_TOKEN', '{{LIST_TOKEN}}', /a placeholder in brackets or percent signs/],
  ['LIST_TOKEN', '%LIST_TOKEN%', /a placeholder in brackets or percent signs/],
  // The name of a parameter without its prefix would be the secret itself.
  ['ZEGO_CALLBACK_SECRET', '/zego-live-list/prod/callback-secret', /takes ssm:\/name for a parameter/],
  ['LIST_TOKEN', '/zego-live-list/prod/list-token', /takes ssm:\/name for a parameter/],
  ['LIST_TOKEN', 'smm:/name', /takes ssm:\/name for a parameter/],
  ['LIST_TOKEN', 'ssm//name', /takes ssm:\/name for a parameter/],
  ['LIST_TOKEN', 'ssm=/name', /takes ssm:\/name for a parameter/],
  ['LIST_TOKEN', 'secretsmanager:/name', /takes ssm:\/name for a parameter/],
  ['ZEGO_CALLBACK_SECRET', 'arn:aws:ssm:us-east-1:123456789012:parameter/name', /takes ssm:\/name for a parameter/],
  ['ZEGO_CALLBACK_SECRET', 'https://console.zego.im', /takes ssm:\/name for a parameter/],
  ['ZEGO_CALLBACK_SECRET', '1234567890:one', /an appid before a secret, which has no effect in this version/],
  ['ZEGO_CALLBACK_SECRET', '[one]', /no secret of ZEGO's has/],
  ['ZEGO_CALLBACK_SECRET', '=one', /no secret of ZEGO's has/],
  ['ZEGO_CALLBACK_SECRET', 'one|two', /no secret of ZEGO's has/],
  ['ZEGO_CALLBACK_SECRET', 'one,\\', /no secret of ZEGO's has/],
  ['LIST_TOKEN', 'Bearer:one', /the word Bearer/],
  ['LIST_TOKEN', 'bearer%20one', /the word Bearer/],
  ['ZEGO_CALLBACK_SECRET', 'one;two', /a semicolon: separate entries by commas/],
  ['LIST_TOKEN', 'one; two', /a semicolon/],
  ['LIST_TOKEN', 'one;', /a semicolon/],
];

describe('a malformed value', () => {
  it.each(MALFORMED)('%s=%j stops start and deploy, with its name and what to set', (name, text, rule) => {
    const message = refusal(() => value(name, text));
    expect(message).toMatch(new RegExp(`^${name} `));
    expect(message).toMatch(rule);
    expect(message).not.toContain('\n');
    for (const purpose of ['start', 'deploy'] as const) {
      expect(() => checkEnvironment(purpose, { ...REQUIRED, [name]: text })).toThrow(new Error(message));
    }
  });

  it('is refused with one sentence', () => {
    const messages = MALFORMED.map(([name, text]) => refusal(() => value(name, text)));
    expect([...new Set(messages.filter(isNotOneSentence))]).toEqual([]);
  });

  it('is not repeated by its refusal: it may be a secret', () => {
    for (const text of ['ssm:/MARK/', 'ssm:/a,MARK', 'public,MARK']) {
      expect(refusal(() => value('LIST_TOKEN', text))).not.toContain('MARK');
    }
    for (const text of ['MARK,ssm:/MARK', 'MARK MARK']) {
      expect(refusal(() => value('ZEGO_CALLBACK_SECRET', text))).not.toContain('MARK');
    }
  });

  it('is refused like this whatever it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.string(), (name, text) => {
        try {
          value(name, text);
        } catch (error) {
          expect((error as Error).constructor).toBe(Error);
          expect((error as Error).message).toMatch(new RegExp(`^${name} (takes|holds) `));
        }
      }),
    );
  });
});

/** A full stop ends it, and none stands before another sentence. */
function isNotOneSentence(text: string): boolean {
  return /[.!?] +[A-Z]/.test(text) || text.includes('\n');
}

describe('what is required', () => {
  it.each<['start' | 'deploy', VariableName, Environment]>([
    ['start', 'ZEGO_CALLBACK_SECRET', {}],
    ['deploy', 'ZEGO_CALLBACK_SECRET', {}],
    ['deploy', 'ZEGO_CALLBACK_SECRET', { LIST_TOKEN: 'public' }],
    ['deploy', 'ZEGO_CALLBACK_SECRET', { ...REQUIRED, ZEGO_CALLBACK_SECRET: ' , ,' }],
    ['start', 'ZEGO_CALLBACK_SECRET', { ...REQUIRED, ZEGO_CALLBACK_SECRET: ' , ,' }],
    ['start', 'ZEGO_CALLBACK_SECRET', { ZEGO_CALLBACK_SECRET: '  ' }],
    ['deploy', 'LIST_TOKEN', { ZEGO_CALLBACK_SECRET: 'x' }],
    ['deploy', 'LIST_TOKEN', { ...REQUIRED, LIST_TOKEN: ',' }],
    ['deploy', 'LIST_TOKEN', { ...REQUIRED, LIST_TOKEN: ' ' }],
  ])('to %s, %s: its refusal tells name, meaning and an example (%j)', (purpose, name, environment) => {
    const message = refusal(() => checkEnvironment(purpose, environment));
    const { meaning, example } = VARIABLES[name];
    expect(message).toMatch(new RegExp(`^${name} is missing`));
    expect(message).toContain(meaning);
    expect(message).toContain(`${name}=${example}`);
    expect(message).not.toContain('\n');
  });

  it('is told in one sentence', () => {
    const messages = [{}, { ZEGO_CALLBACK_SECRET: 'x' }].map((set) => refusal(() => checkEnvironment('deploy', set)));
    expect(messages.filter(isNotOneSentence)).toEqual([]);
  });

  it('to start is the CallbackSecret alone', () => {
    expect(checkEnvironment('start', { ZEGO_CALLBACK_SECRET: 'x' })).toEqual([]);
  });

  it.each(['ZEGO_CALLBACK_SECRET', 'LIST_TOKEN'] as const)('to start is %s itself: no parameter is read', (name) => {
    const environment = { ...REQUIRED, [name]: 'ssm:/MARK' };
    expect(checkEnvironment('deploy', environment)).toEqual([]);
    const message = refusal(() => checkEnvironment('start', environment));
    expect(message).toBe(`${name} cannot be read from Parameter Store on this machine: set the value itself.`);
  });

  it('to deploy is the CallbackSecret and whom the list is open to', () => {
    expect(checkEnvironment('deploy', REQUIRED)).toEqual([]);
    expect(checkEnvironment('deploy', { ...REQUIRED, LIST_TOKEN: 'public' })).toEqual([]);
  });
});

it.each<[Environment, VariableName[]]>([
  [{ RETENTION_HOURS: '0.99' }, ['RETENTION_HOURS']],
  [{ MAX_LIVE_HOURS: '0.001' }, ['MAX_LIVE_HOURS']],
  [{ RETENTION_HOURS: '.5', MAX_LIVE_HOURS: '.5' }, ['RETENTION_HOURS', 'MAX_LIVE_HOURS']],
  [{ RETENTION_HOURS: '1', MAX_LIVE_HOURS: '1' }, []],
])('%j warns of late retries: %j', (environment, names) => {
  for (const purpose of ['start', 'deploy'] as const) {
    const warnings = checkEnvironment(purpose, { ...REQUIRED, ...environment });
    expect(warnings).toEqual(names.map((name) => expect.stringMatching(new RegExp(`^${name} is below 1 hour.*retry`))));
  }
});

describe('readConfig', () => {
  it('returns what was asked for and nothing else', () => {
    const config = readConfig(['PORT', 'ZEGO_APP_ID'], { PORT: '1', ZEGO_APP_ID: '2', DYNAMODB_PORT: '3' });
    expect(config).toEqual({ PORT: 1, ZEGO_APP_ID: ['2'] });
  });

  it('does not look at what was not asked for', () => {
    expect(readConfig(['PORT'], { ...REQUIRED, TRACING: 'x' })).toEqual({ PORT: 3000 });
  });

  it('returns a frozen object', () => {
    expect(Object.isFrozen(readConfig(NAMES, REQUIRED))).toBe(true);
  });

  it('reads the process environment when it is given none', () => {
    expect(readConfig(['PORT'])).toEqual({ PORT: process.env.PORT ? Number(process.env.PORT) : 3000 });
  });
});

it('hours are handed on in ms', () => {
  expect(hoursToMs(0.5)).toBe(1_800_000);
});
