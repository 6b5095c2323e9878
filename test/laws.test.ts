import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Text of the source files, by path from the root. */
type Sources = Record<string, string>;

function sourcesOf(...folders: string[]): Sources {
  return Object.fromEntries(
    folders.flatMap((folder) =>
      readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' })
        .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
        .filter((name) => /\.(ts|cjs)$/.test(name))
        .map((name) => [name, readFileSync(ROOT + name, 'utf8')]),
    ),
  );
}

const SOURCES = sourcesOf('handlers', 'lib');

interface Import {
  /** A path from the root, or the name of a package. */
  from: string;
  /** `import type`: nothing of it is left at run time. */
  type: boolean;
}

function importsOf(file: string, text: string): Import[] {
  const statements = text.matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[\w$*{][^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const calls = text.matchAll(/\b(?:import|require)\(\s*()['"]([^'"]+)['"]/g);
  return [...statements, ...calls].map(([, type, name = '']) => ({
    from: name.startsWith('.') ? posix.join(posix.dirname(file), name) : name,
    type: Boolean(type),
  }));
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');

interface Law {
  rule: string;
  /** The files that it holds for. */
  files: RegExp;
  imports?: (imported: Import) => boolean;
  text?: (text: string) => boolean;
  /** What would break it: a file, and its text. */
  breaches: [file: string, text: string][];
}

const COMMANDS = ['BatchGet', 'Query', 'Update'];
const node = ({ from }: Import) => from.startsWith('node:');
/** Not config.ts: what rules need of the environment is an argument. */
const ground = ({ from }: Import) => from === 'lib/errors.ts' || from === 'lib/limits.ts';
const within = (folder: string) => (imported: Import) => imported.from.startsWith(folder);
const typesOf = (folder: string) => (imported: Import) => imported.type && imported.from.startsWith(folder);
const any =
  (...allowed: ((imported: Import) => boolean)[]) =>
  (imported: Import) =>
    allowed.some((allows) => allows(imported));

const LAWS: Law[] = [
  {
    rule: "zego/, ZEGO's rules, imports errors and limits alone",
    files: /^lib\/zego\//,
    imports: any(within('lib/zego/'), ground, node, ({ from }) => from === 'lossless-json'),
    breaches: [
      ['lib/zego/event.ts', "import { readConfig } from '../config.ts';"],
      ['lib/zego/event.ts', "import type { Session } from '../streams/session.ts';"],
      ['lib/zego/new.ts', "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';"],
      ['lib/zego/new.ts', "export { json } from '../http/response.ts';"],
    ],
  },
  {
    rule: 'streams/rules.ts imports session.ts alone',
    files: /^lib\/streams\/rules\.ts$/,
    imports: ({ from }) => from === 'lib/streams/session.ts',
    breaches: [
      ['lib/streams/rules.ts', "import type { StreamCreate } from '../zego/event.ts';"],
      ['lib/streams/rules.ts', "import { createHash } from 'node:crypto';"],
    ],
  },
  {
    rule: 'streams/ imports errors, limits, and types of zego/: no store, and nothing of AWS',
    files: /^lib\/streams\//,
    imports: any(within('lib/streams/'), ground, typesOf('lib/zego/'), node),
    breaches: [
      ['lib/streams/apply.ts', "import { closeUpdate } from '../dynamodb/requests.ts';"],
      ['lib/streams/store.ts', "import type { Item } from '../dynamodb/items.ts';"],
      ['lib/streams/list.ts', "import { QueryCommand } from '@aws-sdk/lib-dynamodb';"],
      ['lib/streams/apply.ts', "import { sign } from '../zego/signature.ts';"],
      ['lib/streams/apply.ts', "import { type StreamCreate, parseEvent } from '../zego/event.ts';"],
      ['lib/streams/list.ts', "import { readConfig } from '../config.ts';"],
      ['lib/streams/list.ts', "import type { Config } from '../config.ts';"],
      ['lib/streams/list.ts', "import {\n  json,\n} from '../http/response.ts';"],
    ],
  },
  {
    rule: 'streams/ knows no expression, no key and no index of a table',
    files: /^lib\/streams\//,
    text: (text) => !/Expression|IndexName|\b(live_shard|live_key|live_room|sibling_key)\b|[lL]iveShards?\b/.test(text),
    breaches: [
      ['lib/streams/apply.ts', "const update = { UpdateExpression: 'SET #close = :close' };"],
      ['lib/streams/list.ts', "const query = { IndexName: 'live' };"],
      ['lib/streams/list.ts', 'const position = entry.live_key;'],
      ['lib/streams/session.ts', 'export interface Placed { live_shard: number }'],
      ['lib/streams/apply.ts', 'const room = entry.live_room;'],
      ['lib/streams/lookup.ts', 'const { sibling_key } = item;'],
      ['lib/streams/view.ts', 'export interface ReadOptions { liveShards: number }'],
    ],
  },
  {
    rule: 'streams/ takes nothing on trust: no casts, which stand where items are read',
    files: /^lib\/streams\//,
    text: (text) => !/\bas (?!const\b)|<unknown>/.test(text),
    breaches: [['lib/streams/list.ts', 'const entry = entries[i] as LiveEntry;']],
  },
  {
    rule: 'dynamodb/ imports the ground floor, session.ts, the port, and types of zego/',
    files: /^lib\/dynamodb\//,
    imports: any(
      within('lib/dynamodb/'),
      ({ from }) => /^lib\/(errors|limits|streams\/(session|store))\.ts$/.test(from),
      typesOf('lib/config.ts'),
      typesOf('lib/zego/'),
      node,
      within('@aws-sdk/'),
    ),
    breaches: [
      ['lib/dynamodb/store.ts', "import { judge } from '../streams/rules.ts';"],
      ['lib/dynamodb/store.ts', "import { readConfig } from '../config.ts';"],
      ['lib/dynamodb/items.ts', "import type { Page } from '../streams/view.ts';"],
    ],
  },
  {
    rule: 'only handlers and dynamodb/ know that the store is DynamoDB',
    files: /^(?!handlers\/|lib\/dynamodb\/|lib\/tools\/)/,
    imports: ({ from }) => !from.startsWith('lib/dynamodb/'),
    breaches: [['lib/http/query.ts', "import { MAX_KEYS } from '../dynamodb/engine.ts';"]],
  },
  {
    rule: 'http/ imports errors, limits, and types of streams/',
    files: /^lib\/http\//,
    imports: any(within('lib/http/'), ground, typesOf('lib/streams/'), typesOf('aws-lambda'), node),
    breaches: [
      ['lib/http/session-json.ts', "import { judge } from '../streams/rules.ts';"],
      ['lib/http/session-json.ts', "import type { StreamCreate } from '../zego/event.ts';"],
      ['lib/http/token.ts', "import { readConfig } from '../config.ts';"],
    ],
  },
  {
    rule: 'openapi/ imports http/response, the ground floor and samples',
    files: /^lib\/openapi\//,
    imports: any(
      within('lib/openapi/'),
      ground,
      within('lib/zego/samples/'),
      ({ from }) => from === 'lib/http/response.ts',
    ),
    breaches: [
      ['lib/openapi/document.ts', "import { listQuery } from '../http/query.ts';"],
      ['lib/openapi/schemas.ts', "import type { Session } from '../streams/session.ts';"],
    ],
  },
  ...[
    ['doctor', 'simulator'],
    ['simulator', 'doctor'],
    ['zego', 'simulator'],
  ].map(
    ([room, other]): Law => ({
      rule: `tools/${room}/ does not import tools/${other}/`,
      files: new RegExp(`^lib/tools/${room}/`),
      imports: ({ from }) => !from.startsWith(`lib/tools/${other}/`),
      breaches: [[`lib/tools/${room}/new.ts`, `import type { Summary } from '../${other}/report.ts';`]],
    }),
  ),
  {
    rule: 'only tools/client.ts calls fetch',
    files: /^(?!lib\/tools\/client\.ts$)/,
    text: (text) => !/\bfetch\(/.test(text),
    breaches: [['lib/tools/simulator/simulation.ts', 'const response = await fetch(url);']],
  },
  {
    rule: 'only tools/ imports tools/',
    files: /^(?!lib\/tools\/)/,
    imports: ({ from }) => !from.startsWith('lib/tools/'),
    breaches: [
      ['handlers/callback.ts', "import { listen } from '../lib/tools/stack/listen.ts';"],
      ['lib/config.ts', "const { listen } = await import('./tools/stack/listen.ts');"],
    ],
  },
  {
    rule: 'only dynamodb/, runtime/ssm.ts and tools/ import the AWS SDK',
    files: /^(?!lib\/tools\/|lib\/dynamodb\/|lib\/runtime\/ssm\.ts$)/,
    imports: ({ from }) => !/^@(aws-sdk|smithy)\//.test(from),
    breaches: [
      ['lib/streams/store.ts', "import type { UpdateCommandInput } from '@aws-sdk/lib-dynamodb';"],
      ['lib/runtime/http.ts', "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';"],
      ['handlers/streams.ts', "import '@aws-sdk/client-dynamodb';"],
    ],
  },
  {
    rule: 'only log.ts and metrics.ts import Powertools',
    files: /^(?!lib\/runtime\/(log|metrics)\.ts$)/,
    imports: ({ from }) => !from.startsWith('@aws-lambda-powertools/'),
    breaches: [['handlers/callback.ts', "import { Logger } from '@aws-lambda-powertools/logger';"]],
  },
  {
    rule: 'only secrets.ts loads ssm.ts, and only when it needs it',
    files: /^lib\/|^handlers\//,
    text: (text) => !/^import .*ssm\.ts/m.test(text),
    breaches: [['lib/runtime/secrets.ts', "import { readParameter } from './ssm.ts';"]],
  },
  {
    rule: 'the store gets, queries and updates items: no Scan, no transaction',
    files: /^lib\/dynamodb\//,
    text: (text) => [...text.matchAll(/\b(\w+)Command\b/g)].every(([, name = '']) => COMMANDS.includes(name)),
    breaches: [
      ['lib/dynamodb/engine.ts', "import { ScanCommand } from '@aws-sdk/lib-dynamodb';"],
      ['lib/dynamodb/store.ts', 'await client.send(new TransactWriteCommand(input));'],
    ],
  },
  {
    rule: 'the ground floor imports nothing but its limits',
    files: /^lib\/(config|errors|limits)\.ts$/,
    imports: ({ from }) => from === 'lib/limits.ts',
    breaches: [
      ['lib/config.ts', "import { Problem } from './errors.ts';"],
      ['lib/limits.ts', "import type { Reason } from './errors.ts';"],
    ],
  },
  {
    rule: 'only config.ts and tools/ read the environment',
    files: /^(?!lib\/tools\/|lib\/config\.ts$)/,
    text: (text) => !/\bprocess\s*\.\s*env\b|\bprocess\[|\benv\b.*\bprocess\b|node:process/.test(text),
    breaches: [
      ['handlers/callback.ts', 'const secret = process.env.ZEGO_CALLBACK_SECRET;'],
      ['lib/dynamodb/engine.ts', 'const { env } = process;'],
    ],
  },
  {
    rule: 'zego/, streams/, dynamodb/, http/ and openapi/ look at no clock',
    files: /^lib\/(zego|streams|dynamodb|http|openapi)\//,
    text: (text) => !/\bDate\.now\b|\bnew Date\b|\bperformance\b|\bhrtime\b/.test(text),
    breaches: [['lib/zego/signature.ts', 'const nowMs = Date.now();']],
  },
  {
    rule: 'a handler has at most 60 lines',
    files: /^handlers\//,
    text: (text) => text.trimEnd().split('\n').length <= 60,
    breaches: [['handlers/callback.ts', 'x();\n'.repeat(61)]],
  },
];

function breaches({ files, imports, text: allowed }: Law, sources: Sources): string[] {
  return Object.entries(sources)
    .filter(([file]) => files.test(file))
    .flatMap(([file, text]) => [
      ...importsOf(file, text)
        .filter((imported) => imports !== undefined && !imports(imported))
        .map(({ from }) => `${file} imports ${from}`),
      ...(allowed === undefined || allowed(withoutComments(text)) ? [] : [file]),
    ]);
}

describe.each(LAWS)('$rule', (law) => {
  it('holds', () => {
    expect(Object.keys(SOURCES).filter((file) => law.files.test(file))).not.toEqual([]);
    expect(breaches(law, SOURCES)).toEqual([]);
  });

  it.each(law.breaches)('is broken when in %s stands: %s', (file, text) => {
    const { [file]: before = '' } = SOURCES;
    expect(breaches(law, { ...SOURCES, [file]: `${before}\n${text}\n` })).toHaveLength(1);
  });
});

it('the import statements are all found', () => {
  const text = `
import 'a';
import b from 'b';
import * as c from "c";
import type { D } from './d.ts';
import {
  type E,
  f,
} from '../e.ts';
export * from 'g';
export type { H } from 'h';
export const i = "import x from 'no'";
const j = await import('j'); const k = require('k');
// import 'no'
export type No = 'no' | 'import';
`;
  expect(importsOf('lib/http/x.ts', text)).toEqual([
    { from: 'a', type: false },
    { from: 'b', type: false },
    { from: 'c', type: false },
    { from: 'lib/http/d.ts', type: true },
    { from: 'lib/e.ts', type: false },
    { from: 'g', type: false },
    { from: 'h', type: true },
    { from: 'j', type: false },
    { from: 'k', type: false },
  ]);
});

/** A chain of imports that leads back to its first file; types count, too. */
function circle(sources: Sources): string[] {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    done.add(file);
    for (const { from } of importsOf(file, sources[file] ?? '')) {
      const found = from in sources ? visit(from, [...path, file]) : [];
      if (found.length > 0) return found;
    }
    return [];
  };
  for (const file of Object.keys(sources)) {
    const found = visit(file, []);
    if (found.length > 0) return found;
  }
  return [];
}

describe('no file imports itself by way of others', () => {
  it('holds', () => {
    expect(circle(SOURCES)).toEqual([]);
  });

  it.each([
    ['lib/runtime/log.ts', 'lib/runtime/metrics.ts', "import type { Line } from './log.ts';"],
    ['lib/errors.ts', 'lib/limits.ts', "import type { Reason } from './errors.ts';"],
  ])('is broken when %s and %s import each other', (other, file, text) => {
    const found = circle({
      ...SOURCES,
      [other]: `${SOURCES[other]}\nimport './${posix.basename(file)}';`,
      [file]: `${SOURCES[file]}\n${text}`,
    });
    expect(found).toEqual(expect.arrayContaining([other, file]));
  });
});

/** Files that somebody else starts: Lambda, npm, the framework. */
const ENTRIES =
  /^handlers\/|^lib\/runtime\/ssm\.ts$|^lib\/tools\/(deploy\/plugin\.(ts|cjs)|stack\/demo\.cjs|requirements\.cjs|types\.ts|doctor\/doctor\.ts|simulator\/simulate\.ts)$/;

function unused(sources: Sources): string[] {
  const used = new Set(
    Object.entries(sources).flatMap(([file, text]) => importsOf(file, text).map(({ from }) => from)),
  );
  return Object.keys(sources).filter((file) => !used.has(file) && !ENTRIES.test(file) && !file.endsWith('.d.ts'));
}

describe('every file is imported by another', () => {
  it('holds', () => {
    expect(unused(SOURCES)).toEqual([]);
  });

  it('is broken by one that nobody imports', () => {
    expect(unused({ ...SOURCES, 'lib/streams/new.ts': '' })).toEqual(['lib/streams/new.ts']);
  });
});

it('three files of lib stand in no room', () => {
  const loose = Object.keys(SOURCES).filter((file) => /^lib\/[^/]+$/.test(file));
  expect(loose.sort()).toEqual(['lib/config.ts', 'lib/errors.ts', 'lib/limits.ts']);
});

/** Files that share a name on purpose: a port and its adapter. */
const SHARED = ['lib/streams/store.ts', 'lib/dynamodb/store.ts'];

function sharedNames(sources: Sources): string[] {
  const names = Object.keys(sources)
    .filter((file) => file.startsWith('lib/') && file !== SHARED[1])
    .map((file) => posix.basename(file));
  return names.filter((name, i) => names.indexOf(name) !== i);
}

describe('no two rooms of lib have a file of one name', () => {
  it('holds', () => {
    expect(sharedNames(SOURCES)).toEqual([]);
  });

  it('is broken by a second one', () => {
    expect(sharedNames({ ...SOURCES, 'lib/openapi/query.ts': '' })).toEqual(['query.ts']);
    expect(sharedNames({ ...SOURCES, 'lib/tools/doctor/report.ts': '' })).toEqual(['report.ts']);
    expect(sharedNames({ ...SOURCES, 'lib/http/store.ts': '' })).toEqual(['store.ts']);
  });
});

it('folders are at most two deep under lib, and handlers has none', () => {
  const depths = Object.keys(SOURCES).map((file): [string, number] => [file, file.split('/').length - 2]);
  expect(depths.filter(([file, depth]) => depth > (file.startsWith('lib/') ? 2 : 0))).toEqual([]);
});

/** Tests that inject something, themselves or through what they import, and those whose names say so. */
function serviceTests(sources: Sources): { injecting: string[]; named: string[] } {
  const injects = (file: string, seen = new Set<string>()): boolean => {
    const text = sources[file];
    if (text === undefined || seen.has(file)) return false;
    seen.add(file);
    const imported = importsOf(file, text).filter(({ type }) => !type);
    return /\binject\(/.test(text) || imported.some(({ from }) => injects(from, seen));
  };
  const tests = Object.keys(sources).filter((file) => file.endsWith('.test.ts'));
  return {
    injecting: tests.filter((file) => injects(file)),
    named: tests.filter((file) => /\.(engine|service)\.test\.ts$/.test(file)),
  };
}

describe('a test that needs an engine or serverless.yml resolved says so in its name, and no other one does', () => {
  const TESTS = sourcesOf('test');

  it('holds', () => {
    const { injecting, named } = serviceTests(TESTS);
    expect(named).not.toEqual([]);
    expect(injecting).toEqual(named);
  });

  it.each([
    ['test/zego/new.test.ts', "import { freshTable } from '../support/engine.ts';", true],
    ['test/zego/new.test.ts', "import { startFunction } from '../support/function.ts';", true],
    ['test/zego/new.service.test.ts', "import { sample } from '../support/callback.ts';", false],
  ])('is broken when in %s stands: %s', (file, text, injects) => {
    const { injecting, named } = serviceTests({ ...TESTS, [file]: text });
    expect([injecting.includes(file), named.includes(file)]).toEqual([injects, !injects]);
  });
});
