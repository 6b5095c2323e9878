import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { sessionAnswer } from '../../../lib/http/session-json.ts';
import { blankSession, merge } from '../../../lib/streams/session.ts';
import { parse } from '../../../lib/tools/command.ts';
import { reportLines, summarize } from '../../../lib/tools/simulator/report.ts';
import { simulate } from '../../../lib/tools/simulator/simulation.ts';
import { COMMAND, readOptions } from '../../../lib/tools/simulator/simulator-options.ts';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { startLocal } from '../../../lib/tools/stack/local.ts';
import { DEFAULT_APPID } from '../../../lib/tools/target.ts';
import { decodeBody, type ZegoRecord } from '../../../lib/zego/body.ts';
import { readEnvelope, verify } from '../../../lib/zego/signature.ts';
import { createEvent, SECRET } from '../../support/callback.ts';
import { startCommand } from '../../support/command.ts';
import { HAS_SIGNALS } from '../../support/project.ts';

// Not the project's folder: a .env of whoever runs the tests stands there.
const folder = mkdtempSync(join(tmpdir(), 'simulate-'));
const opened: { close: () => Promise<void> }[] = [];
afterAll(async () => {
  for (const { close } of opened) await close();
  rmSync(folder, { recursive: true });
});
const PROGRAM = fileURLToPath(new URL('../../../lib/tools/simulator/simulate.ts', import.meta.url));

const TSX = ['--import', import.meta.resolve('tsx')];

const command = (args: string, environment: Record<string, string> = {}, cwd = folder) =>
  startCommand(PROGRAM, args.split(' '), environment, cwd);

const run = (args: string, environment: Record<string, string> = {}, cwd = folder) =>
  command(args, environment, cwd).ended;

const readArguments = (args: readonly string[], environment: Record<string, string>) =>
  readOptions(parse(COMMAND, args), environment);

interface Page {
  streams: object[];
  next_cursor: string | null;
}

/** A session as the list shows it. */
function answerOf(create: ZegoRecord): object {
  const event = createEvent(create);
  return sessionAnswer({ session: merge(blankSession(event), event, 0), ending: null });
}

function byTime(a: ZegoRecord, b: ZegoRecord): number {
  const key = ({ create_time_ms, stream_id, stream_sid }: ZegoRecord) => `${create_time_ms} ${stream_id} ${stream_sid}`;
  return key(a) < key(b) ? -1 : 1;
}

/** A receiver of the tests' own. */
class Receiver {
  url = '';
  readonly records: ZegoRecord[] = [];
  /** The status that it answers instead of taking the callback. */
  refuses: (record: ZegoRecord) => number | undefined = () => undefined;
  /** Which callbacks it answers with 200 and forgets. */
  forgets: (record: ZegoRecord) => boolean = () => false;
  token: string | undefined;
  /** Turns a page into another answer of the list. */
  page: (page: Page, query: URLSearchParams) => unknown = (page) => page;
  listStatus = 200;
  /** How long it shows the same page again, in ms. */
  cacheMs = 0;
  private readonly cache = new Map<string, { body: object; untilMs: number }>();
  onCallback = () => {};
  onList = () => {};

