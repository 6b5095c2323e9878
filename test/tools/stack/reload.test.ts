import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET, sample, signed } from '../../support/callback.ts';
import { copyProject, HAS_SIGNALS } from '../../support/project.ts';

const project = copyProject();
const pathOf = (file: string) => join(project.folder, file);

/** Saves as editors do: a new file takes the place of the old one. */
function replace(file: string, before: string, after: string): void {
  const text = readFileSync(pathOf(file), 'utf8');
  expect(text).toContain(before);
  writeFileSync(pathOf(`${file}~`), text.replace(before, after));
  renameSync(pathOf(`${file}~`), pathOf(file));
}

// npm hands a signal on to its shell alone.
describe.runIf(HAS_SIGNALS)('npm run dev', () => {
  const { PATH, HOME } = process.env;
  const environment = { PATH, HOME, PORT: '0', DYNAMODB_PORT: '0', ZEGO_CALLBACK_SECRET: SECRET };
  const npm = spawn('npm', ['run', 'dev'], { cwd: project.folder, env: { ...environment, LIST_CACHE_SECONDS: '0' } });
  const closed = once(npm, 'close');
  let output = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  /** Waits until the output since the last call has it. */
  async function says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(output);
      if (found !== null) {
        output = output.slice(found.index + found[0].length);
        return found;
      }
      if (npm.exitCode !== null) throw new Error(`npm run dev has ended: ${output}`);
      await wait(20);
    }
  }
  const restarted = (file: string) => says(new RegExp(`^Restarted in \\d+\\.\\d s: ${file} changed\\.$`, 'm'));

  let url = '';
  beforeAll(async () => {
    [, url = ''] = await says(/^Listening on (http:\S+)$/m);
    await says(/^Play a simulated ZEGO/m);
  });
  afterAll(async () => {
    npm.kill('SIGTERM');
    await closed;
    project.remove();
  });
  const getTitle = async () => {
    const { streams } = (await (await fetch(`${url}/streams`)).json()) as { streams: { title: string }[] };
    return streams.map(({ title }) => title);
  };

  it('restarts the functions when a file changes, and the tables keep their data', async () => {
    const body = JSON.stringify(signed(sample('stream_create')));
    const headers = { 'content-type': 'application/json' };
    expect((await fetch(`${url}/callbacks/zego`, { method: 'POST', headers, body })).status).toBe(200);
    expect(await getTitle()).toEqual(['title']);

    replace('lib/http/session-json.ts', 'title: told?.title ?? null', "title: 'changed'");
    await restarted('lib/http/session-json.ts');
    expect(await getTitle()).toEqual(['changed']);
  });

  it('goes on as before when the code does not build, and takes the next change', async () => {
    const text = readFileSync(pathOf('handlers/streams.ts'), 'utf8');
    appendFileSync(pathOf('handlers/streams.ts'), 'const = 1;\n');
    await says(/^handlers\/streams\.ts:\d+:\d+: ERROR: .*\n.*save again when it is fixed\.$/m);
    expect(await getTitle()).toEqual(['changed']);
    writeFileSync(pathOf('handlers/streams.ts'), text);
    await restarted('handlers/streams.ts');
  });

  it('logs where in the TypeScript an error was thrown', async () => {
    replace('lib/http/session-json.ts', "title: 'changed'", 'title: session.appid.none.at');
    await restarted('lib/http/session-json.ts');
    expect((await fetch(`${url}/streams`)).status).toBe(500);
    await says(/"frames":\[" {4}at sessionAnswer \([^"]*lib\/http\/session-json\.ts:\d+:\d+\)"/);
    replace('lib/http/session-json.ts', 'title: session.appid.none.at', "title: 'changed'");
    await restarted('lib/http/session-json.ts');
  });

  it('has the routes of a changed serverless.yml', async () => {
    replace('serverless.yml', '- httpApi: GET /openapi.json', '- httpApi: GET /openapi2.json');
    await restarted('serverless.yml');
    const status = async (path: string) => (await fetch(`${url}${path}`)).status;
    expect([await status('/openapi.json'), await status('/openapi2.json')]).toEqual([404, 200]);
    expect(await getTitle()).toEqual(['changed']);
  });

  it('watches new folders', async () => {
    mkdirSync(pathOf('lib/new/deep'), { recursive: true });
    writeFileSync(pathOf('lib/new/deep/room.ts'), 'export {};\n');
    await restarted('lib/new/deep/room.ts');
  });

  it('goes on when a folder vanishes and comes back, and watches it then', async () => {
    renameSync(pathOf('lib/http'), pathOf('http'));
    await says(/^Build failed .*\n[\s\S]*?save again when it is fixed\.$/m);
    renameSync(pathOf('http'), pathOf('lib/http'));
    await says(/^Restarted in /m);
    replace('lib/http/session-json.ts', "title: 'changed'", "title: 'again'");
    await restarted('lib/http/session-json.ts');
    expect(await getTitle()).toEqual(['again']);
  });

  it('answers every request, also those that come while it restarts', async () => {
    const statuses = new Map<number, number>();
    let isDone = false;
    const reader = async () => {
      while (!isDone) {
        const { status } = await fetch(`${url}/streams`);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const readers = Array.from({ length: 8 }, reader);
    for (const [before, after] of [
      ['again', 'once more'],
      ['once more', 'again'],
    ] as const) {
      replace('lib/http/session-json.ts', `title: '${before}'`, `title: '${after}'`);
      await restarted('lib/http/session-json.ts');
    }
    isDone = true;
    await Promise.all(readers);
    expect([...statuses.keys()]).toEqual([200]);
  });

  it('names what it has read at its start', async () => {
    appendFileSync(pathOf('lib/tools/stack/gateway.ts'), '\n');
    await says(/^lib\/tools\/stack\/gateway\.ts changed: press Ctrl-C and start again to use it\.$/m);
    writeFileSync(pathOf('.env'), '');
    await says(/^\.env changed: press Ctrl-C and start again to use it\.$/m);
  });
});
