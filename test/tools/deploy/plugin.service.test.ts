import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { VARIABLES, type VariableName } from '../../../lib/config.ts';
import { METRICS, NAMESPACE } from '../../../lib/runtime/metrics.ts';
import { copyProject, type Exit, serverless } from '../../support/project.ts';

const REQUIRED = { ZEGO_CALLBACK_SECRET: 'a-secret-of-24-characters', LIST_TOKEN: 'a-token-of-24-characters' };

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
    ['with a switch that is neither on nor off', 'TRACING', { ...REQUIRED, TRACING: 'on' }, /true or false/],
    ['with half a parameter', 'LIST_TOKEN', { ...REQUIRED, LIST_TOKEN: 'ssm:' }, /ssm:\/name/],
  ])('%s', async (_, name, environment, rule) => {
    const told = await refusal('package', environment, name);
    expect(told).toMatch(rule);
    expect(told).toContain(VARIABLES[name].meaning);
    if (told.includes('is missing')) expect(told).toContain(`${name}=${VARIABLES[name].example}`);
  });

  it.each<[string, string, Record<string, string>, RegExp]>([
    [
      'with a misspelled variable',
      '',
      { ...REQUIRED, CORS_ORIGIN: 'x' },
      /^CORS_ORIGIN .* did you mean CORS_ORIGINS\?$/,
    ],
    [
      'with a token that can be guessed',
      '',
      { ...REQUIRED, LIST_TOKEN: 'abc' },
      /^LIST_TOKEN is too short \(3 of at least 16 characters\)/,
    ],
    [
      'with a secret of the docs',
      '--stage prod',
      { ...REQUIRED, ZEGO_CALLBACK_SECRET: 'secret' },
      /^ZEGO_CALLBACK_SECRET .*example/,
    ],
    [
      'for a stage that is too long',
      `--stage ${'a'.repeat(41)}`,
      REQUIRED,
      /^The stage a{41} .* 65 characters of 64 allowed/,
    ],
  ])('%s', async (_, options, environment, rule) => {
    const [first = ''] = rule.exec(await refusal(`package ${options}`.trim(), environment, '')) ?? [];
    expect(first).not.toBe('');
  });

  /** @returns the line of it that begins like this; empty: that behind `Error:` */
  async function refusal(args: string, environment: Record<string, string>, begin: string): Promise<string> {
    const { code, stdout, stderr } = await serverless(project.folder, args, environment).exited;
    const lines = (stdout + stderr).split('\n');
    expect(code).toBe(1);
    expect(stdout + stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(project.folder)).not.toContain('dist');
    expect(readdirSync(project.folder)).not.toContain('.serverless');
    const at = begin === '' ? lines.indexOf('Error:') + 1 : lines.findIndex((line) => line.startsWith(`${begin} `));
    return lines[at] ?? '';
  }
});

interface Resource {
  Type: string;
  DependsOn?: string[];
  Condition?: string;
  DeletionPolicy?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is checked by what is expected of it
  Properties: any;
}

interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: unknown }>;
  Mappings: { Switches: { Stack: Record<string, string> } };
  Conditions: Record<string, unknown>;
}

const templateIn = (folder: string): Template =>
  JSON.parse(readFileSync(join(folder, '.serverless', 'cloudformation-template-update-stack.json'), 'utf8'));

