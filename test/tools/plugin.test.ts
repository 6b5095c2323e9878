import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { VARIABLES, type VariableName } from '../../lib/config.ts';
import { copyProject, type Exit, serverless } from '../project.ts';

const REQUIRED = { ZEGO_CALLBACK_SECRET: 'a-secret', LIST_TOKEN: 'a-token' };

describe('what needs no variable', () => {
  it('print shows serverless.yml resolved', () => {
    const { provider, functions } = inject('service');
    expect(provider.httpApi.cors.allowedOrigins).toEqual(['*']);
    expect(functions.callback?.environment).toMatchObject({ ZEGO_CALLBACK_SECRET: '' });
  });

  it('info asks for AWS credentials, not for our variables, malformed ones or not', async () => {
    const project = copyProject();
    onTestFinished(project.remove);
    const environment = { AWS_EC2_METADATA_DISABLED: 'true', LIVE_SHARDS: 'x', CORS_ORIGINS: 'x' };
    const { stdout, stderr } = await serverless(project.folder, 'info', environment).exited;
    expect(stdout + stderr).toMatch(/credentials/i);
    for (const name of Object.keys(VARIABLES)) expect(stdout + stderr).not.toContain(name);
  });
});

describe.concurrent('package is refused before anything is built', () => {
  const project = copyProject();
  afterAll(project.remove);

  it.each<[string, VariableName, Record<string, string>, RegExp]>([
    ['without the CallbackSecret', 'ZEGO_CALLBACK_SECRET', { LIST_TOKEN: 'public' }, /is missing/],
    ['without whom the list is open to', 'LIST_TOKEN', { ZEGO_CALLBACK_SECRET: 'x', LIST_TOKEN: ' , ' }, /is missing/],
    ['with a variable that is not built yet', 'TRACING', { ...REQUIRED, TRACING: 'true' }, /leave it unset/],
  ])('%s', async (_, name, environment, rule) => {
    const { code, stdout, stderr } = await serverless(project.folder, 'package', environment).exited;
    const told = (stdout + stderr).split('\n').find((line) => line.startsWith(`${name} `));
    expect(code).toBe(1);
    expect(told).toMatch(rule);
    expect(told).toContain(VARIABLES[name].meaning);
    if (told?.includes('is missing')) expect(told).toContain(`${name}=${VARIABLES[name].example}`);
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(project.folder)).not.toContain('dist');
    expect(readdirSync(project.folder)).not.toContain('.serverless');
  });
});

interface Resource {
  Type: string;
  DependsOn?: string[];
  // biome-ignore lint/suspicious/noExplicitAny: a template is checked by what is expected of it
  Properties: any;
}

