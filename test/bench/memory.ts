import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Item } from '../../lib/dynamodb/items.ts';
import { encodeCursor } from '../../lib/streams/cursor.ts';
import { bundle } from '../../lib/tools/deploy/bundle.ts';
import { awsEnvironment } from '../../lib/tools/stack/dynamodb.ts';
import { SECRET, sample, signed } from '../support/callback.ts';
import { get, post } from '../support/gateway-event.ts';
import { printTable } from './markdown.ts';
import { startProgress } from './progress.ts';
import { mean, median } from './statistics.ts';
import { type FilledTable, fillTable, resolveService } from './table.ts';

/** MB, as AWS writes it of what are MiB. */
const SIZES = [128, 256, 512, 1024, 1769] as const;
/** The memory that has one vCPU; less has as much less of it (AWS Lambda, "Configure Lambda function memory"). */
const VCPU_MB = 1769;
/** US dollars of us-east-1: arm64, and for a million invocations. */
const GB_SECOND_PRICE = 0.0000133334;
const MILLION_PRICE = 0.2;
/** What DynamoDB is supposed to take for a round trip, in ms. The engine here says nothing of that. */
const ROUND_TRIP_MS = 5;

/** Processes of a function and a memory size: all are started cold, and the first goes on to be warm. */
const PROCESSES = 2;
/** Of that first one. So many pages of the list are more than its cache keeps. */
const INVOCATIONS = 320;
const STREAMS = 1000;
/** Every page has one of these: a string with it takes two bytes for each character. */
const CHINESE_EVERY = 25;
const BATCH = 20;

/**
 * What runs in place of Lambda's runtime: CommonJS, so that no loader adds to the memory. An invocation takes an event
 * as text and ends with the answer as text, as there. It counts round trips: requests to DynamoDB, those that are under
 * way together as one.
 */
const HARNESS = `
const { readFileSync } = require('node:fs');
const { subscribe } = require('node:diagnostics_channel');

let [open, trips, characters] = [0, 0, 0];
subscribe('http.client.request.start', () => { if (open++ === 0) trips++; });
subscribe('http.client.response.finish', () => { open--; });

async function measured(work) {
  const [cpu, ms, before] = [process.cpuUsage(), performance.now(), trips];
  await work();
  const wallMs = performance.now() - ms;
  const { user, system } = process.cpuUsage(cpu);
  return { cpuMs: (user + system) / 1000, wallMs, trips: trips - before };
}

// A process inherits what getrusage calls its peak from the one that forked it, on Linux.
function peakKiB() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS;
  return Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
}

(async () => {
  const [, , bundle, eventFile] = process.argv;
  const events = readFileSync(eventFile, 'utf8').split('\\n');
  let handler;
  const load = await measured(() => { ({ handler } = require(bundle)); });
  const invocations = [];
  for (const event of events) {
    invocations.push(await measured(async () => {
      const response = await handler(JSON.parse(event), {});
      if (response.statusCode !== 200) throw new Error(response.body);
      characters += response.body.length;
      return JSON.stringify(response);
    }));
  }
  process.send({ load, invocations, characters, peakMiB: peakKiB() / 1024 }, () => process.exit());
})();
`;

/** What something took: CPU of all threads and time, in ms, and round trips to DynamoDB. */
interface Cost {
  cpuMs: number;
  wallMs: number;
  trips: number;
}

/** What a process says of itself. */
interface Report {
  load: Cost;
  /** The first is a cold one. */
  invocations: Cost[];
  /** Of all answers. */
  characters: number;
  peakMiB: number;
}

interface Subject {
  name: string;
  environment: Record<string, string>;
  /** How many invocations are different, one after another: their mean counts as one. */
  round: number;
  /** The events of a process, by its number: no two processes tell or ask the same where that matters. */
  events: (process: number, count: number) => APIGatewayProxyEventV2[];
}

