import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkEnvFile, readEnvFile, withEnvFile } from '../../lib/tools/env-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'env-file-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: string | Buffer) => writeFileSync(join(folder, name), content);

/** The file as the framework reads it, or the sentence that refuses it. */
function read(content: string | Buffer, environment: Record<string, string> = {}) {
  write('.env', content);
  const file = readEnvFile('dev', environment, folder);
  if (file === undefined) throw new Error('no file');
  try {
    checkEnvFile(file, environment);
  } catch (error) {
    return (error as Error).message;
  }
  return file.values;
}

describe('the file of a stage', () => {
  it('is its own, else .env, else none', () => {
    expect(readEnvFile('prod', {}, folder)).toBeUndefined();
    write('.env', 'PORT=1\n');
    expect(readEnvFile('prod', {}, folder)).toMatchObject({ name: '.env', values: { PORT: '1' } });
    write('.env.prod', 'PORT=2\n');
    expect(readEnvFile('prod', {}, folder)).toMatchObject({ name: '.env.prod', values: { PORT: '2' } });
    expect(readEnvFile('dev', {}, folder)).toMatchObject({ name: '.env' });
  });

  it('stands in for what the environment leaves out or empty', () => {
    write('.env', 'PORT=1\nLIVE_SHARDS=2\nTRACING=true\n');
    const file = readEnvFile('dev', {}, folder);
    const merged = withEnvFile({ LIVE_SHARDS: '3', TRACING: '', HOME: '/home' }, file);
    expect(merged).toEqual({ PORT: '1', LIVE_SHARDS: '3', TRACING: 'true', HOME: '/home' });
    expect(withEnvFile({ PORT: '4' }, undefined)).toEqual({ PORT: '4' });
  });
});

describe('is read as it is written', () => {
  it.each<[string, string, string]>([
    ['a plain value', 'LIST_TOKEN=token', 'token'],
    ['a comment behind a space', 'LIST_TOKEN=token # mine, not yours#', 'token'],
    ['a comment in place of a value', 'LIST_TOKEN= # none yet', ''],
    ['# in single quotes', "LIST_TOKEN='token#1'", 'token#1'],
    ['# in double quotes', 'LIST_TOKEN="token#1" # mine', 'token#1'],
    ['an escaped $', 'LIST_TOKEN=a\\$bcd', 'a$bcd'],
    ['an escaped $ in quotes', "LIST_TOKEN='a\\$bcd'", 'a$bcd'],
    ['$ before what is no name', 'LIST_TOKEN=a$1$', 'a$1$'],
    ['a reference to a variable of the file', 'SHARED=abc\nLIST_TOKEN=${SHARED}', 'abc'],
    ['a reference with a default', 'LIST_TOKEN=${SHARED:-abc}', 'abc'],
    ['export', 'export LIST_TOKEN=token', 'token'],
    ['a byte order mark of UTF-8', '\uFEFFLIST_TOKEN=token', 'token'],
    ['Windows line ends', 'PORT=1\r\nLIST_TOKEN=token\r\n', 'token'],
    ['a value of several lines beside it', 'KEY="one\nZEGO_APP_ID two#3\n"\nLIST_TOKEN=token', 'token'],
    ['a line without a variable of ours', 'set KEY=1\n---\nLIST_TOKEN=token', 'token'],
    ['another variable that is cut', 'COLOR=a#b\nLIST_TOKEN=token', 'token'],
    ['another variable with a $', 'COLOR=a$b\nLIST_TOKEN=token', 'token'],
    ['a reference to a later line', 'LIST_TOKEN=$SHARED\nSHARED=abc', 'abc'],
    ['a comment right behind the equals sign', 'ZEGO_APP_ID=# none yet\nLIST_TOKEN=token', 'token'],
    ['what people mean as comments', '; LIST_TOKEN=old\n// LIST_TOKEN=older\nLIST_TOKEN=token', 'token'],
    ['lines of other programs', 'EXPORT FOO=bar\nDB_PORT 5432\n{"PORT": 1}\nLIST_TOKEN=token', 'token'],
    ['several lines on purpose', 'DOCKER_ENV="\nPORT=8080\nTRACING=x\n"\nLIST_TOKEN=token', 'token'],
    [
      'names that every object has',
      'constructor=a#b\ntoString=$FOO\nhasOwnProperty=a,\n  b\nLIST_TOKEN=token',
      'token',
    ],
    ['a comma in a comment', 'LIST_TOKEN=token # one,\n====\n', 'token'],
    ['banners', 'CORS_ORIGINS=https://a.example,\n======== DB ====\n[list token]\nLIST_TOKEN=token', 'token'],
    ['other names within two letters', 'TEST_TOKEN=a\nHOST_TOKEN=b\nROLES_TABLE=c\nLIST_TOKEN=token', 'token'],
    ['a list that ends in a comma', 'LIST_TOKEN=token,\nPORT=1', 'token,'],
  ])('%s', (_, content, expected) => {
    expect(read(content)).toMatchObject({ LIST_TOKEN: expected });
  });

  it('a reference to a variable of the environment', () => {
    expect(read('LIST_TOKEN=$SHARED', { SHARED: 'abc' })).toEqual({ LIST_TOKEN: 'abc' });
  });
});

