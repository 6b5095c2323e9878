import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { checkEnvironment, readConfig, VARIABLES, type VariableName } from '../lib/config.ts';
import { sessionAttributes } from '../lib/dynamodb/items.ts';
import { closedUpdate, headUpdate } from '../lib/dynamodb/requests.ts';
import { PROBLEMS, REASONS } from '../lib/errors.ts';
import { sessionAnswer } from '../lib/http/session-json.ts';
import { LOG_FIELDS } from '../lib/runtime/log.ts';
import { METRICS } from '../lib/runtime/metrics.ts';
import { blankSession, merge, type Session, withView } from '../lib/streams/session.ts';
import { reportRemoval } from '../lib/tools/deploy/removal.ts';
import { summarize } from '../lib/tools/deploy/summary.ts';
import { tablesOf } from '../lib/tools/serverless-config.ts';
import { checkDeployment } from '../lib/tools/settings.ts';
import { COMMAND } from '../lib/tools/simulator/simulator-options.ts';
import type { StreamClose, StreamCreate } from '../lib/zego/event.ts';
import { closeEvent, createEvent, roomCloseEvent, roomCreateEvent, sample } from './support/callback.ts';
import { allowedBy } from './support/roles.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

const PAGES = ['.', 'docs'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => posix.join(folder, name)),
);

const FENCE = /^( *)```(\w*)\n([\s\S]*?)^\1```$/gm;
const withoutFences = (text: string) => text.replace(FENCE, '');

/** What stands in fences, of one language or of any. */
function blocks(page: string, language?: string): string[] {
  return [...read(page).matchAll(FENCE)]
    .filter(([, , found]) => language === undefined || found === language)
    .map(([, indent = '', found, text = '']) => {
      const lines = text.split('\n').map((line) => line.slice(indent.length));
      return `${found}\n${lines.join('\n')}`;
    });
}

function headings(page: string): { level: number; text: string }[] {
  return [...withoutFences(read(page)).matchAll(/^(#+) (.+)$/gm)].map(([, hashes = '', text = '']) => ({
    level: hashes.length,
    text,
  }));
}

/** The anchors that GitHub gives to a page's headings. */
function anchors(page: string): string[] {
  const seen = new Map<string, number>();
  return headings(page).map(({ text }) => {
    const words = text.toLowerCase().replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '');
    const anchor = words.replaceAll(' ', '-');
    const count = seen.get(anchor) ?? 0;
    seen.set(anchor, count + 1);
    return count === 0 ? anchor : `${anchor}-${count}`;
  });
}

const GOOD = { ZEGO_CALLBACK_SECRET: '5f0c9d1e7ab34826b8d2e6f413a790cd', LIST_TOKEN: 'd41a7c90be6f4e2185a3' };

type Row = Record<string, string>;

/** The rows of those tables of a page whose columns begin with these. */
function rows(page: string, ...columns: string[]): Row[] {
  const tables = withoutFences(read(page)).match(/(?:^\|.*\|\n)+/gm) ?? [];
  return tables.flatMap((table) => {
    const [head = [], , ...body] = table
      .trimEnd()
      .split('\n')
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
    if (!columns.every((column, i) => head[i] === column)) return [];
    return body.map((cells) => Object.fromEntries(head.map((column, i) => [column, cells[i] ?? ''])));
  });
}

const code = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
const coded = (values: readonly string[]) => values.map((value) => `\`${value}\``).join(', ');

describe('docs/configuration.md', () => {
  const variables = rows('docs/configuration.md', 'name');
  const NAMES = Object.keys(VARIABLES) as VariableName[];
  const { functions } = inject('service');

  it('has every variable once, and no other', () => {
    expect(variables.flatMap(({ name }) => code(name)).sort()).toEqual([...NAMES].sort());
  });

  it.each(NAMES)('%s has its default, its example, its functions, and says where it is required', (name) => {
    const row = variables.find((found) => found.name === `\`${name}\``) ?? {};
    const { fallback, example, ...more } = VARIABLES[name];
    const { required = '' } = more as { required?: string };
    expect(row.default ?? '').toBe(fallback === '' ? '' : `\`${fallback}\``);
    if ('example' in row) expect(row.example).toBe(`\`${example}\``);
    expect(row.required ?? '').toBe(required);
    const users = Object.keys(functions).filter((fn) => name in (functions[fn]?.environment ?? {}));
    expect((row['goes to'] ?? '').replace(/API Gateway|CloudWatch|X-Ray/, '')).toBe(coded(users));
  });

  it('has every field of a log line, and every reason that is no code', () => {
    expect(rows('docs/configuration.md', 'field').map(({ field, meaning }) => [code(field)[0], meaning])).toEqual(
      expect.arrayContaining(Object.entries(LOG_FIELDS)),
    );
    expect(rows('docs/configuration.md', 'field')).toHaveLength(Object.keys(LOG_FIELDS).length);

    expect(
      rows('docs/configuration.md', '`reason`').map((row) => [
        code(row['`reason`'])[0],
        { code: code(row['instead of the code'])[0], meaning: row.meaning },
      ]),
    ).toEqual(Object.entries(REASONS));
  });
});