interface Measured {
  subject: Subject;
  /** By size, and there by process. */
  sizes: { mb: number; reports: Report[] }[];
}

/** What memory each function needs, and what each size of it makes of CPU time: to choose `memorySize` by. */
export async function benchMemory(): Promise<void> {
  const service = await resolveService();
  const tables: FilledTable[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'zego-live-list-bench-'));
  try {
    // Each with an engine to itself: callbacks would be ever slower beside a filled list.
    const empty = await fillTable(service, 0, 1);
    tables.push(empty);
    const filled = await fillTable(service, STREAMS, 1);
    tables.push(filled);
    await writeChineseTitles(filled);
    const subjects = [await callbackSubject(empty), await streamsSubject(filled), openapiSubject()];

    const { outputFiles } = await bundle(
      subjects.map(({ name }) => name),
      { deployed: true },
    );
    for (const { path, contents } of outputFiles) writeFileSync(join(folder, basename(path)), contents);
    writeFileSync(join(folder, 'harness.js'), HARNESS);

    const measured = await measureAll(subjects, folder);
    printMeasured(measured);
    printSizes(measured);
    printNotes(measured);
  } finally {
    rmSync(folder, { recursive: true });
    for (const table of tables) await table.remove();
  }
}

async function writeChineseTitles({ client, tables, streams }: FilledTable): Promise<void> {
  const items = Array.from({ length: streams.count / CHINESE_EVERY }, (_, i) => {
    const item = streams.itemOf(i * CHINESE_EVERY);
    return { ...item, create: { ...(item.create as Item), title: '直播间' } };
  });
  for (let i = 0; i < items.length; i += BATCH) {
    const puts = items.slice(i, i + BATCH).map((Item) => ({ PutRequest: { Item } }));
    const { UnprocessedItems = {} } = await client.send(
      new BatchWriteCommand({ RequestItems: { [tables.sessions]: puts } }),
    );
    if (Object.keys(UnprocessedItems).length > 0) throw new Error('The engine did not take all titles.');
  }
}

/** A stream's create and its close, and the next stream's. */
async function callbackSubject(table: FilledTable): Promise<Subject> {
  return {
    name: 'callback',
    environment: { ...(await environmentOf(table)), ZEGO_CALLBACK_SECRET: SECRET },
    round: 2,
    events: (process, count) => Array.from({ length: count }, (_, i) => callbackEvent(process, i)),
  };
}

function callbackEvent(process: number, i: number): APIGatewayProxyEventV2 {
  const nowMs = Date.now();
  const number = Math.floor(i / 2);
  const name = `${process}-${number}`;
  const times = { create_time: String(Math.floor(nowMs / 1000)), create_time_ms: String(nowMs) };
  const fields = {
    ...sample(i % 2 === 0 ? 'stream_create' : 'stream_close'),
    room_id: `room-${process}-${Math.floor(number / BATCH)}`,
    stream_id: `stream-${name}`,
    stream_alias: `stream-${name}`,
    stream_sid: `s-115205136669740000000-${name}`,
    ...(i % 2 === 0 ? times : { create_time_ms: String(nowMs), destroy_timemillis: String(nowMs + 1) }),
  };
  return post(JSON.stringify(signed(fields)));
}

/** Pages of 50, each from another place of the list: none is in the cache, and all are kept there. */
async function streamsSubject(table: FilledTable): Promise<Subject> {
  const query = { order: 'newest', room_id: undefined, appid: undefined } as const;
  const cursors = Array.from({ length: INVOCATIONS }, (_, i) =>
    encodeCursor(String(table.streams.itemOf(i).live_key), query),
  );
  return {
    name: 'streams',
    environment: { ...(await environmentOf(table)), LIST_TOKEN: 'a-token', LIST_CACHE_SECONDS: '3600' },
    round: 1,
    events: (_, count) =>
      cursors.slice(0, count).map((cursor) => get(`/streams?cursor=${cursor}`, { authorization: 'Bearer a-token' })),
  };
}