  async start(): Promise<this> {
    const server = createServer(async (request, response) => {
      const reply = (status: number, body: object) => {
        response.statusCode = status;
        response.end(JSON.stringify(body));
      };
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://receiver');
      if (pathname === '/callbacks/zego') {
        const record = decodeBody(await text(request), false);
        const status = this.refuses(record);
        if (status !== undefined) {
          this.onCallback();
          return reply(status, { type: 'urn:zego-live-list:problem:refused\u001b[2J' });
        }
        try {
          verify(readEnvelope(record), { secrets: [SECRET], windowSeconds: 60, nowMs: Date.now() });
        } catch {
          return reply(401, { type: 'urn:zego-live-list:problem:bad-signature' });
        }
        if (!this.forgets(record)) this.records.push(record);
        this.onCallback();
        return reply(200, { result: 'applied' });
      }
      if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) return reply(401, {});
      const known = this.cache.get(request.url ?? '');
      const leftMs = Math.max(0, (known?.untilMs ?? 0) - Date.now());
      const maxAge = Math.floor((leftMs || this.cacheMs) / 1000);
      response.setHeader('cache-control', `private, max-age=${maxAge}`);
      if (known !== undefined && leftMs > 0) return reply(this.listStatus, known.body);
      this.onList();
      // Pages of three, whatever the limit.
      const from = Number(searchParams.get('cursor') ?? 0);
      const live = this.live().filter(({ appid }) => appid === searchParams.get('appid'));
      const sorted = live.sort(byTime).map(answerOf);
      if (searchParams.get('order') === 'newest') sorted.reverse();
      const next_cursor = from + 3 < live.length ? String(from + 3) : null;
      const body = this.page({ streams: sorted.slice(from, from + 3), next_cursor }, searchParams) as object;
      this.cache.set(request.url ?? '', { body, untilMs: Date.now() + this.cacheMs });
      return reply(this.listStatus, body);
    });
    const listening = await listen(server, 0, '');
    opened.push(listening);
    this.url = listening.url;
    return this;
  }

  of(event: string): ZegoRecord[] {
    return this.records.filter((record) => record.event === event);
  }

  /** The creates of what is live. */
  live(): ZegoRecord[] {
    const of = (event: string) => this.of(event);
    const bySeq = (a: ZegoRecord, b: ZegoRecord) => Number(b.stream_seq) - Number(a.stream_seq);
    const sids = new Set(of('stream_create').map(({ stream_sid }) => stream_sid));
    const creates = [...sids].flatMap((sid) => of('stream_create').filter(isOf(sid)).sort(bySeq).slice(0, 1));
    const ends = (create: ZegoRecord) => (record: ZegoRecord) => {
      if (record.room_id !== create.room_id) return false;
      const sameRoomSession = record.room_session_id === create.room_session_id;
      const later = Number(record.create_time_ms) - Number(create.create_time_ms);
      if (record.event === 'room_close') return sameRoomSession;
      if (record.event === 'room_create') {
        return !sameRoomSession && Number(record.room_create_time) > Number(create.create_time_ms) + 2000;
      }
      if (record.stream_id !== create.stream_id) return false;
      const laterSeq = Number(record.stream_seq) > Number(create.stream_seq);
      if (record.stream_sid === create.stream_sid) return record.event === 'stream_close' && laterSeq;
      return later > 0 || (later === 0 && sameRoomSession && record.event === 'stream_create' && laterSeq);
    };
    return creates.filter((create) => !this.records.some(ends(create)));
  }
}

const isOf = (sid: unknown) => (record: ZegoRecord) => record.stream_sid === sid;
const receiver = () => new Receiver().start();

/** Waits for a callback after which something holds. */
const until = (target: Receiver, holds: () => boolean) =>
  new Promise<void>((resolve) => {
    target.onCallback = () => holds() && resolve();
  });

const schema = JSON.parse(readFileSync(new URL('../../../docs/simulator.schema.json', import.meta.url), 'utf8'));
const checkSummary = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

const QUICK = `--secret ${SECRET} --streams 30 --seconds 1 --speed 100 --seed 1`;

/** Without a program around it, and without looking again at what differs. */
async function play(target: Receiver) {
  const options = readArguments(['--url', target.url, ...QUICK.split(' ')], {});
  const { signal } = new AbortController();
  const outcome = await simulate(options, { signal, onPlanned: () => {}, onDelivery: () => {}, patienceMs: 0 });
  const summary = summarize(outcome);
  expect(checkSummary({ url: target.url, seed: 1, ...summary }), JSON.stringify(checkSummary.errors)).toBe(true);
  const lines = reportLines(summary);
  return { fine: summary.ok, lines, verdict: lines.at(-1) };
}