describe('is refused with one sentence that names the file and what to write', () => {
  it.each<[string, string | Buffer, RegExp]>([
    [
      'UTF-16 of PowerShell',
      Buffer.from('\uFEFFLIST_TOKEN=token\r\n', 'utf16le'),
      /^\.env .*UTF-16.*save it as UTF-8\.$/,
    ],
    ['UTF-16 without a mark', Buffer.from('LIST_TOKEN=token\r\n', 'utf16le'), /^\.env .*UTF-16/],
    ['UTF-16, big-endian', Buffer.from('\uFEFFLIST_TOKEN=token\n', 'utf16le').swap16(), /^\.env .*UTF-16/],
    ['# within a value', 'LIST_TOKEN=token#1', /^\.env cuts LIST_TOKEN at its #: .*LIST_TOKEN='…'\.$/],
    ['# at the start of a value', 'LIST_TOKEN=#token', /^\.env cuts LIST_TOKEN/],
    ['# in a secret behind export', 'export ZEGO_CALLBACK_SECRET=ab#cd # mine', /^\.env cuts ZEGO_CALLBACK_SECRET/],
    ['# in an origin', 'CORS_ORIGINS=https://a.example#top', /^\.env cuts CORS_ORIGINS/],
    ['$ and a name', 'LIST_TOKEN=a$bcd', /^\.env changes LIST_TOKEN: .*write \\\$ for a dollar sign\.$/],
    ['$ in single quotes', "LIST_TOKEN='a$bcd'", /^\.env changes LIST_TOKEN/],
    ['$ and braces', 'ZEGO_CALLBACK_SECRET="ab${cd}"', /^\.env changes ZEGO_CALLBACK_SECRET/],
    ['a reference to an empty variable', 'SHARED=\nLIST_TOKEN=x$SHARED', /^\.env changes LIST_TOKEN/],
    ['a variable that is set twice', 'LIST_TOKEN=abc\nPORT=1\nLIST_TOKEN=public', /^\.env sets LIST_TOKEN twice/],
    ['one that is quoted once', 'LIST_TOKEN="a\nb"\nexport LIST_TOKEN=public', /^\.env sets LIST_TOKEN twice/],
    ["cmd's set", 'PORT=1\nset ZEGO_APP_ID=1', /^\.env does not set ZEGO_APP_ID: write line 2 as ZEGO_APP_ID=value/],
    ["PowerShell's $env:", '$env:ZEGO_APP_ID = "1"', /^\.env does not set ZEGO_APP_ID: write line 1 /],
    ['$ and a variable that every shell sets', 'LIST_TOKEN=a$HOME', /^\.env changes LIST_TOKEN/],
    ['$ and an operator', 'LIST_TOKEN=x${a-b}', /^\.env changes LIST_TOKEN/],
    [
      'a list that goes on in the next line',
      'ZEGO_CALLBACK_SECRET=one,\n  two\n',
      /^\.env cuts ZEGO_CALLBACK_SECRET at the end/,
    ],
    [
      'a backslash at the end of a line',
      'CORS_ORIGINS=https://a.example,\\\n  https://b.example\n',
      /^\.env cuts CORS_ORIGINS at/,
    ],
    [
      'a quote that hides it',
      "DB='p@ss\nCORS_ORIGINS=x\nX='",
      /^\.env hides CORS_ORIGINS in the value of DB: close the quote/,
    ],
    ['# behind a quote that is open', 'TITLE="Live\nLIST_TOKEN=token#1\nOTHER="x"', /^\.env cuts LIST_TOKEN/],
    ['a blank in its name', 'CORS ORIGINS=x', /^\.env does not set CORS_ORIGINS: write line 1 /],
    ['an invisible character in its name', 'CORS_\u200BORIGINS=x', /^\.env does not set CORS_ORIGINS/],
    ['a Cyrillic letter in its name', '\u0421ORS_ORIGINS=x', /^\.env does not set CORS_ORIGINS/],
    ['a full-width line in its name', 'CORS＿ORIGINS=x', /^\.env does not set CORS_ORIGINS/],
    ["cmd's set of a port", 'set DYNAMODB_PORT=8000', /^\.env does not set DYNAMODB_PORT: write line 1 /],
    ['a value without an equals sign', '\n\nZEGO_APP_ID 1', /^\.env does not set ZEGO_APP_ID: write line 3 /],
  ])('%s', (_, content, refusal) => {
    const message = read(content);
    expect(message).toMatch(refusal);
    expect(message).not.toMatch(/token#1|token\b.*=|ab#cd|bcd|[.!?] +[A-Z]|\n/);
  });
});