describe('package, with the variables in .env', () => {
  const project = copyProject();
  const at = (name: string) => join(project.folder, '.serverless', name);
  let exit: Exit;
  let resources: Record<string, Resource>;
  let outputs: Template['Outputs'];
  let switches: Record<string, string>;
  let conditions: Record<string, unknown>;

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
    const template = templateIn(project.folder);
    resources = template.Resources;
    outputs = template.Outputs;
    switches = template.Mappings.Switches.Stack;
    conditions = template.Conditions;
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

  it('says where its settings come from', () => {
    expect(exit.stderr).toContain('Settings: .env and the environment');
  });

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
    // That of the log and the metrics, which every handler has.
    read.push('POWERTOOLS_SERVICE_NAME');
    const { Variables = {} } = resource(idOf(name, 'LambdaFunction')).Properties.Environment ?? {};
    expect(Object.keys(Variables).sort()).toEqual(read.sort());
    if (name === 'openapi') expect(read).toEqual(['POWERTOOLS_SERVICE_NAME']);
    else
      expect(Variables).toMatchObject({ SESSIONS_TABLE: { Ref: 'SessionsTable' }, ROOMS_TABLE: { Ref: 'RoomsTable' } });
  });

  it('hands on what is set, and nothing for what is not', () => {
    const { Variables } = resource('CallbackLambdaFunction').Properties.Environment;
    expect(Variables).toMatchObject({
      ZEGO_CALLBACK_SECRET: REQUIRED.ZEGO_CALLBACK_SECRET,
      MAX_LIVE_HOURS: '.5',
      RETENTION_HOURS: '',
    });
  });

  it('shows the CallbackSecret to the callback function alone, and the token to the list alone', () => {
    const shown = (id: string) => JSON.stringify(resource(id));
    expect(shown('CallbackLambdaFunction')).not.toContain(REQUIRED.LIST_TOKEN);
    expect(shown('StreamsLambdaFunction')).not.toContain(REQUIRED.ZEGO_CALLBACK_SECRET);
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
      expect(table.Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      });
    }
  });

  it.each(NAMES)('%s has a role of its own, with a policy of its own alone', (name) => {
    const role = idOf(name, 'Role');
    expect(resource(idOf(name, 'LambdaFunction')).Properties.Role).toEqual({ 'Fn::GetAtt': [role, 'Arn'] });
    const { Policies, ManagedPolicyArns } = resource(role).Properties;
    expect(ManagedPolicyArns).toBeUndefined();
    expect(Policies).toHaveLength(1);
  });

  it('has no other role, and none with a wildcard', () => {
    expect(
      ofType('AWS::IAM::Role')
        .map(([id]) => id)
        .sort(),
    ).toEqual(NAMES.map((name) => idOf(name, 'Role')).sort());
    expect(ofType('AWS::IAM::Policy')).toEqual([]);
    // X-Ray has no resources to name.
    const roles = JSON.stringify(ofType('AWS::IAM::Role')).replaceAll(JSON.stringify(TRACES), '');
    expect(roles).not.toMatch(/"\*"|dynamodb:\*|logs:\*|ssm:\*/);
  });

  const TRACES = {
    Effect: 'Allow',
    Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
    Resource: '*',
  };
  const PARAMETER = 'arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter';

  it.each([
    ['callback', 'SecretIsParameter'],
    ['streams', 'TokenIsParameter'],
    ['openapi', undefined],
  ])('%s may write traces and read a parameter only under a condition', (name, condition) => {
    const [{ PolicyDocument }] = resource(idOf(name, 'Role')).Properties.Policies;
    const conditional = PolicyDocument.Statement.filter((statement: object) => 'Fn::If' in statement);
    const none = { Ref: 'AWS::NoValue' };
    const reads = { Effect: 'Allow', Action: 'ssm:GetParameter', Resource: { 'Fn::Sub': PARAMETER } };
    expect(conditional).toEqual([
      { 'Fn::If': ['RequestsAreTraced', TRACES, none] },
      ...(condition === undefined ? [] : [{ 'Fn::If': [condition, reads, none] }]),
    ]);
    expect(resource(idOf(name, 'LambdaFunction')).Properties.TracingConfig).toEqual({ Mode: 'PassThrough' });
  });

  it('switches nothing on', () => {
    const switched = Object.keys(conditions).filter((name) => !name.startsWith('In'));
    expect(Object.keys(switches).sort()).toEqual(switched.sort());
    expect(Object.values(switches)).toEqual(switched.map(() => 'false'));
    for (const name of switched) {
      expect(conditions[name]).toEqual({ 'Fn::Equals': [{ 'Fn::FindInMap': ['Switches', 'Stack', name] }, 'true'] });
    }
  });

  it('throttles what readers ask, and never callbacks', () => {
    const { Properties, DependsOn } = resource('HttpApiStage');
    expect(Properties.DefaultRouteSettings).toEqual({ DetailedMetricsEnabled: false });
    const routes = ofType('AWS::ApiGatewayV2::Route').map(([id, route]) => [id, route.Properties.RouteKey]);
    const throttled = Object.keys(Properties.RouteSettings);
    expect(throttled.sort()).toEqual(
      routes
        .map(([, key]) => key)
        .filter((key) => key.startsWith('GET '))
        .sort(),
    );
    for (const settings of Object.values(Properties.RouteSettings)) {
      expect(settings).toEqual({
        ThrottlingRateLimit: expect.any(Number),
        ThrottlingBurstLimit: expect.any(Number),
      });
    }
    // CloudFormation refuses settings of a route that is not there yet.
    expect(DependsOn?.sort()).toEqual(
      routes
        .filter(([, key]) => throttled.includes(key ?? ''))
        .map(([id]) => id)
        .sort(),
    );
  });

  it('has alarms that say what to do, and are sent only if there is an address', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm');
    expect(alarms.length).toBeGreaterThan(0);
    const send = { 'Fn::If': ['AlarmsAreSent', [{ Ref: 'AlarmTopic' }], { Ref: 'AWS::NoValue' }] };
    for (const [id, { Properties, Condition }] of alarms) {
      expect(Properties.AlarmDescription, id).toMatch(/^[A-Z].*\. What to do: .*[.?]/);
      expect(Properties.AlarmDescription.length, id).toBeLessThanOrEqual(1024);
      expect(Properties).toMatchObject({ AlarmActions: send, OKActions: send });
      expect(Condition).toBe(id === 'SilenceAlarm' ? 'SilenceIsWatched' : undefined);
    }
    expect(resource('AlarmTopic').Condition).toBe('AlarmsAreSent');
  });

  it.each(NAMES)('%s has an alarm for its errors and one for its throttles, each on that metric alone', (name) => {
    const dimensions = [{ Name: 'FunctionName', Value: { Ref: idOf(name, 'LambdaFunction') } }];
    for (const metric of ['Errors', 'Throttles']) {
      const { Properties } = resource(idOf(name, `${metric}Alarm`));
      expect(Properties).toMatchObject({ Namespace: 'AWS/Lambda', MetricName: metric, Dimensions: dimensions });
      expect(Properties).toMatchObject({ Statistic: 'Sum', Threshold: 0, TreatMissingData: 'notBreaching' });
      expect(Properties).not.toHaveProperty('Metrics');
    }
  });

  // A metric has no value in a minute in which its function did not run, and the sum may then have none either.
  it('has no alarm that combines metrics of several functions', () => {
    for (const [id, { Properties }] of ofType('AWS::CloudWatch::Alarm')) {
      const functions = JSON.stringify(Properties).match(/\w+LambdaFunction/g) ?? [];
      expect(new Set(functions).size, id).toBeLessThanOrEqual(1);
    }
  });

  it('asks of metrics that there are, with the dimension that they have', () => {
    const alarms = ofType('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
    const asked = alarms.flatMap(({ Metrics, Namespace, MetricName, Dimensions }) =>
      Metrics === undefined
        ? [{ Namespace, MetricName, Dimensions }]
        : // biome-ignore lint/suspicious/noExplicitAny: as above
          Metrics.flatMap(({ MetricStat }: any) => (MetricStat === undefined ? [] : [MetricStat.Metric])),
    );
    const service = resource('CallbackLambdaFunction').Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME;
    expect(service).toBe('zego-live-list-dev');
    const own = asked.filter(({ Namespace }) => Namespace === NAMESPACE);
    expect(own.length).toBeGreaterThan(0);
    for (const { MetricName, Dimensions } of own) {
      expect(Object.keys(METRICS)).toContain(MetricName);
      expect(Dimensions).toEqual([{ Name: 'service', Value: service }]);
    }
    for (const { Namespace, Dimensions } of asked.filter((metric) => !own.includes(metric))) {
      expect(Namespace).toBe('AWS/Lambda');
      expect(ofType('AWS::Lambda::Function').map(([id]) => id)).toContain(Dimensions[0].Value.Ref);
    }
  });

  it('has a dashboard of every metric, which CloudWatch can read', () => {
    const { DashboardName, DashboardBody } = resource('Dashboard').Properties;
    // Names are those of an account, whatever the region.
    expect(DashboardName).toEqual({ 'Fn::Sub': 'zego-live-list-dev-${AWS::Region}' });
    const body = DashboardBody['Fn::Sub'];
    const { widgets } = JSON.parse(body);
    for (const { properties } of widgets) {
      expect(properties).toMatchObject({ title: expect.any(String), region: '${AWS::Region}' });
      expect(properties.metrics.length).toBeGreaterThan(0);
    }
    for (const metric of Object.keys(METRICS)) expect(body).toContain(`"${metric}"`);
    for (const [, name = ''] of body.matchAll(/\$\{(\w+)\}/g)) expect(Object.keys(resources)).toContain(name);
  });

  it('is the same for every region and partition', () => {
    expect(JSON.stringify([resources, outputs])).not.toMatch(/arn:aws|us-east-1|amazonaws\.com\//);
  });

  it('reserves no concurrency, of which a new account has none to spare', () => {
    expect(JSON.stringify(resources)).not.toMatch(/Concurren/);
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
    expect(JSON.stringify(outputs.DashboardUrl?.Value)).toContain('#dashboards/dashboard/${Dashboard}');
  });

  it('has outputs that describe the stack to info', () => {
    expect(outputs.ListAccess?.Value).toEqual({ 'Fn::If': ['ListIsOpen', 'public', 'token'] });
    expect(outputs.TableDeletionPolicy?.Value).toBe(resource('SessionsTable').DeletionPolicy);
    expect(outputs.AlarmEmail).toMatchObject({ Condition: 'AlarmsAreSent' });
  });

  it.each(NAMES)(
    '%s.zip holds the bundle that serverless.yml names, without a source map, and what reads parameters',
    (name) => {
      const files = unzip(readFileSync(at(`${name}.zip`)));
      const beside = name === 'openapi' ? [] : ['dist/ssm.js'];
      expect([...files.keys()].sort()).toEqual([`dist/${name}.js`, ...beside].sort());
      expect(resource(idOf(name, 'LambdaFunction')).Properties.Handler).toBe(`dist/${name}.handler`);
      const text = String(files.get(`dist/${name}.js`));
      expect(text === readFileSync(join(project.folder, 'dist', `${name}.js`), 'utf8')).toBe(true);
      expect(text.includes('sourceMappingURL')).toBe(false);
    },
  );

  it('makes no other zip', () => {
    const zips = readdirSync(at('.')).filter((file) => file.endsWith('.zip'));
    expect(zips.sort()).toEqual(NAMES.map((name) => `${name}.zip`).sort());
  });
});