describe.concurrent('npm run simulate', () => {
  it('finds no difference where there is none, and leaves nothing live behind', async () => {
    const target = await receiver();
    const everything = '--duplicate 0.3 --delay 0.4 --crash 0.3 --format mixed';
    const { code, stdout, stderr, verdict } = await run(`--url ${target.url}/callbacks/zego ${QUICK} ${everything}`);
    expect({ code, stderr, verdict }).toEqual({ code: 0, stderr: '', verdict: 'No difference.' });
    expect(stdout).toMatch(/^Told the end of the \d+ streams that were still listed\.$/m);
    expect(stdout).toMatch(/^sessions +(\d+) on air, \1 listed$/m);
    expect(stdout).toMatch(
      /: 30 sessions, \d+ callbacks due within \d+ s, retries and delays aside\. Again: --seed 1$/m,
    );
    expect(stdout).not.toContain(SECRET);
    expect(target.live()).toEqual([]);
  });

  it('prints one JSON document with --json', async () => {
    const target = await receiver();
    target.forgets = ({ event }) => event === 'stream_close';
    const { code, stdout, stderr } = await run(`--url ${target.url} ${QUICK} --json`);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const summary = JSON.parse(stdout);
    expect(checkSummary(summary), JSON.stringify(checkSummary.errors)).toBe(true);
    expect(summary).toMatchObject({ url: target.url, seed: 1, ok: false });
  });

  it('names the ghosts of a receiver that forgets closes', async () => {
    const target = await receiver();
    target.forgets = ({ event }) => event === 'stream_close';
    const { code, stdout, verdict } = await run(`--url ${target.url} ${QUICK}`);
    expect(code).toBe(1);
    expect(verdict).toMatch(/^\d+ differences? that no loss explains\.$/);
    expect(stdout).toMatch(/^ghost: sim-\S+ \(s-\S+\) in sim-\S+: stream_close \d+ of s-\S+ was accepted$/m);
  });

  it('explains with the callbacks that it lost on purpose, the same again with the same seed', async () => {
    const differences = async () => {
      const target = await receiver();
      const { code, stdout, verdict } = await run(`--url ${target.url} ${QUICK} --lose 0.3`);
      expect(verdict).toMatch(/^\d+ differences?, all explained by lost callbacks\.$/);
      expect(code).toBe(0);
      return stdout.replaceAll(/\b[0-9a-f]{8}\b/g, 'RUN').match(/^(ghost|missing): .*$/gm);
    };
    const [first, again] = await Promise.all([differences(), differences()]);
    expect(first?.every((line) => line.includes(', explained: '))).toBe(true);
    expect(again?.toSorted()).toEqual(first?.toSorted());
  });

  it('reports what the target refused six times', async () => {
    const target = await receiver();
    target.refuses = ({ event, stream_sid }) =>
      event === 'stream_close' && String(stream_sid).endsWith('-1') ? 503 : undefined;
    const { code, stdout, verdict } = await run(`--url ${target.url} ${QUICK}`);
    expect(code).toBe(1);
    expect(verdict).toMatch(/^\d+ callbacks? (was|were) refused for good\.$/);
    // What a target tells may not steer the terminal.
    const last = 'given up after 6 attempts, last answer 503: ';
    expect(stdout).toMatch(new RegExp(`^${last}stream_close of s-\\S+-1 in sim-\\S+$`, 'm'));
    expect(stdout).toMatch(
      /^(No difference|\d+ differences? that no loss explains)\.\n\d+ callbacks? (was|were) refused/m,
    );
  });

  it('proves nothing when nothing was accepted', async () => {
    const target = await receiver();
    const lost = await run(`--url ${target.url} ${QUICK} --lose 1`);
    expect(lost).toMatchObject({ code: 1, verdict: 'No callback was accepted.' });
  });

  it('stops when the secret is another one', async () => {
    const target = await receiver();
    const { code, stderr } = await run(`--url ${target.url} ${QUICK.replace(SECRET, 'the-server-secret')}`);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Every callback was refused with 401 bad-signature: compare .*CallbackSecret.*ServerSecret.*\n$/,
    );
    expect(stderr).not.toContain('the-server-secret');
  });

  it('reads a list that demands a token, all pages, and says so where it has none', async () => {
    const target = await receiver();
    target.token = 'a-token';
    const refused = await run(`--url ${target.url} ${QUICK}`);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^The list demands a token: .*--token.*LIST_TOKEN.*\n$/);
    const wrong = await run(`--url ${target.url} ${QUICK} --token another`);
    expect(wrong.stderr).toMatch(/^The list refuses the token: .*--token.*\n$/);
    const args = `--url ${target.url} --streams 30 --seconds 1 --speed 100`;
    // As they stand in the settings of a deployment: several in a rotation.
    const settings = { ZEGO_CALLBACK_SECRET: `${SECRET},old`, ZEGO_APP_ID: '7,8', LIST_TOKEN: 'a-token,old' };
    expect(await run(args, settings)).toMatchObject({ code: 0, verdict: 'No difference.' });
    expect(new Set(target.records.map(({ appid }) => appid))).toEqual(new Set(['7']));
  });

  it('takes the secret out of .env', async () => {
    const target = await receiver();
    const own = mkdtempSync(join(folder, 'own-'));
    writeFileSync(join(own, '.env'), `ZEGO_CALLBACK_SECRET=${SECRET}\n`);
    const args = `--url ${target.url} --streams 5 --seconds 0.2 --speed 1000`;
    expect(await run(args, {}, own)).toMatchObject({ code: 0, stderr: '' });
  });

  it('says that a URL does not answer, or is not the API', async () => {
    const { url, close } = await listen(
      createServer((_, response) => {
        response.statusCode = 404;
        response.end('{"message":"Not Found"}');
      }),
      0,
      '',
    );
    const notFound = await run(`--url ${url}/prod ${QUICK}`);
    await close();
    const silent = await run(`--url ${url} ${QUICK}`);
    expect(notFound).toMatchObject({ code: 1, stdout: '' });
    expect(notFound.stderr).toMatch(/^GET http:\S+\/prod\/streams answers 404 and no list: .*--url.*\n$/);
    expect(silent).toMatchObject({ code: 1, stdout: '' });
    expect(silent.stderr).toMatch(/^http:\S+ does not answer \(ECONNREFUSED\): .*--url.*\n$/);
  });

  const STOPPED = { code: 1, stderr: 'Stopped before the end: nothing was compared.\n' };

  it.runIf(HAS_SIGNALS).each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'leaves nothing live behind when it is ended by %s, also what waits for its repeat',
    async (signal) => {
      const target = await receiver();
      const running = command(`--url ${target.url} --secret ${SECRET} --seconds 60 --duplicate 1 --speed 1`);
      await until(target, () => target.live().length >= 2);
      running.interrupt(signal);
      const ended = await running.ended;
      expect(ended).toMatchObject(STOPPED);
      expect(ended.verdict).toBe('Closing what is still live; Ctrl-C once more leaves it.');
      expect(target.live()).toEqual([]);
      const rooms = (event: string) => new Set(target.of(event).map(({ room_session_id }) => room_session_id));
      expect(rooms('room_close')).toEqual(rooms('room_create'));
    },
  );

  it('ends quietly, and leaves nothing live, when nobody reads any more', async () => {
    const target = await receiver();
    const running = command(`--url ${target.url} --secret ${SECRET} --seconds 60 --speed 1`);
    running.stopReading();
    const { code, stderr } = await running.ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(target.live()).toEqual([]);
  });

  it.runIf(HAS_SIGNALS)(
    'closes at once, and once, what was taken though it was refused, when it is interrupted',
    async () => {
      const target = await receiver();
      let attempts = 0;
      let closes = 0;
      target.refuses = (record) => {
        if (record.event === 'stream_create') {
          // Taken, and its answer gets lost.
          target.records.push(record);
          attempts += 1;
          return 503;
        }
        if (record.event !== 'stream_close') return undefined;
        closes += 1;
        return 503;
      };
      const running = command(`--url ${target.url} --secret ${SECRET} --seconds 60 --speed 1`);
      await until(target, () => attempts >= 2);
      const before = closes;
      running.interrupt();
      expect(await running.ended).toMatchObject(STOPPED);
      const sids = new Set(target.of('stream_create').map(({ stream_sid }) => stream_sid));
      expect(closes - before).toBe(sids.size);
      expect(target.of('room_close')).not.toEqual([]);
    },
  );

  it.runIf(HAS_SIGNALS)('can be interrupted while it reads the list, and while it waits to look again', async () => {
    for (const change of [{ next_cursor: 'a' }, { streams: [], next_cursor: null }]) {
      const target = await receiver();
      let count = 0;
      target.page = (page) => {
        if (target.records.length === 0) return page;
        count += 1;
        // Something new on each page: nothing tells that it has no end.
        const more = { stream_sid: `s-${count}`, stream_id: 'other', room_id: 'other' };
        return 'streams' in change ? change : { streams: [more], next_cursor: String(count) };
      };
      const running = command(`--url ${target.url} ${QUICK}`);
      await new Promise<void>((resolve) => {
        target.onList = () => target.records.length > 0 && count > 2 && resolve();
      });
      running.interrupt();
      expect(await running.ended).toMatchObject(STOPPED);
      expect(target.live()).toEqual([]);
    }
  });

  it.runIf(HAS_SIGNALS)('ends with the shell in which npm started it', async () => {
    const target = await receiver();
    const script = `"${process.execPath}" ${TSX.join(' ')} "${PROGRAM}" --url ${target.url} --seconds 60; true`;
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, ZEGO_CALLBACK_SECRET: SECRET, npm_lifecycle_event: 'simulate' };
    const shell = spawn('sh', ['-c', script], { cwd: folder, env, stdio: ['ignore', 'pipe', 'ignore'] });
    // The pipe is closed when the last process that writes to it has ended.
    const closed = text(shell.stdout);
    await until(target, () => target.live().length >= 2);
    shell.kill('SIGTERM');
    expect(await closed).toContain('Closing what is still live');
    expect(target.live()).toEqual([]);
  });

  it('prints its options with --help', async () => {
    const { code, stdout, stderr } = await run('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const option of ['--url', '--secret', '--token', '--seed', '--lose', '--format']) {
      expect(stdout).toContain(option);
    }
  });

  it('refuses what it does not know with one sentence, and says where its options are', async () => {
    const { code, stdout, stderr } = await run('--url http://x --loose 1', { ZEGO_CALLBACK_SECRET: SECRET });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      "Unknown option '--loose'. Did you mean --lose?\nnpm run simulate -- --help lists the options.\n",
    );
  });
});

