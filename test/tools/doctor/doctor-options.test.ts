import { expect, it } from 'vitest';
import { parse } from '../../../lib/tools/command.ts';
import { COMMAND, readOptions } from '../../../lib/tools/doctor/doctor-options.ts';

const readArguments = (args: readonly string[], environment: Record<string, string>) =>
  readOptions(parse(COMMAND, args), environment);

const read = (args: string, environment: Record<string, string> = {}) =>
  readArguments(args.split(' ').filter(Boolean), environment);

it('have defaults', () => {
  expect(read('https://api.example.com')).toEqual({
    url: 'https://api.example.com',
    pasted: undefined,
    secret: undefined,
    secretFrom: 'ZEGO_CALLBACK_SECRET',
    noSecret: 'give --secret',
    serverSecret: undefined,
    appid: '1234567890',
    appidGiven: false,
    token: undefined,
    noToken: 'give --token',
    origin: undefined,
    allowSkipped: false,
    json: false,
  });
});

it.each([
  ['https://x.example/', 'https://x.example', undefined],
  ['https://x.example/dev//', 'https://x.example/dev', undefined],
  ['https://x.example/dev/callbacks/zego', 'https://x.example/dev', '/callbacks/zego'],
  ['https://x.example/streams/', 'https://x.example', '/streams'],
  ['http://localhost:3000', 'http://localhost:3000', undefined],
  ['http://127.0.0.1:3000', 'http://127.0.0.1:3000', undefined],
  ['http://[::1]:3000', 'http://[::1]:3000', undefined],
])('take %s for the API at %s', (given, url, pasted) => {
  expect(read(given)).toMatchObject({ url, pasted });
});

it('take what is not said from the settings of the deployment', () => {
  const settings = { ZEGO_CALLBACK_SECRET: ' new , old', ZEGO_APP_ID: '7,8', LIST_TOKEN: 'new,old' };
  const known = { secret: 'new', appid: '7', appidGiven: true, token: 'new' };
  expect(read('https://x.example', settings)).toMatchObject(known);
  const said = '--secret s --appid 9 --token t --origin https://a.example --server-secret z';
  expect(read(`https://x.example ${said}`, settings)).toMatchObject({
    ...{ secret: 's', secretFrom: '--secret', appid: '9', token: 't', origin: 'https://a.example', serverSecret: 'z' },
  });
  expect(read('https://x.example', { LIST_TOKEN: 'public' })).toMatchObject({ token: 'public' });
});

it('leave a secret as it was given', () => {
  const args = ['https://x.example', '--secret', ' "s" '];
  expect(readArguments(args, {})).toMatchObject({ secret: ' "s" ' });
  expect(readArguments(['https://x.example', '--secret', ''], { ZEGO_CALLBACK_SECRET: 's' })).toMatchObject({
    secret: undefined,
    noSecret: '--secret is empty',
  });
});

it('say why what is in Parameter Store is not there', () => {
  const settings = { ZEGO_CALLBACK_SECRET: 'ssm:/secret', LIST_TOKEN: 'ssm:/token' };
  expect(read('https://x.example', settings)).toMatchObject({
    secret: undefined,
    noSecret: 'ZEGO_CALLBACK_SECRET is in Parameter Store: give --secret',
    token: undefined,
    noToken: 'LIST_TOKEN is in Parameter Store: give --token',
  });
  expect(read('https://x.example --secret ssm:/secret')).toMatchObject({
    secret: undefined,
    noSecret: '--secret takes the secret itself, not ssm:…',
  });
});

it.each([
  ['', 'Say where the API answers: npm run doctor -- URL.'],
  ['https://x.example https://y.example', 'One URL is enough'],
  ['x.example', 'The URL must begin with https://'],
  ['ftp://x.example', 'The URL must begin with https://'],
  ['http://api.example.com', 'begins with http://: ZEGO would send signatures, and readers their tokens'],
  ['http://localhost.example.com', 'Use https://.'],
  ['https://user:password@x.example', 'The URL takes no user name and no password'],
  ['https://x.example/?token=hidden', 'The URL takes no query and no fragment'],
  ['https://x.example/#streams', 'The URL takes no query and no fragment'],
  ['https://x.example --origin app.example.com', '--origin takes an origin'],
  ['https://x.example --origin https://app.example.com/', '--origin takes an origin'],
  ['https://x.example --appid 07', '--appid takes 1 to 20 digits'],
  ['https://x.example --token hidden-ü', 'LIST_TOKEN takes tokens of ASCII characters'],
  ['https://x.example --secret hidden --server-secret hidden', '--secret and --server-secret are the same'],
  ['https://x.example --secret a --secret hidden', '--secret is given twice.'],
  ['https://x.example --sercet=hidden', "Unknown option '--sercet'"],
  ['https://x.example --secrethidden', "Unknown option '--secret…'."],
  ['https://x.example --server-secret:hidden', "Unknown option '--server-secret…'."],
  ['https://x.example --tokenhidden', "Unknown option '--token…'."],
  ["https://x.example --sceret=ab'hidden", "Unknown option '--sceret'."],
  ["https://x.example --sceret='hidden'", "Unknown option '--sceret'."],
  ['https://x.example --sceret=a\nhidden', "Unknown option '--sceret'."],
  ['https://x.example -sS3hidden', "Unknown option '-s'."],
  ['https://x.example -S3hidden', "Unknown option '-'."],
  ['https://x.example --allow-skipped=hidden', "Unknown option '--allow-skipped…'."],
  ['https://x.example --secret --json', '--secret has no value: --json follows it.'],
  ['https://x.example --server-secret ssm:/hidden', '--server-secret takes the secret itself, not ssm:….'],
  ['https://x.example --secret', "Option '--secret <secret>' argument missing."],
])('refuse %j with one sentence, which repeats nothing', (args, sentence) => {
  expect(() => read(args)).toThrow(sentence);
  expect(() => read(args)).not.toThrow(/hidden|password@/);
});
