import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { bundle, bundleName } from '../../../lib/tools/deploy/bundle.ts';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { SECRET, sample, signed } from '../../support/callback.ts';
import { get, post } from '../../support/gateway-event.ts';
import { startParameterStore } from '../../support/parameter-store.ts';

const NAMES = Object.values(inject('service').functions).map(({ handler }) => bundleName(handler));

/** What AWS unpacks: the bundles, and no package.json that would make ES modules of them. */
const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

let deployed: Awaited<ReturnType<typeof bundle>>;
beforeAll(async () => {
  deployed = await bundle(NAMES, { deployed: true });
  for (const { path, contents } of deployed.outputFiles) writeFileSync(join(folder, basename(path)), contents);
});

const textOf = (name: string) => deployed.outputFiles.find(({ path }) => basename(path) === `${name}.js`)?.text ?? '';

/** Calls a bundle's handler in a Node of its own, with nothing in its environment but what Lambda would set. */
async function call(name: string, event: unknown, environment: Record<string, string> = {}) {
  const script = `require('./${name}.js').handler(JSON.parse(process.argv[1])).then((result) => {
    process.stdout.write('\\n' + JSON.stringify(result));
  });`;
  const { HOME, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED } = process.env;
  const env = { HOME, AWS_REGION: 'eu-west-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED, ...environment };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['-e', script, JSON.stringify(event)], {
    cwd: folder,
    env,
  });
  return { stderr, result: JSON.parse(stdout.split('\n').at(-1) ?? '') };
}

it('there is one file for each function, named as serverless.yml has it, and one for what reads parameters', () => {
  expect(deployed.outputFiles.map(({ path }) => basename(path)).sort()).toEqual(
    [...NAMES.map((name) => `${name}.js`), 'ssm.js'].sort(),
  );
});

/** What each answers without a secret or token in its environment: to nobody, but for what is open. */
const ALONE: Record<string, [status: number, type: string]> = {
  callback: [400, 'application/problem+json'],
  streams: [401, 'application/problem+json'],
  openapi: [200, 'application/json'],
};

describe.each(NAMES)('%s', (name) => {
  it('is CommonJS without a source map, and under 100 kB zipped', () => {
    const text = textOf(name);
    // Compared as booleans: nobody wants to see a bundle printed.
    expect(/^\s*(import|export)\s/m.test(text)).toBe(false);
    expect(/module\.exports\s*=/.test(text)).toBe(true);
    expect(text.includes('sourceMappingURL')).toBe(false);
    expect(gzipSync(text).length).toBeLessThan(100_000);
  });

  it('brings its packages along: nothing is left to require but what Node has', () => {
    const output = Object.entries(deployed.metafile.outputs).find(([path]) => basename(path) === `${name}.js`)?.[1];
    const external = output?.imports.filter((imported) => imported.external).map(({ path }) => path) ?? [];
    expect(external.length).toBeGreaterThan(0);
    const beside = name === 'openapi' ? [] : ['./ssm.js'];
    expect(external.filter((path) => !isBuiltin(path))).toEqual(beside);
  });

  it('is loaded and called by plain Node', async () => {
    const { result, stderr } = await call(name, post('MARK'));
    expect([result.statusCode, result.headers['content-type']]).toEqual(ALONE[name]);
    // Warnings of Node's or the SDK's would stand among our own lines.
    for (const line of stderr.trimEnd().split('\n').filter(Boolean)) expect(JSON.parse(line).level).toBe('WARN');
  });
});

it('the credential providers of the SDK are left out, but for the stand-in', () => {
  const providers = Object.keys(deployed.metafile.inputs).filter((input) =>
    /credential-provider|token-providers|nested-clients/.test(input),
  );
  expect(providers).toEqual(['environment-credentials:@aws-sdk/credential-provider-node']);
});

it('a request to DynamoDB is signed with the credentials that Lambda hands over', async () => {
  const seen: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
  });
  const { url, close } = await listen(server, 0, '');
  onTestFinished(close);
  const { result } = await call('callback', post(JSON.stringify(signed(sample('stream_close')))), {
    ZEGO_CALLBACK_SECRET: SECRET,
    SESSIONS_TABLE: 'sessions',
    ROOMS_TABLE: 'rooms',
    AWS_ENDPOINT_URL_DYNAMODB: url,
    AWS_ACCESS_KEY_ID: 'AKIDOFLAMBDA',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'session-token',
  });
  expect(result).toMatchObject({ statusCode: 200, body: '{"result":"applied"}' });
  expect(seen).toEqual([
    expect.objectContaining({
      authorization: expect.stringMatching(/Credential=AKIDOFLAMBDA\/\d{8}\/eu-west-1\/dynamodb\//),
      'x-amz-security-token': 'session-token',
    }),
  ]);
});

it('a secret of Parameter Store is read by the file beside, which nothing else loads', async () => {
  const store = await startParameterStore();
  onTestFinished(store.close);
  store.parameters = { '/list/token': 'a-token' };
  const settings = { ...store.environment, LIST_TOKEN: 'ssm:/list/token', LIST_CACHE_SECONDS: '0' };
  const asked = get('/streams?limit=0', { authorization: 'Bearer a-token' });
  expect((await call('streams', asked, settings)).result.statusCode).toBe(400);
  expect(store.requests).toHaveLength(1);

  const parameters = /SSMClient|GetParameter|AmazonSSM/;
  for (const name of NAMES) expect(parameters.test(textOf(name))).toBe(false);
  expect(parameters.test(textOf('ssm'))).toBe(true);
});

it('a bundle that is not deployed has its source map, for the traces of the local stack', async () => {
  const { outputFiles } = await bundle(NAMES, { deployed: false });
  expect(outputFiles.map(({ text }) => text.includes('sourceMappingURL=data:'))).toEqual(NAMES.map(() => true));
});