describe('.env.example', () => {
  const lines = read('.env.example').split('\n');
  const settings = lines.flatMap((line, i) => {
    const [, hash = '', name = '', value = ''] = /^(# )?([A-Z][A-Z_]*)=(.*)$/.exec(line) ?? [];
    return name === '' ? [] : [{ name: name as VariableName, value, set: hash === '', above: lines[i - 1] ?? '' }];
  });

  it.each(settings)('$name is a variable, with a comment and a value that it takes', ({ name, value, above }) => {
    expect(Object.keys(VARIABLES)).toContain(name);
    expect(above).toMatch(/^# \S/);
    expect(() => readConfig([name], { [name]: value })).not.toThrow();
  });

  it('leaves what is required empty, so that a deployment stops and names it', () => {
    const required = Object.entries(VARIABLES).filter(([, variable]) => 'required' in variable);
    const set = settings.filter((setting) => setting.set);
    for (const [name] of required) expect(set).toContainEqual(expect.objectContaining({ name, value: '' }));
    const environment = Object.fromEntries(set.map(({ name, value }) => [name, value]));
    expect(() => checkEnvironment('deploy', environment)).toThrow(/^ZEGO_CALLBACK_SECRET is missing/);
  });
});

describe('docs/api.md', () => {
  it('has the routes of serverless.yml, and no others', () => {
    const routes = Object.values(inject('service').functions)
      .flatMap(({ events }) => events.map(({ httpApi }) => httpApi))
      .sort();
    expect(
      rows('docs/api.md', 'route')
        .flatMap(({ route }) => code(route))
        .sort(),
    ).toEqual(routes);
    expect(
      headings('docs/api.md')
        .flatMap(({ text }) => code(text))
        .sort(),
    ).toEqual(routes);
  });

  it('has every problem with its status, and no other', () => {
    expect(rows('docs/api.md', 'code', 'status').map((row) => [code(row.code)[0], row.status])).toEqual(
      Object.entries(PROBLEMS).map(([name, { status }]) => [name, String(status)]),
    );
  });
});

/** A session as the events leave it, put on the list or taken off. */
function sessionOf(live: boolean, ...events: (StreamCreate | StreamClose)[]): Session {
  const [first = createEvent()] = events;
  const blank = blankSession(first);
  const merged = events.reduce((session, event) => merge(session, event, 1), blank);
  return withView(blank, merged, live, { nowMs: 1, maxLiveMs: 1, retentionMs: 1 });
}

const ANSWER = sessionAnswer({ session: sessionOf(true, createEvent()), ending: null });

describe('docs/storage.md', () => {
  const tables = Object.values(inject('service').resources.Resources).filter(
    ({ Type }) => Type === 'AWS::DynamoDB::Table',
  );
  const names = (value: unknown, key: string): string[] =>
    JSON.stringify(value)
      .match(new RegExp(`"${key}":("[^"]+"|\\[[^\\]]*\\])`, 'g'))
      ?.flatMap((found) => [JSON.parse(found.slice(found.indexOf(':') + 1))].flat()) ?? [];

  it('has every attribute of the tables and indexes', () => {
    const attributes = [...names(tables, 'AttributeName'), ...names(tables, 'NonKeyAttributes')];
    expect(attributes).toContain('version');
    const text = read('docs/storage.md');
    for (const attribute of attributes) expect(text).toContain(`\`${attribute}\``);
  });

  it('has every attribute of an item, and no other', () => {
    const session = sessionOf(true, createEvent(), closeEvent());
    const attributes = ['stream_id', 'stream_sid', 'version', ...Object.keys(sessionAttributes(session, 1))];
    expect(
      rows('docs/storage.md', 'attribute')
        .flatMap(({ attribute }) => code(attribute))
        .sort(),
    ).toEqual(attributes.sort());
  });

  it('has every attribute of a fact of a room, and no other', () => {
    const updates = [headUpdate(roomCreateEvent(), 0, 0), closedUpdate(roomCloseEvent(), 0, 0)];
    const attributes = updates.flatMap(({ Key, ExpressionAttributeNames }) => [
      ...Object.keys(Key),
      ...Object.values(ExpressionAttributeNames),
    ]);
    expect(
      rows('docs/storage.md', 'attribute of a fact')
        .flatMap((row) => code(row['attribute of a fact']))
        .sort(),
    ).toEqual([...new Set(attributes)].sort());
  });

  it('has every index with its keys and its projection', () => {
    const { SessionsTable } = tablesOf(inject('service'));
    const indexes = [SessionsTable?.LocalSecondaryIndexes, SessionsTable?.GlobalSecondaryIndexes].flat() as {
      IndexName: string;
      KeySchema: unknown;
      Projection: unknown;
    }[];
    expect(
      rows('docs/storage.md', 'index').map(({ index, keys, projection }) => [code(index)[0], keys, projection]),
    ).toEqual(
      indexes.map(({ IndexName, KeySchema, Projection }) => [
        IndexName,
        coded(names(KeySchema, 'AttributeName')),
        coded(names(Projection, 'NonKeyAttributes')),
      ]),
    );
  });

  const fields = rows('docs/storage.md', "ZEGO's field");

  it("has every business field of ZEGO's samples, and says which event has it", () => {
    const ENVELOPE = ['event', 'timestamp', 'nonce', 'signature'];
    const sent = new Map<string, string[]>();
    for (const kind of ['create', 'close'] as const) {
      for (const name of Object.keys(sample(`stream_${kind}`))) {
        if (!ENVELOPE.includes(name)) sent.set(name, [...(sent.get(name) ?? []), kind]);
      }
    }
    const documented = new Map(fields.map((row) => [code(row["ZEGO's field"])[0], row['sent with']]));
    expect(Object.fromEntries(documented)).toEqual(
      Object.fromEntries([...sent].map(([name, kinds]) => [name, kinds.join(', ')])),
    );
  });

  it('has every field of an answer with its type', () => {
    const ended = sessionAnswer({
      session: sessionOf(false, createEvent(), closeEvent()),
      ending: { end_reason: 'stopped', end_time_ms: 1 },
    });
    const { state, ...answer } = ended;
    expect(state).toBe('ended');
    const documented = fields.flatMap((row) => {
      const [name] = code(row['field of the answer']);
      return name === undefined ? [] : [[name, /^array|^\w+/.exec(row.type ?? '')?.[0]]];
    });
    const types = Object.entries(answer).map(([name, value]) => [name, Array.isArray(value) ? 'array' : typeof value]);
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(types));
  });

  it('has the reason of every end', () => {
    const reasons = rows('docs/storage.md', '`type`').filter((row) => /^\d+$/.test(row['`type`'] ?? ''));
    expect(reasons).toHaveLength(7);
    for (const row of reasons) {
      expect(closeEvent({ type: row['`type`'] }).end_reason).toBe(code(row['`end_reason`'])[0]);
    }
  });
});

it('docs/simulator.md has every option of the simulator, and no other', () => {
  const documented = rows('docs/simulator.md', 'option').map(({ option }) => code(option)[0]);
  expect(documented.sort()).toEqual(COMMAND.options.map((option) => `--${option.name()}`).sort());
});

describe('docs/operating.md', () => {
  it('has every metric with its unit, and no other', () => {
    const documented = rows('docs/operating.md', 'metric', 'unit').map(({ metric, unit }) => [code(metric)[0], unit]);
    expect(Object.fromEntries(documented)).toEqual(METRICS);
  });

  it('has every alarm, and no other', () => {
    const alarms = Object.entries(inject('service').resources.Resources)
      .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(([id]) => id);
    expect(
      rows('docs/operating.md', 'alarm')
        .flatMap(({ alarm }) => code(alarm))
        .sort(),
    ).toEqual(alarms.sort());
  });

  it('has every widget of the dashboard, in its order', () => {
    const { Dashboard } = inject('service').resources.Resources;
    const { 'Fn::Sub': body = '' } = (Dashboard?.Properties.DashboardBody ?? {}) as { 'Fn::Sub'?: string };
    const { widgets } = JSON.parse(body) as { widgets: { properties: { title: string } }[] };
    expect(rows('docs/operating.md', 'widget').map(({ widget }) => widget)).toEqual(
      widgets.map(({ properties }) => properties.title),
    );
  });
});

it('docs/architecture.md has what each role allows, and no more', () => {
  const service = inject('service');
  const roles = Object.entries(service.resources.Resources).filter(([, { Type }]) => Type === 'AWS::IAM::Role');
  const allowed = roles.flatMap(([id]) =>
    allowedBy(service, id).map((permission) => [id.replace('Role', '').toLowerCase(), ...permission]),
  );
  const documented = rows('docs/architecture.md', 'function', 'action').flatMap(
    ({ function: fn, action, resource }) => {
      const named = code(resource);
      // The one parameter has a name of its own in every stack.
      return (named.length > 0 ? named : ['its parameter']).map((name) => [code(fn)[0], code(action)[0], name]);
    },
  );
  expect(documented.sort()).toEqual(allowed.sort());
});

describe('what a deployment prints at its end', () => {
  // Without SILENCE_MINUTES.
  const resources = Object.values(inject('service').resources.Resources)
    .filter(({ Condition }) => Condition === undefined)
    .map(({ Type }) => ({ type: Type, name: '' }));
  const functions = Object.keys(inject('service').functions).map((name) => ({ type: 'AWS::Lambda::Function', name }));
  const printed = (stage: string, region: string, email: object) => {
    const api = `https://abc123.execute-api.${region}.amazonaws.com`;
    const console = `https://console.aws.amazon.com/cloudwatch/home?region=${region}#dashboards`;
    const outputs = {
      CallbackUrl: `${api}/callbacks/zego`,
      ListUrl: `${api}/streams`,
      DashboardUrl: `${console}/dashboard/zego-live-list-${stage}-${region}`,
      ListAccess: 'token',
      TableDeletionPolicy: 'RetainExceptOnCreate',
      ...email,
    };
    const sections = summarize({ outputs, resources: [...resources, ...functions] }, stage);
    return Object.entries(sections).map(([name, lines]) =>
      [`${name}:`, ...lines.map((line) => `  ${line}`)].join('\n'),
    );
  };

  it.each([
    ['README.md', 'dev', 'us-east-1', {}],
    ['README.zh.md', 'dev', 'us-east-1', {}],
    ['docs/operating.md', 'prod', 'eu-central-1', { AlarmEmail: 'ops@example.com' }],
  ])('stands in %s', (page, stage, region, email) => {
    expect(blocks(page, 'text')).toContainEqual(`text\n${printed(stage, region, email).join('\n')}\n`);
  });
});

it('docs/operating.md has what a removal prints of the tables that it kept', () => {
  const kept = ['SessionsTable-1A2B3C4D5E6F', 'RoomsTable-6F5E4D3C2B1A'].map((table) => ({
    type: 'AWS::DynamoDB::Table',
    name: `zego-live-list-prod-${table}`,
  }));
  expect(blocks('docs/operating.md', 'text')).toContainEqual(
    `text\n${reportRemoval({ outputs: {}, resources: kept }, 'eu-central-1')}`,
  );
});

describe('docs/packages.md', () => {
  it('has every dependency, and no other', () => {
    const { dependencies, devDependencies } = JSON.parse(read('package.json'));
    expect(
      rows('docs/packages.md', 'package')
        .flatMap((row) => code(row.package))
        .sort(),
    ).toEqual(Object.keys({ ...dependencies, ...devDependencies }).sort());
  });
});

describe('docs/costs.md', () => {
  it('counts the metrics that alarms look at, each of which costs', () => {
    const count = (only: (condition: string | undefined) => boolean) =>
      Object.values(inject('service').resources.Resources)
        .filter(({ Type, Condition }) => Type === 'AWS::CloudWatch::Alarm' && only(Condition))
        .flatMap(({ Properties }) => Properties.Metrics ?? [{ MetricStat: true }])
        .filter((metric) => 'MetricStat' in (metric as object)).length;
    const always = count((condition) => condition === undefined);
    const most = count(() => true);
    expect(read('docs/costs.md')).toContain(
      `${always} metrics that they look at, at $0.10; ${most} with \`SILENCE_MINUTES\``,
    );
    expect(read('docs/costs.md')).toContain(`| $${(most * 0.1).toFixed(2)} |`);
    expect(3 + most * 0.1).toBeLessThan(5);
  });

  it('has a row for every function', () => {
    const measured = rows('docs/costs.md', 'function', 'zip kB').map((row) => row.function);
    expect(measured).toEqual(expect.arrayContaining(Object.keys(inject('service').functions)));
  });
});

describe('README.md and README.zh.md', () => {
  it('have the same code', () => {
    expect(blocks('README.zh.md')).toEqual(blocks('README.md'));
    expect(blocks('README.md', 'sh').length).toBeGreaterThan(0);
  });

  it('go in step, section by section', () => {
    const levels = (page: string) => headings(page).map(({ level }) => level);
    expect(levels('README.zh.md')).toEqual(levels('README.md'));
  });

  it('link to each other at the top', () => {
    expect(read('README.md').split('\n')[0]).toContain('(README.zh.md)');
    expect(read('README.zh.md').split('\n')[0]).toContain('(README.md)');
  });
});

describe('CONTRIBUTING.md', () => {
  const named = code(withoutFences(read('CONTRIBUTING.md')));

  it('names files and folders that exist', () => {
    const paths = named.flatMap((text) => text.split(' ')).filter((text) => /^(\.?\w+\/|\w+\.md$)/.test(text));
    expect(paths.length).toBeGreaterThan(10);
    // Bundles of the local stack.
    for (const path of paths.filter((path) => path !== 'dist/local/')) {
      expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });

  it('names every script for those who change the code', () => {
    for (const script of ['test:watch', 'check', 'fix', 'mutate', 'dev', 'types']) {
      expect(named.join('\n') + blocks('CONTRIBUTING.md', 'sh')).toContain(`npm run ${script}`);
    }
  });

  it('names launch configurations of VS Code that exist, and CI steps', () => {
    const { configurations } = JSON.parse(read('.vscode/launch.json')) as { configurations: { name: string }[] };
    for (const { name } of configurations) expect(named).toContain(name);
    const [, steps = ''] = /^bash \.ci\/run (.*)$/m.exec(blocks('CONTRIBUTING.md', 'sh').join('\n')) ?? [];
    const [, all = ''] = /^readonly STEPS=\((.*)\)$/m.exec(read('.ci/run')) ?? [];
    expect(all.split(' ')).toEqual(expect.arrayContaining(steps.split(' ')));
  });
});

it.each(['README.md', 'README.zh.md', 'docs/api.md'])("the example in %s is the answer to ZEGO's sample", (page) => {
  const examples = blocks(page, 'json').map((block) => JSON.parse(block.slice('json'.length)));
  expect(examples).toContainEqual({ streams: [ANSWER], next_cursor: null });
});

it('has no example of a secret or token that a deployment would accept', () => {
  const examples = PAGES.flatMap((page) => [
    ...read(page).matchAll(/\b(ZEGO_CALLBACK_SECRET|LIST_TOKEN) ?= ?['"]?([^\s'"`$;]+)/g),
  ]);
  expect(examples.length).toBeGreaterThan(3);
  for (const [example, name, value = ''] of examples) {
    if (/^(ssm:|public$)/.test(value)) continue;
    expect(() => checkDeployment('prod', { ...GOOD, [name as string]: value }), example).toThrow(/example|characters/);
  }
});

describe.each(PAGES)('%s', (page) => {
  const text = read(page);

  it('names npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const commands = [...code(withoutFences(text)), ...blocks(page, 'sh')].join('\n');
    for (const [, script = ''] of commands.matchAll(/\bnpm (?:run )?([\w:-]+)/g)) {
      if (script !== 'install') expect(Object.keys(scripts)).toContain(script);
    }
  });

  it('links to what is there', () => {
    const prose = withoutFences(text).replace(/`[^`]*`/g, '');
    for (const [, target = ''] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : posix.join(posix.dirname(page), path);
      expect(existsSync(join(ROOT, file)), target).toBe(true);
      if (anchor !== undefined) expect(anchors(file), target).toContain(anchor);
    }
  });

  it('has no comment in a block for a shell: pasted into zsh, # is a command', () => {
    for (const block of blocks(page, 'sh')) expect(block).not.toMatch(/(^|\s)#/m);
  });

  it('has JSON that can be read', () => {
    for (const block of blocks(page, 'json')) expect(() => JSON.parse(block.slice('json'.length))).not.toThrow();
  });
});

it('the generator of types has one version everywhere', () => {
  const [, typescript, generator] =
    /\['(typescript@[\d.]+)', '(openapi-typescript@[\d.]+)'\]/.exec(read('lib/tools/types.ts')) ?? [];
  for (const file of ['docs/clients.md', '.ci/run']) {
    expect(read(file)).toContain(`npx -y -p ${typescript} -p ${generator} openapi-typescript `);
  }
});

it('package.json has the address that README.md clones', () => {
  const { homepage, repository } = JSON.parse(read('package.json'));
  expect(read('README.md')).toContain(`git clone ${repository.url} `);
  expect(homepage).toBe(`${repository.url}#readme`);
});

it('CHANGELOG.md has the version of package.json', () => {
  const { version } = JSON.parse(read('package.json'));
  expect(headings('CHANGELOG.md').map(({ text }) => text)).toContainEqual(expect.stringContaining(`[${version}]`));
});