function openapiSubject(): Subject {
  return {
    name: 'openapi',
    environment: { PATH: process.env.PATH ?? '' },
    round: 1,
    events: (_, count) =>
      Array.from({ length: count }, () => ({ ...get('/openapi.json'), routeKey: 'GET /openapi.json' })),
  };
}

async function environmentOf({ client, tables }: FilledTable): Promise<Record<string, string>> {
  const endpoint = await client.config.endpoint?.();
  if (endpoint === undefined) throw new Error('The client of the table names no engine.');
  const { protocol, hostname, port, path } = endpoint;
  return {
    ...awsEnvironment(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`, process.env),
    PATH: process.env.PATH ?? '',
    SESSIONS_TABLE: tables.sessions,
    ROOMS_TABLE: tables.rooms,
  };
}

async function measureAll(subjects: readonly Subject[], folder: string): Promise<Measured[]> {
  const measured = subjects.map((subject) => ({
    subject,
    sizes: SIZES.map((mb) => ({ mb, reports: [] as Report[] })),
  }));
  const progress = startProgress('processes', subjects.length * SIZES.length * PROCESSES);
  let number = 0;
  // In turn: what disturbs the machine for a while disturbs every function and every size.
  for (let run = 0; run < PROCESSES; run++) {
    for (const { subject, sizes } of measured) {
      for (const { mb, reports } of sizes) {
        const events = subject.events(number++, run === 0 ? INVOCATIONS : 1);
        reports.push(await runProcess(subject, mb, events, folder));
        progress.add(1);
      }
    }
  }
  progress.stop();
  return measured;
}

/** @param mb of memory; V8's heap gets the shares of it that the bootstrap script of Lambda's Node runtimes sets */
async function runProcess(
  { name, environment }: Subject,
  mb: number,
  events: readonly APIGatewayProxyEventV2[],
  folder: string,
): Promise<Report> {
  const eventFile = join(folder, 'events.jsonl');
  writeFileSync(eventFile, events.map((event) => JSON.stringify(event)).join('\n'));
  const child = fork(join(folder, 'harness.js'), [join(folder, `${name}.js`), eventFile], {
    execArgv: [
      `--max-semi-space-size=${Math.floor(mb * 0.05)}`,
      `--max-old-space-size=${Math.floor(mb * 0.9)}`,
      '--unhandled-rejections=strict',
    ],
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exit = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${name} with ${mb} MB ended without a report: ${signal ?? code}.`);
  });
  const [report] = (await Promise.race([once(child, 'message'), exit])) as [Report];
  await exit.catch(() => {});
  return report;
}

/** CPU, in ms: of the load, of the first invocation and of both; medians over all processes. */
function coldOf({ sizes }: Measured) {
  const reports = sizes.flatMap(({ reports }) => reports);
  const of = (cpuMs: (report: Report) => number) => median(reports.map(cpuMs));
  const load = ({ load }: Report) => load.cpuMs;
  const first = ({ invocations }: Report) => invocations[0]?.cpuMs ?? Number.NaN;
  return { load: of(load), first: of(first), sum: of((report) => load(report) + first(report)) };
}

/** The processes that went on to be warm, one for each size. */
function warmReports({ sizes }: Measured): Report[] {
  return sizes.flatMap(({ reports }) => reports.slice(0, 1));
}

/** Over the rounds of all sizes, but the first of each: what the size of the heap changes is less than their noise. */
function warmOf(measured: Measured) {
  const { round } = measured.subject;
  const rounds = warmReports(measured).flatMap(({ invocations }) =>
    Array.from({ length: invocations.length / round - 1 }, (_, i) =>
      invocations.slice((i + 1) * round, (i + 2) * round),
    ),
  );
  const of = (cost: (one: Cost) => number) => rounds.map((some) => mean(some.map(cost)));
  return {
    cpuMs: median(of(({ cpuMs }) => cpuMs)),
    meanCpuMs: mean(of(({ cpuMs }) => cpuMs)),
    wallMs: median(of(({ wallMs }) => wallMs)),
    trips: mean(of(({ trips }) => trips)),
  };
}