describe('the list, read at the end', () => {
  const changed: [string, Partial<Page>, RegExp][] = [
    ['leads back to its first page', { next_cursor: '' }, /^The list never ends: after 3 streams a page leads back\.$/],
    ['has the same cursor always', { next_cursor: '3' }, /^The list never ends: after 6 streams a page leads back\.$/],
    ['has no streams', { streams: [{}] }, /^GET http:\S+\/streams answers 200 and no list: is --url .*$/],
  ];
  it.each(changed)(
    'tells its summary, and why there is no comparison, when the list %s',
    async (_, change, sentence) => {
      const target = await receiver();
      target.page = (page) => (target.records.length === 0 ? page : { ...page, ...change });
      const { fine, lines, verdict } = await play(target);
      expect(fine).toBe(false);
      expect(verdict).toMatch(sentence);
      expect(lines.join('\n')).toMatch(/^callbacks +\d+, in \d+ requests$/m);
      expect(target.live()).toEqual([]);
    },
  );

  it('notices cursors that go on for ever without anything new', async () => {
    const target = await receiver();
    let count = 3;
    target.page = (page) => (target.records.length === 0 ? page : { ...page, next_cursor: String(count++) });
    const { fine, verdict } = await play(target);
    expect(fine).toBe(false);
    expect(verdict).toMatch(/^The list never ends: after \d+ streams a page leads back\.$/);
  });

  it('is read when what a cache kept from before the last callback is past', async () => {
    const target = await receiver();
    target.cacheMs = 4000;
    // Somebody has just asked for the first page: little is left of the time for which it is kept.
    const first = `${target.url}/streams?appid=${DEFAULT_APPID}&order=newest&limit=20`;
    await fetch(first);
    expect((await play(target)).verdict).toBe('No difference.');
  });

  it('sends whose list fails at the end to the log of the target', async () => {
    const target = await receiver();
    target.page = (page) => {
      target.listStatus = target.records.length === 0 ? 200 : 503;
      return page;
    };
    target.onList = () => {
      if (target.records.length > 0) target.listStatus = 503;
    };
    const { fine, verdict } = await play(target);
    expect(fine).toBe(false);
    expect(verdict).toMatch(/^GET http:\S+\/streams answers 503: look at the log of the target\.$/);
  });

  it('compares the list newest first in pages of 20 with the one oldest first in pages of 100', async () => {
    const target = await receiver();
    target.page = ({ streams, next_cursor }, query) => {
      const order = `${query.get('order')} ${query.get('limit')}`;
      return order === 'oldest 100' && !query.has('cursor')
        ? { streams: streams.toReversed().slice(1), next_cursor }
        : { streams: order === 'newest 20' || order === 'oldest 100' ? streams : [], next_cursor };
    };
    const { fine, lines, verdict } = await play(target);
    expect({ fine, verdict }).toEqual({ fine: false, verdict: '2 differences that no loss explains.' });
    expect(lines.join('\n')).toMatch(
      /^in one order only: sim-\S+ \(s-\S+\) in sim-\S+: when the list is read newest first$/m,
    );
    expect(lines.join('\n')).toMatch(
      /^out of order: sim-\S+ \(s-\S+\) in sim-\S+: after s-\S+ when the list is read oldest first$/m,
    );
  });
});

