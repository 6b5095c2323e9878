import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { routesOf, type Service, type ServiceFunction } from '../../../lib/tools/serverless-config.ts';
import { SECRET } from '../../support/callback.ts';
import { copyProject, HAS_SIGNALS, serverless } from '../../support/project.ts';

/** YAML with the tags of CloudFormation, as osls reads it. */
const parse = createRequire(import.meta.url)('serverless/lib/utils/fs/parse.js') as (
  name: string,
  text: string,
) => Yaml;
type Yaml = Pick<Service, 'functions'> & { provider: { httpApi: object } };

/** What docs/api.md says to write into serverless.yml. */
const page = readFileSync(fileURLToPath(new URL('../../../docs/api.md', import.meta.url)), 'utf8');
const [, LINES = ''] = /^```yaml\n(provider:\n[\s\S]*?)^```$/m.exec(page) ?? [];

const project = copyProject();
afterAll(project.remove);

const file = join(project.folder, 'serverless.yml');
const service = parse('serverless.yml', readFileSync(file, 'utf8'));
const lines = parse('lines.yml', LINES);
Object.assign(service.provider.httpApi, lines.provider.httpApi);
const [streams, { events }] = [service.functions.streams, lines.functions.streams] as [
  ServiceFunction,
  ServiceFunction,
];
const replaced = routesOf({ ...streams, events });
streams.events = [
  ...events,
  ...streams.events.filter((event) => !replaced.includes(routesOf({ ...streams, events: [event] }).join())),
];
// JSON is YAML, too.
writeFileSync(file, JSON.stringify(service));

it('the list routes demand a JWT of the issuer, and no other route does', async () => {
  const variables = { ZEGO_CALLBACK_SECRET: SECRET, LIST_TOKEN: 'public' };
  const { code, stdout, stderr } = await serverless(project.folder, 'package', variables).exited;
  expect(code, stdout + stderr).toBe(0);
  const { Resources } = JSON.parse(
    readFileSync(join(project.folder, '.serverless/cloudformation-template-update-stack.json'), 'utf8'),
  );
  // biome-ignore lint/suspicious/noExplicitAny: a template is checked by what is expected of it
  const ofType = (type: string) => Object.entries<any>(Resources).filter(([, { Type }]) => Type === type);

  const authorizers = ofType('AWS::ApiGatewayV2::Authorizer');
  expect(authorizers.map(([, { Properties }]) => Properties)).toEqual([
    {
      ApiId: { Ref: 'HttpApi' },
      Name: 'readers',
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.header.Authorization'],
      JwtConfiguration: { Issuer: 'https://login.example.com/', Audience: ['live-list'] },
    },
  ]);
  const [[id] = []] = authorizers;
  const demanded = ofType('AWS::ApiGatewayV2::Route').map(
    ([, { Properties }]) => [Properties.RouteKey, [Properties.AuthorizationType, Properties.AuthorizerId]] as const,
  );
  const routes = Object.values(service.functions).flatMap(routesOf);
  expect(Object.fromEntries(demanded)).toEqual(
    Object.fromEntries(
      routes.map((route) => [route, /^GET \/streams/.test(route) ? ['JWT', { Ref: id }] : [undefined, undefined]]),
    ),
  );
  expect(routes).toContain('POST /callbacks/zego');
});

it('the local stack has the same routes and demands none', async () => {
  const stack = serverless(project.folder, 'local', { PORT: '0', DYNAMODB_PORT: '0', ZEGO_CALLBACK_SECRET: SECRET });
  const url = await stack.listening();
  expect((await fetch(`${url}/streams`)).status).toBe(200);
  expect((await fetch(`${url}/streams/unknown`)).status).toBe(404);
  expect((await stack.end('SIGTERM')).code).toBe(HAS_SIGNALS ? 0 : null);
});