describe('package, with the variables in .env', () => {
  const project = copyProject();
  const at = (name: string) => join(project.folder, '.serverless', name);
  let exit: Exit;
  let resources: Record<string, Resource>;
  let outputs: Record<string, { Value: unknown }>;

  beforeAll(async () => {
    const variables = {
      ...REQUIRED,
      CORS_ORIGINS: 'https://a.example.com, https://b.example.com',
      MAX_LIVE_HOURS: '.5',
    };
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(project.folder, '.env'), lines.join(''));
    exit = await serverless(project.folder, 'package').exited;
    if (exit.code !== 0) throw new Error(exit.stdout + exit.stderr);
    const template = JSON.parse(readFileSync(at('cloudformation-template-update-stack.json'), 'utf8'));
    resources = template.Resources;
    outputs = template.Outputs;
  });
  afterAll(project.remove);

  const ofType = (type: string) => Object.entries(resources).filter(([, { Type }]) => Type === type);
  const resource = (id: string): Resource => {
    const found = resources[id];
    if (found === undefined) throw new Error(`no resource ${id}`);
    return found;
  };
  const NAMES = ['callback', 'streams', 'openapi'] as const;
  const idOf = (name: string, what: string) => `${name[0]?.toUpperCase()}${name.slice(1)}${what}`;

  it('warns of a lifetime below 1 hour', () => {
    expect(exit.stderr).toContain('MAX_LIVE_HOURS is below 1 hour');
  });

  it('has just the functions of serverless.yml, on Node 24 and arm64', () => {
    const functions = ofType('AWS::Lambda::Function');
    expect(functions.map(([id]) => id).sort()).toEqual(NAMES.map((name) => idOf(name, 'LambdaFunction')).sort());
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Timeout: 5 });
    }
    expect(ofType('AWS::Lambda::Version')).toEqual([]);
  });

  it.each(NAMES)('%s gets just the variables that its handler reads', (name) => {
    const source = readFileSync(join(project.folder, 'handlers', `${name}.ts`), 'utf8');
    const [, list = ''] = /readConfig\(\[([^\]]*)\]\)/.exec(source) ?? [];
    const read = [...list.matchAll(/'(\w+)'/g)].map(([, variable]) => variable);
    const { Variables = {} } = resource(idOf(name, 'LambdaFunction')).Properties.Environment ?? {};
    expect(Object.keys(Variables).sort()).toEqual(read.sort());
    if (name === 'openapi') expect(read).toEqual([]);
    else
      expect(Variables).toMatchObject({ SESSIONS_TABLE: { Ref: 'SessionsTable' }, ROOMS_TABLE: { Ref: 'RoomsTable' } });
  });

  it('hands on what is set, and nothing for what is not', () => {
    const { Variables } = resource('CallbackLambdaFunction').Properties.Environment;
    expect(Variables).toMatchObject({ ZEGO_CALLBACK_SECRET: 'a-secret', MAX_LIVE_HOURS: '.5', RETENTION_HOURS: '' });
  });

  it('shows the CallbackSecret to the callback function alone, and the token to the list alone', () => {
    const shown = (id: string) => JSON.stringify(resource(id));
    expect(shown('CallbackLambdaFunction')).not.toContain('a-token');
    expect(shown('StreamsLambdaFunction')).not.toContain('a-secret');
    const others = Object.entries(resources).filter(([id]) => !/^(Callback|Streams)LambdaFunction$/.test(id));
    expect(JSON.stringify([others, outputs])).not.toMatch(/a-secret|a-token/);
  });

  it('updates the function that reads the list before the one that writes it', () => {
    expect(resource('CallbackLambdaFunction').DependsOn).toContain('StreamsLambdaFunction');
    expect(resource('StreamsLambdaFunction').DependsOn).not.toContain('CallbackLambdaFunction');
  });

  it('leaves the names of the tables to AWS, and keeps and expires what is in them', () => {
    const tables = ofType('AWS::DynamoDB::Table');
    expect(tables.map(([id]) => id).sort()).toEqual(['RoomsTable', 'SessionsTable']);
    for (const [, table] of tables) {
      expect(table.Properties).not.toHaveProperty('TableName');
      expect(table.Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expires_at', Enabled: true });
      expect(table).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' });
    }
  });

  const LOGS = ['logs:CreateLogStream', 'logs:PutLogEvents'];
  it.each([
    ['callback', [...LOGS, 'dynamodb:BatchGetItem', 'dynamodb:UpdateItem', 'dynamodb:Query'], ['siblings', 'room']],
    ['streams', [...LOGS, 'dynamodb:BatchGetItem', 'dynamodb:Query'], ['siblings', 'live', 'room']],
    ['openapi', LOGS, []],
  ])('%s has a role of its own, with its actions on its resources alone', (name, actions, indexes) => {
    const role = idOf(name, 'Role');
    expect(resource(idOf(name, 'LambdaFunction')).Properties.Role).toEqual({ 'Fn::GetAtt': [role, 'Arn'] });
    const { Policies, ManagedPolicyArns } = resource(role).Properties;
    expect(ManagedPolicyArns).toBeUndefined();
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const statements = Policies.flatMap(({ PolicyDocument }: any) => PolicyDocument.Statement);
    // biome-ignore lint/suspicious/noExplicitAny: as above
    const allowed = statements.flatMap(({ Action, Resource }: any) =>
      [Action].flat().flatMap((action) => [Resource].flat().map((on) => [action, on['Fn::Sub'] ?? on['Fn::GetAtt']])),
    );
    expect([...new Set(allowed.map(([action]: string[]) => action))].sort()).toEqual([...actions].sort());
    for (const [action, on] of allowed) {
      if (action.startsWith('logs:')) expect(on).toEqual([idOf(name, 'LogGroup'), 'Arn']);
      else if (action === 'dynamodb:Query') expect(on).toMatch(/^\$\{SessionsTable\.Arn\}\/index\/\w+$/);
      else
        expect([
          ['SessionsTable', 'Arn'],
          ['RoomsTable', 'Arn'],
        ]).toContainEqual(on);
    }
    const queried = allowed.filter(([action]: string[]) => action === 'dynamodb:Query');
    expect(queried.map(([, on]: string[]) => on?.split('/').at(-1)).sort()).toEqual([...indexes].sort());
  });

  it('has no other role, and none with a wildcard', () => {
    expect(
      ofType('AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual(NAMES.map((name) => idOf(name, 'Role')).sort());
    expect(ofType('AWS::IAM::Policy')).toEqual([]);
    expect(JSON.stringify(ofType('AWS::IAM::Role'))).not.toMatch(/"\*"|dynamodb:\*|logs:\*/);
  });

  it('keeps the logs of each function for 30 days', () => {
    const groups = ofType('AWS::Logs::LogGroup');
    expect(groups.map(([id]) => id).sort()).toEqual(NAMES.map((name) => idOf(name, 'LogGroup')).sort());
    for (const [, { Properties }] of groups) expect(Properties.RetentionInDays).toBe(30);
    for (const [, { Properties }] of ofType('AWS::Lambda::Function')) {
      expect(Properties.LoggingConfig).toMatchObject({ LogFormat: 'JSON', SystemLogLevel: 'WARN' });
    }
  });

  it('has the routes, and CORS for the configured origins', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([, { Properties }]) => Properties.RouteKey);
    expect(routes.sort()).toEqual([
      'GET /openapi.json',
      'GET /streams',
      'GET /streams/{stream_id}',
      'POST /callbacks/zego',
    ]);
    expect(resource('HttpApi').Properties.CorsConfiguration).toEqual({
      AllowOrigins: ['https://a.example.com', 'https://b.example.com'],
      AllowHeaders: ['authorization', 'if-none-match'],
      AllowMethods: ['GET'],
      ExposeHeaders: ['etag'],
      MaxAge: 86_400,
    });
    for (const [, { Properties }] of ofType('AWS::ApiGatewayV2::Integration')) {
      expect(Properties.PayloadFormatVersion).toBe('2.0');
    }
  });

  it('prints the URL for ZEGO and the one of the list', () => {
    const base = 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}';
    expect(outputs.CallbackUrl?.Value).toEqual({ 'Fn::Sub': `${base}/callbacks/zego` });
    expect(outputs.ListUrl?.Value).toEqual({ 'Fn::Sub': `${base}/streams` });
  });

  it.each(NAMES)('%s.zip holds one file, the bundle that serverless.yml names, without a source map', (name) => {
    const files = unzip(readFileSync(at(`${name}.zip`)));
    expect([...files.keys()]).toEqual([`dist/${name}.js`]);
    expect(resource(idOf(name, 'LambdaFunction')).Properties.Handler).toBe(`dist/${name}.handler`);
    const text = String(files.get(`dist/${name}.js`));
    expect(text === readFileSync(join(project.folder, 'dist', `${name}.js`), 'utf8')).toBe(true);
    expect(text.includes('sourceMappingURL')).toBe(false);
  });

  it('makes no other zip', () => {
    const zips = readdirSync(at('.')).filter((file) => file.endsWith('.zip'));
    expect(zips.sort()).toEqual(NAMES.map((name) => `${name}.zip`).sort());
  });
});

/** The files of a zip, read from its central directory (PKWARE's APPNOTE, 4.3.12). */
function unzip(zip: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (let at = zip.indexOf('PK\x01\x02'); at !== -1; at = zip.indexOf('PK\x01\x02', at + 4)) {
    const [method, packed, nameLength] = [
      zip.readUInt16LE(at + 10),
      zip.readUInt32LE(at + 20),
      zip.readUInt16LE(at + 28),
    ];
    const header = zip.readUInt32LE(at + 42);
    const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
    const data = zip.subarray(start, start + packed);
    files.set(zip.toString('utf8', at + 46, at + 46 + nameLength), method === 0 ? data : inflateRawSync(data));
  }
  return files;
}
