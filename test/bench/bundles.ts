import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';
import { bundle } from '../../lib/tools/deploy/bundle.ts';
import { printTable } from './markdown.ts';
import { startProgress } from './progress.ts';
import { median } from './statistics.ts';

const RUNS = 21;
const PLAIN = 'client-dynamodb + lib-dynamodb';

/** How large each function is, and how long a fresh process loads it: as it is, and against the plain SDK. */
export async function benchBundles(): Promise<void> {
  const bundles = { ...(await buildAll()), ...(await buildParts()) };
  const loads = loadTimes(bundles);
  const plain = median(loads[PLAIN] ?? []);
  const kB = (bytes: number) => (bytes / 1000).toFixed(1);
  printTable(
    ['function', 'zip kB', 'bundle kB', 'load ms', 'of the plain SDK'],
    Object.entries(bundles).map(([name, code]) => {
      const load = median(loads[name] ?? []);
      const zipped = deflateRawSync(code, { level: 9 }).length;
      return [name, kB(zipped), kB(Buffer.byteLength(code)), load.toFixed(1), (load / plain).toFixed(2)];
    }),
  );
}

/** Their code, by name. */
async function buildAll(): Promise<Record<string, string>> {
  const deployed = (await bundle(['callback', 'streams', 'openapi'], { deployed: true })).outputFiles;
  const contentsOf = (name: string) => deployed.find(({ path }) => path.endsWith(`/${name}.js`))?.text ?? '';
  return {
    'empty handler': await alone('export const handler = async () => ({ statusCode: 200 })'),
    callback: contentsOf('callback'),
    streams: contentsOf('streams'),
    openapi: contentsOf('openapi'),
    [PLAIN]: await alone(
      `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
       import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
       const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
       export const handler = () => client.send(new GetCommand({ TableName: 't', Key: {} }), QueryCommand, UpdateCommand);`,
    ),
  };
}

/** The callback function as it would be with less in it, and what it loads only for a secret of Parameter Store. */
async function buildParts(): Promise<Record<string, string>> {
  const without = (...packages: string[]) => bundleOf('callback', [leftOut(packages)]);
  return {
    'callback without logger and metrics': await without('logger', 'metrics'),
    'callback without metrics': await without('metrics'),
    'callback without logger': await without('logger'),
    'parameters, beside it': await bundleOf('ssm', []),
  };
}

async function bundleOf(name: string, plugins: readonly Plugin[]): Promise<string> {
  const { outputFiles } = await bundle(['callback'], { deployed: true, plugins });
  return outputFiles.find(({ path }) => path.endsWith(`/${name}.js`))?.text ?? '';
}

/** Powertools' packages, replaced by what does nothing. */
function leftOut(packages: readonly string[]): Plugin {
  const filter = new RegExp(`^@aws-lambda-powertools/(${packages.join('|')})$`);
  return {
    name: 'left-out',
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, ({ path }) => ({ path, namespace: 'left-out' }));
      onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
        contents: 'export class Logger {} export class Metrics {} export const MetricUnit = {};',
      }));
    },
  };
}

async function alone(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    legalComments: 'none',
  });
  return outputFiles[0]?.text ?? '';
}

/** In ms, each in a fresh process, by name. */
function loadTimes(bundles: Record<string, string>): Record<string, number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-bench-'));
  const progress = startProgress('load time: run', RUNS);
  try {
    const fileOf = (name: string) => join(folder, `${name}.js`);
    for (const [name, code] of Object.entries(bundles)) writeFileSync(fileOf(name), code);
    const env = {
      PATH: process.env.PATH,
      AWS_REGION: 'us-east-1',
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    };
    const script = 'const t = performance.now(); require(process.argv[1]); console.log(performance.now() - t)';
    const load = (name: string) =>
      Number(execFileSync(process.execPath, ['-e', script, fileOf(name)], { env, encoding: 'utf8' }));
    const loads: Record<string, number[]> = Object.fromEntries(Object.keys(bundles).map((name) => [name, []]));
    for (let run = 0; run < RUNS; run++) {
      progress.add(1);
      for (const name of Object.keys(bundles).sort(() => Math.random() - 0.5)) loads[name]?.push(load(name));
    }
    return loads;
  } finally {
    progress.stop();
    rmSync(folder, { recursive: true });
  }
}