describe('the options', () => {
  const environment = { ZEGO_CALLBACK_SECRET: SECRET };
  const read = (args: string, settings: Record<string, string> = environment) =>
    readArguments(args.split(' ').filter(Boolean), settings);

  it('have defaults', () => {
    const { seed, ...rest } = read('--url http://x');
    expect(seed).toBeGreaterThanOrEqual(0);
    expect(rest).toEqual({
      url: 'http://x',
      secret: SECRET,
      appid: '1234567890',
      token: undefined,
      streams: 100,
      seconds: 30,
      speed: 10,
      duplicate: 0,
      delay: 0,
      lose: 0,
      crash: 0,
      encoding: 'json',
      json: false,
    });
  });

  it.each([
    ['http://x/', 'http://x'],
    ['http://127.0.0.1:3000/callbacks/zego', 'http://127.0.0.1:3000'],
    ['https://x.example.com/prod/callbacks/zego/', 'https://x.example.com/prod'],
  ])('take %s for the API at %s', (given, url) => {
    expect(read(`--url ${given}`)?.url).toBe(url);
  });

  it('take what is not said from the settings of the target', () => {
    const settings = { ZEGO_CALLBACK_SECRET: ' new , old', ZEGO_APP_ID: '7,8', LIST_TOKEN: 'new,old' };
    expect(read('--url http://x', settings)).toMatchObject({ secret: 'new', appid: '7', token: 'new' });
    expect(read('--url http://x', { ...environment, LIST_TOKEN: 'public' })?.token).toBe(undefined);
    const said = read('--url http://x --secret s --appid 9 --token t', settings);
    expect(said).toMatchObject({ secret: 's', appid: '9', token: 't' });
  });

  it('are read as the variables are: first entry, without white space; empty or public is none', () => {
    const settings = { ...environment, ZEGO_APP_ID: '7', LIST_TOKEN: 'mine' };
    const options = ['--url', 'http://x', '--secret', ' a , b', '--appid', ' 8,9', '--token', ' t ,u'];
    expect(readArguments(options, settings)).toMatchObject({ secret: 'a', appid: '8', token: 't' });
    const empty = ['--url', 'http://x', '--appid', '', '--token', ''];
    expect(readArguments(empty, settings)).toMatchObject({ appid: '1234567890', token: undefined });
    expect(read('--url http://x --token public', settings)?.token).toBe(undefined);
  });

  it.each([
    ['', '--url is missing: say where the API answers.'],
    ['--url http://x --url http://y', '--url is given twice.'],
    ['--url http://x --format json --format form', '--format is given twice.'],
    ['--url http://x --secret --json', '--secret has no value: --json follows it.'],
    ['--url http://x --token --seed=1', '--token has no value: --seed follows it.'],
    ['--url http://x --lose 0 --seed 1 --lose 0', '--lose is given twice.'],
    ['--url http://x --token schlüssel', 'LIST_TOKEN takes tokens of ASCII characters without white space'],
    ['--url http://x --token ssm:/token', 'LIST_TOKEN is in Parameter Store: give --token.'],
    ['--url http://x --secret ssm:/secret', '--secret takes the secret itself, not ssm:….'],
    ['--url nowhere', 'The URL must begin with https://'],
    ['--url http://x --lose 1.5', '--lose takes a number from 0 to 1.'],
    ['--url http://x --lose often', '--lose takes a number from 0 to 1.'],
    ['--url http://x --streams 1.5', '--streams takes a whole number from 1 to 20000.'],
    ['--url http://x --speed 0', '--speed takes a number from 0.1 to 1000.'],
    ['--url http://x --format xml', '--format takes one of json, urlencoded, form, mixed.'],
    ['--url http://x --appid seven', 'ZEGO_APP_ID takes appids of 1 to 20 digits'],
    ['--url http://x --appid 07', '--appid takes 1 to 20 digits, without zeros before them.'],
    ['--url http://x --lose -1', '--lose takes a number from 0 to 1.'],
    ['--url http://x --url', "Option '--url <url>' argument missing."],
    ['http://x', 'no option before it: put -- before the options, as in npm run simulate -- --url URL.'],
  ])('refuse %j with one sentence', (args, sentence) => {
    expect(() => read(args)).toThrow(sentence);
  });

  it('refuse to play without a secret', () => {
    const missing = /^The target's CallbackSecret is missing: .*--secret.*ZEGO_CALLBACK_SECRET\.$/;
    expect(() => read('--url http://x', {})).toThrow(missing);
    expect(() => readArguments(['--url', 'http://x', '--secret', ''], environment)).toThrow(missing);
    expect(() => read('', {})).toThrow('--url is missing');
  });
});

it('the local stack lists what is on air, whatever comes twice, late or out of order', async () => {
  const stack = await startLocal({
    service: inject('service'),
    environment: { PORT: '0', DYNAMODB_PORT: '0', ZEGO_CALLBACK_SECRET: SECRET },
    onLog: () => {},
    onWarning: () => {},
  });
  opened.push(stack);
  const play = '--streams 60 --seconds 5 --speed 100 --seed 1 --duplicate 0.3 --delay 0.4 --crash 0.2 --format mixed';
  const clean = await run(`--url ${stack.url} --secret ${SECRET} ${play}`);
  expect(clean).toMatchObject({ code: 0, verdict: 'No difference.' });
  const lossy = await run(`--url ${stack.url} --secret ${SECRET} ${play} --lose 0.2`);
  expect(lossy.verdict).toMatch(/^\d+ differences?, all explained by lost callbacks\.$/);
  expect(lossy.code).toBe(0);
});
