import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pLimit from 'p-limit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { listen } from '../lib/tools/stack/listen.ts';
import { startLocal } from '../lib/tools/stack/local.ts';
import { SECRET, sample, signed } from './support/callback.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/clients.md'), 'utf8');
const DOCUMENTED_URL = 'http://127.0.0.1:3000';
/** Of the first example. */
const TOKEN = 'a-long-random-string';

/** The examples of the page, in their order. */
const examples = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, code = '']) => code);

const folder = mkdtempSync(join(tmpdir(), 'clients-'));
const opened: { close: () => Promise<void> }[] = [];
/** What the API has answered, as the reader sees it. */
const statuses: number[] = [];
/** Breaks the next answer off. */
let cut = false;
let url: string;
let apiUrl: string;

beforeAll(async () => {
  const environment = {
    PORT: '0',
    AWS_ENDPOINT_URL_DYNAMODB: inject('endpoint'),
    ZEGO_CALLBACK_SECRET: SECRET,
    LIST_TOKEN: TOKEN,
    LIST_CACHE_SECONDS: '1',
  };
  // Tables of its own, and functions that may take long to start: on a busy machine they do.
  const service = structuredClone(inject('service'));
  service.service = 'clients';
  service.provider.timeout = 60;
  const stack = await startLocal({ service, environment, onLog: () => {}, onWarning: () => {} });
  apiUrl = stack.url;
  const counter = createServer(async ({ url: path, headers: { authorization, ...headers } }, answer) => {
    const asked = { ...(authorization && { authorization }), ...pick(headers, 'if-none-match') };
    const answered = await fetch(apiUrl + path, { headers: asked });
    statuses.push(answered.status);
    answer.writeHead(answered.status, pick(Object.fromEntries(answered.headers), 'etag', 'content-type'));
    const body = await answered.text();
    if (cut) answer.write(body.slice(0, 10), () => answer.destroy());
    else answer.end(body);
    cut = false;
  });
  const listening = await listen(counter, 0, '');
  url = listening.url;
  opened.push(listening, stack);
  copyFileSync(join(ROOT, 'docs/zego-live-list.d.ts'), join(folder, 'zego-live-list.d.ts'));
});
afterAll(async () => {
  for (const { close } of opened) await close();
  rmSync(folder, { recursive: true });
});

function pick(headers: Record<string, unknown>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (headers[name] ? [[name, String(headers[name])]] : [])));
}

async function tell(event: 'stream_create' | 'stream_close', stream_id: string, create_time_ms: number) {
  const { stream_alias: _, ...fields } = sample(event);
  const callback = { ...fields, stream_id, stream_sid: `s-${stream_id}`, create_time_ms: String(create_time_ms) };
  let status = 503;
  // ZEGO sends it again, too.
  while (status === 503) {
    const body = JSON.stringify(signed(callback));
    ({ status } = await fetch(`${apiUrl}/callbacks/zego`, { method: 'POST', body }));
  }
  expect(status).toBe(200);
}

const LIVE = ['music-arjun', ...Array.from({ length: 120 }, (_, i) => `other-${i}`), 'music-mei'];
beforeAll(async () => {
  const few = pLimit(8);
  await Promise.all(LIVE.map((stream_id, i) => few(() => tell('stream_create', stream_id, 1e12 + i))));
});

/** Of 127.0.0.1, port 3000, the test's own. */
const here = (code: string) => code.replaceAll(DOCUMENTED_URL, url);

/** The examples are for a shell: not for that of Windows, which has a curl too. */
function hasCurl(): boolean {
  if (process.platform === 'win32') return false;
  try {
    return execFileSync('curl', ['--help', 'all'], { encoding: 'utf8' }).includes('--etag-compare');
  } catch {
    return false;
  }
}

describe.skipIf(!hasCurl())('curl', () => {
  const [page = '', some = '', again = '', generator = ''] = examples('sh');
  const run = (script: string) => {
    statuses.length = 0;
    const child = spawn('sh', ['-c', here(script)], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LIST_TOKEN: TOKEN },
    });
    let output = '';
    child.stdout.on('data', (text) => {
      output += text;
    });
    return new Promise<string>((resolve) => child.on('close', () => resolve(output)));
  };
  const ids = (output: string) => JSON.parse(output).streams.map(({ stream_id }: { stream_id: string }) => stream_id);

  it('shows a page', async () => {
    expect(ids(await run(page))).toEqual(LIVE.toReversed().slice(0, 20));
  });

  it('shows some streams', async () => {
    expect(ids(await run(some))).toEqual(['music-arjun', 'music-mei']);
  });

  it('shows the list once, when it does not change', async () => {
    expect(ids(await run(again))).toHaveLength(50);
    expect(statuses).toEqual([200, 304]);
  });

  it('is all of the examples for a shell, but for the generator, which asks a deployment', () => {
    expect(examples('sh')).toHaveLength(4);
    expect(generator).toMatch(/^npx .*openapi-typescript/);
  });
});

describe('TypeScript', () => {
  const FILES = ['all.mts', 'poll.mts'] as const;
  beforeAll(() => {
    expect(examples('ts')).toHaveLength(FILES.length);
    for (const [i, file] of FILES.entries()) writeFileSync(join(folder, file), examples('ts')[i] ?? '');
  });

  function start(file: (typeof FILES)[number]) {
    statuses.length = 0;
    const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, LIST_URL: `${url}/streams`, LIST_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = { text: '', errors: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      output.text += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      output.errors += text;
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    return { output, ended, kill: () => child.kill() };
  }

  it('has the types of the API', () => {
    const options = '--noEmit --strict --skipLibCheck --module preserve --target es2022 --allowImportingTsExtensions';
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
    const check = (...files: string[]) => {
      const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), ...options.split(' '), ...types, ...files];
      return execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
    };
    expect(check(...FILES)).toBe('');
    writeFileSync(join(folder, 'wrong.mts'), `${examples('ts')[0]}\n(await liveStreams())[0]?.streamId;\n`);
    expect(() => check('wrong.mts')).toThrow();
  });

  it('all.mts prints every live stream', async () => {
    const { output, ended } = start('all.mts');
    expect([await ended, output.errors]).toEqual([0, '']);
    const lines = output.text.trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0])).toEqual(LIVE.toReversed());
    expect(lines[0]).toBe('music-mei user1_name http://hls.wsdemo.zego.im/zegodemo/aaa/playlist.m3u8');
    expect(statuses).toEqual([200, 200]);
  });

  it('poll.mts prints the list when it has changed, and only then', async () => {
    cut = true;
    const { output, ended, kill } = start('poll.mts');
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await until(() => statuses.includes(304));
    await tell('stream_create', 'late', 2e12);
    await until(() => output.text.split('\n').length > 2);
    kill();
    await ended;
    const [first = '', second = ''] = output.text.split('\n');
    expect(first.split(' ')).toEqual(LIVE.toReversed().slice(0, 50));
    expect(second.split(' ')).toEqual(['late', ...first.split(' ').slice(0, 49)]);
    // The first one broke off, was told of, and was asked for again.
    expect(output.errors).toContain('terminated');
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  });
});