/** The longest stage that is not refused. */
const LONGEST = `ci-${'7'.repeat(37)}`;

describe('package of a disposable stage, with secrets in Parameter Store and everything on', () => {
  const project = copyProject();
  afterAll(project.remove);
  let template: Template;
  beforeAll(async () => {
    const settings = {
      ZEGO_CALLBACK_SECRET: ' ssm:/zego/secret',
      LIST_TOKEN: 'ssm:/zego/token',
      ALARM_EMAIL: 'ops@example.com ',
      SILENCE_MINUTES: '30',
      TRACING: ' true',
    };
    const { code, stdout, stderr } = await serverless(project.folder, `package --stage ${LONGEST}`, settings).exited;
    if (code !== 0) throw new Error(stdout + stderr);
    template = templateIn(project.folder);
  });
  const propertiesOf = (id: string) => template.Resources[id]?.Properties;

  it('throws its tables away', () => {
    for (const id of ['SessionsTable', 'RoomsTable']) {
      expect(template.Resources[id]).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
      expect(propertiesOf(id).DeletionProtectionEnabled).toBe(false);
    }
  });

  it('has no name that is too long for AWS', () => {
    const limits: Record<string, number> = { FunctionName: 64, LogGroupName: 512, DashboardName: 255, Name: 128 };
    const names = Object.values(template.Resources).flatMap(({ Properties }) =>
      Object.entries(Properties ?? {}).filter(([key, value]) => /Name$/.test(key) && typeof value === 'string'),
    ) as [string, string][];
    expect(names.map(([key]) => key)).toContain('FunctionName');
    for (const [key, name] of names.filter(([, value]) => value.includes(LONGEST))) {
      expect(name.length, `${key} ${name}`).toBeLessThanOrEqual(limits[key] ?? 0);
    }
    expect(Math.max(...names.filter(([key]) => key === 'FunctionName').map(([, name]) => name.length))).toBe(64);
  });

  it('lets each function read its own parameter, and no other', () => {
    const readable = (id: string) => JSON.stringify(propertiesOf(id)).match(/:parameter[^"]*/g);
    expect(readable('CallbackRole')).toEqual([':parameter/zego/secret']);
    expect(readable('StreamsRole')).toEqual([':parameter/zego/token']);
    expect(readable('OpenapiRole')).toBeNull();
  });

  it('switches everything on, except for an open list', () => {
    const { Stack } = template.Mappings.Switches;
    expect(Object.keys(Stack).sort()).toEqual(
      Object.keys(template.Conditions)
        .filter((name) => !name.startsWith('In'))
        .sort(),
    );
    const { ListIsOpen, ...others } = Stack;
    expect(ListIsOpen).toBe('false');
    expect(Object.values(others)).toEqual(Object.keys(others).map(() => 'true'));
    expect(propertiesOf('AlarmTopic').Subscription).toEqual([{ Protocol: 'email', Endpoint: 'ops@example.com' }]);
    expect(propertiesOf('SilenceAlarm')).toMatchObject({
      EvaluationPeriods: 30,
      Period: 60,
      MetricName: 'CallbacksApplied',
    });
    for (const name of ['Callback', 'Streams', 'Openapi']) {
      expect(propertiesOf(`${name}LambdaFunction`).TracingConfig).toEqual({ Mode: 'Active' });
      expect(propertiesOf(`${name}LambdaFunction`).Environment.Variables.POWERTOOLS_SERVICE_NAME).toBe(
        `zego-live-list-${LONGEST}`,
      );
    }
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