function printMeasured(measured: readonly Measured[]): void {
  printTable(
    [
      'function',
      'load, CPU ms',
      'first invocation',
      'cold: both',
      'warm, CPU ms',
      'mean',
      'cold : warm',
      'warm, ms here',
      'round trips',
    ],
    measured.map((one) => {
      const { load, first, sum } = coldOf(one);
      const { cpuMs, meanCpuMs, wallMs, trips } = warmOf(one);
      const warm = [cpuMs.toFixed(2), meanCpuMs.toFixed(2), Math.round(sum / cpuMs), ms(wallMs), ms(trips)];
      return [one.subject.name, ms(load), ms(first), ms(sum), ...warm];
    }),
  );
}

function printSizes(measured: readonly Measured[]): void {
  printTable(
    ['function', 'MB', 'cold ms', 'warm ms', '$ a million', 'of the cheapest', 'peak RSS MiB', 'of the memory', 'fits'],
    measured.flatMap((one) => {
      const cold = coldOf(one).sum;
      const { cpuMs, meanCpuMs, trips } = warmOf(one);
      const waitMs = trips * ROUND_TRIP_MS;
      const rows = one.sizes.map(({ mb, reports }) => {
        const slower = Math.max(1, VCPU_MB / mb);
        // A bill is a sum, so of means; and every invocation is rounded up to a ms.
        const dollars = dollarsOf(Math.ceil(meanCpuMs * slower + waitMs), mb);
        return { mb, slower, dollars, peakMiB: Math.max(...reports.map(({ peakMiB }) => peakMiB)) };
      });
      const cheapest = Math.min(...rows.map(({ dollars }) => dollars));
      return rows.map(({ mb, slower, dollars, peakMiB }) => [
        one.subject.name,
        mb,
        Math.round(cold * slower),
        ms(cpuMs * slower + waitMs),
        dollars.toFixed(2),
        (dollars / cheapest).toFixed(2),
        Math.round(peakMiB),
        `${Math.round((100 * peakMiB) / mb)} %`,
        peakMiB < mb ? 'yes' : 'no',
      ]);
    }),
  );
}

/** US dollars for a million warm invocations. */
function dollarsOf(billedMs: number, mb: number): number {
  return MILLION_PRICE + 1_000_000 * (billedMs / 1000) * (mb / 1024) * GB_SECOND_PRICE;
}

function printNotes(measured: readonly Measured[]): void {
  const streams = measured.find(({ subject }) => subject.name === 'streams');
  const characters = mean(streams === undefined ? [] : warmReports(streams).map(({ characters }) => characters));
  const what = [
    `CPU of this machine; peak RSS with V8's heap limited as Lambda limits it for that size. ${INVOCATIONS} warm`,
    `invocations and ${PROCESSES} cold starts for each function and size. callback: create and close in turn, and the`,
    `mean of both. streams: pages of 50, none cached, ${Math.round(characters / 1e6)} million characters through the`,
    'cache. DynamoDB is asked by HTTP, not HTTPS.',
  ];
  const model = [
    `cold ms and warm ms, CPU × ${VCPU_MB} / MB (from ${VCPU_MB} MB on × 1), warm ms with ${ROUND_TRIP_MS} ms for each`,
    'round trip to DynamoDB; $ from the mean, warm. Cold ms is without the start of Node, the download and the waits,',
    'and without the CPU that Lambda lends while it loads.',
  ];
  console.log(`Measured: ${what.join(' ')}\n\nModelled: ${model.join(' ')}\n`);
}

function ms(value: number): string {
  return value.toFixed(1);
}
