import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { build } from 'esbuild';
import { closeUpdate, sessionUpdate } from '../../lib/streams/commands.ts';
import { blankSession, merge, withView } from '../../lib/streams/session.ts';
import { bundle } from '../../lib/tools/bundle.ts';
import { decodeBody } from '../../lib/zego/body.ts';
import { parseEvent } from '../../lib/zego/event.ts';
import { verify } from '../../lib/zego/signature.ts';
import { form, SECRET, sample, signed } from '../callback.ts';

/** Figures of one run, as ratios where a machine's speed would show. Nothing here passes or fails. */
const RUNS = 21;
const WARM_UP = 5;
const ROUND_MS = 200;

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Decode, verify, type, build the command: a callback without DynamoDB. */
function callback(body: string, base64: boolean): () => unknown {
  const nowMs = Date.now();
  const sent = base64 ? Buffer.from(body).toString('base64') : body;
  const lifetimes = { nowMs, shard: () => 0, maxLiveMs: 1e8, retentionMs: 1e8 };
  return () => {
    const record = decodeBody(sent, base64);
    const verified = verify(record, { secrets: [SECRET], windowSeconds: 600, nowMs });
    const event = parseEvent(record, verified, []);
    if (!('stream_id' in event)) throw new Error('the sample tells of a stream');
    if (event.event === 'stream_close') return closeUpdate(event, nowMs, 1e8);
    const blank = blankSession(event);
    return sessionUpdate(withView(blank, merge(blank, event, nowMs), true, lifetimes));
  };
}

/** How often a second, over some time. */
function rate(once: () => unknown): number {
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < ROUND_MS) {
    for (let i = 0; i < 100; i++) once();
    count += 100;
  }
  return (count / (performance.now() - started)) * 1000;
}

const create = signed(sample('stream_create'));
const callbacks = {
  'stream_create, JSON': callback(JSON.stringify(create), false),
  'stream_create, JSON URL-encoded': callback(encodeURIComponent(JSON.stringify(create)), false),
  'stream_create, form in base64': callback(form(create), true),
  'stream_close, JSON': callback(JSON.stringify(signed(sample('stream_close'))), false),
};
// In turn, and the first rounds not counted: the engine compiles while it runs, and the machine has moods.
const rounds = Array.from({ length: WARM_UP + RUNS }, () => Object.values(callbacks).map(rate)).slice(WARM_UP);
console.log(`Node ${process.version}\n\n| callback, without DynamoDB | per second, one core |\n| --- | --- |`);
for (const [i, name] of Object.keys(callbacks).entries()) {
  console.log(`| ${name} | ${Math.round(median(rounds.map((round) => round[i] ?? 0))).toLocaleString('en')} |`);
}

const PLAIN = 'client-dynamodb + lib-dynamodb';
const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-bench-'));
try {
  const deployed = (await bundle(['callback', 'streams'], { deployed: true })).outputFiles;
  const contentsOf = (name: string) => deployed.find(({ path }) => path.endsWith(`/${name}.js`))?.text ?? '';
  const alone = async (contents: string) => {
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
  };
  const bundles: Record<string, string> = {
    'empty handler': await alone('export const handler = async () => ({ statusCode: 200 })'),
    callback: contentsOf('callback'),
    streams: contentsOf('streams'),
    [PLAIN]: await alone(
      `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
       import { DynamoDBDocumentClient, GetCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
       const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));
       export const handler = () => client.send(new GetCommand({ TableName: 't', Key: {} }), QueryCommand, UpdateCommand);`,
    ),
  };
  const loads = new Map(Object.keys(bundles).map((name) => [name, [] as number[]]));
  for (const [name, code] of Object.entries(bundles)) writeFileSync(join(folder, `${name}.js`), code);
  const env = {
    PATH: process.env.PATH,
    AWS_REGION: 'us-east-1',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
  for (let run = 0; run < RUNS; run++) {
    process.stderr.write(`\rload time: run ${run + 1} of ${RUNS} `);
    for (const name of Object.keys(bundles).sort(() => Math.random() - 0.5)) {
      const script = `const t = performance.now(); require(process.argv[1]); console.log(performance.now() - t)`;
      loads
        .get(name)
        ?.push(
          Number(execFileSync(process.execPath, ['-e', script, join(folder, `${name}.js`)], { env, encoding: 'utf8' })),
        );
    }
  }
  process.stderr.write('\r                                \r');
  const plain = median(loads.get(PLAIN) ?? []);
  console.log('\n| function | zip kB | bundle kB | load ms | of the plain SDK |\n|---|---|---|---|---|');
  for (const [name, code] of Object.entries(bundles)) {
    const load = median(loads.get(name) ?? []);
    const kB = (bytes: number) => (bytes / 1000).toFixed(1);
    console.log(
      `| ${name} | ${kB(deflateRawSync(code, { level: 9 }).length)} | ${kB(Buffer.byteLength(code))} | ${load.toFixed(1)} | ${(load / plain).toFixed(2)} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
