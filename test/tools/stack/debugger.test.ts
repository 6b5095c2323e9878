import { readFileSync } from 'node:fs';
import { SourceMap, type SourceMapping } from 'node:module';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it, onTestFinished } from 'vitest';
import { SECRET, sample, signed } from '../../support/callback.ts';
import { connectDevtools, connectThreads, type Devtools } from '../../support/devtools.ts';
import { copyProject, serverless, startScript } from '../../support/project.ts';

const project = copyProject();
afterAll(project.remove);

const ENVIRONMENT = { PORT: '0', DYNAMODB_PORT: '0', ZEGO_CALLBACK_SECRET: SECRET };
const HANDLER = 'handlers/callback.ts';
const LINES = readFileSync(join(project.folder, HANDLER), 'utf8').split('\n');
/** From 0. */
const LINE = LINES.findIndex((text) => text.includes('parseEvent(record'));

interface Script {
  scriptId: string;
  url: string;
  sourceMapURL: string;
}
interface Location {
  scriptId: string;
  lineNumber: number;
  columnNumber: number;
}
interface Paused {
  callFrames: { callFrameId: string; location: Location }[];
}

/** The bundle of the callback function, if this thread runs it. */
async function bundleOf(devtools: Devtools): Promise<{ script: Script; map: SourceMap }> {
  await devtools.send('Debugger.enable');
  for await (const script of devtools.events<Script>('Debugger.scriptParsed')) {
    if (!script.url.startsWith('file:') || !script.url.includes('/dist/local/')) continue;
    const [, base64 = ''] = script.sourceMapURL.split('base64,');
    return { script, map: new SourceMap(JSON.parse(Buffer.from(base64, 'base64').toString())) };
  }
  throw new Error('no bundle');
}

/** Where a line of TypeScript is in a bundle: what a debugger computes for a breakpoint. */
function generated({ script, map }: { script: Script; map: SourceMap }): Location {
  const lines = readFileSync(fileURLToPath(script.url), 'utf8').split('\n');
  for (const [lineNumber, text] of lines.entries()) {
    const columnNumber = text.search(/\S/);
    const { originalSource, originalLine } = map.findEntry(lineNumber, columnNumber) as SourceMapping;
    const isLine = originalSource?.endsWith(HANDLER) && originalLine === LINE;
    if (isLine) return { scriptId: script.scriptId, lineNumber, columnNumber };
  }
  throw new Error(`${HANDLER}:${LINE + 1} is not in the bundle`);
}

/** Sets a breakpoint in the handler, sends a callback, and returns the response and where it stopped. */
async function stopAt(devtools: Devtools, url: string) {
  const bundle = await bundleOf(devtools);
  await devtools.send('Debugger.setBreakpoint', { location: generated(bundle) });
  const response = fetch(`${url}/callbacks/zego`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signed(sample('stream_create'))),
  });
  response.catch(() => {});
  for await (const { callFrames } of devtools.events<Paused>('Debugger.paused')) {
    const [frame] = callFrames;
    const { lineNumber = 0, columnNumber = 0 } = frame?.location ?? {};
    const { originalSource, originalLine } = bundle.map.findEntry(lineNumber, columnNumber) as SourceMapping;
    const { result } = await devtools.send<{ result: { value: unknown } }>('Debugger.evaluateOnCallFrame', {
      callFrameId: frame?.callFrameId,
      expression: 'record.event',
    });
    const source = fileURLToPath(new URL(originalSource, bundle.script.url));
    return { response, source, line: LINES[originalLine], event: result.value };
  }
  throw new Error('not stopped');
}

const STOPPED = {
  source: expect.stringMatching(/handlers.callback\.ts$/),
  line: LINES[LINE],
  event: 'stream_create',
};

it('--inspect: a debugger of the function stops in its handler, and no deadline passes meanwhile', async () => {
  const stack = serverless(project.folder, 'local --inspect 0', ENVIRONMENT);
  const url = await stack.listening();
  const [, debuggerUrl = ''] = await stack.seen(/^Debugger for callback: (ws:\S+)$/m);
  const devtools = await connectDevtools(debuggerUrl);
  onTestFinished(devtools.close);

  const { response, ...stopped } = await stopAt(devtools, url);
  expect(stopped).toEqual(STOPPED);
  // Longer than the function's deadline, and than its time-out.
  await wait(5500);
  await devtools.send('Debugger.resume');
  expect((await response).status).toBe(200);

  // Ctrl-C ends it, also while a handler stands still.
  await devtools.send('Debugger.pause');
  fetch(`${url}/callbacks/zego`, { method: 'POST' }).catch(() => {});
  let pauses = 0;
  for await (const _ of devtools.events('Debugger.paused')) if (++pauses === 2) break;
  await stack.end('SIGINT');
});

it('a debugger that follows threads, as that of VS Code does, needs no option', async () => {
  const program = 'node_modules/serverless/bin/serverless.js local';
  const stack = startScript(project.folder, `--inspect=127.0.0.1:0 ${program}`, ENVIRONMENT);
  const url = await stack.listening();
  // A thread that is still starting when a debugger comes may not report its scripts.
  for (const path of ['callbacks/zego', 'streams', 'openapi.json']) {
    await fetch(`${url}/${path}`, { method: path.startsWith('callbacks') ? 'POST' : 'GET' });
  }
  const [debuggerUrl = ''] = /ws:\S+/.exec(stack.output.stderr) ?? [];
  const main = await connectDevtools(debuggerUrl);
  onTestFinished(main.close);
  const threads = await connectThreads(main, 3);

  const callback = await Promise.any(
    threads.map(async (thread) => {
      const { script } = await bundleOf(thread);
      return script.url.endsWith('/callback.cjs') ? thread : Promise.reject(new Error(script.url));
    }),
  );
  const { response: _, ...stopped } = await stopAt(callback, url);
  expect(stopped).toEqual(STOPPED);
});

it.each([['x'], ['65001'], ['-1']])('--inspect %s is refused', async (port) => {
  const { code, stderr } = await serverless(project.folder, `local --inspect=${port}`, ENVIRONMENT).exited;
  expect([code, stderr]).toEqual([1, `--inspect must be a port from 0 to 65000, such as 9229; got ${port}.\n`]);
});
