import { connectStore } from '../../lib/dynamodb/store.ts';
import { representation } from '../../lib/http/response.ts';
import { pageAnswer, sessionAnswer } from '../../lib/http/session-json.ts';
import { withDeadline } from '../../lib/runtime/deadline.ts';
import { type PageQuery, readPage } from '../../lib/streams/list.ts';
import { readStream, readStreams } from '../../lib/streams/lookup.ts';
import type { ReadOptions } from '../../lib/streams/view.ts';
import type { Service } from '../../lib/tools/serverless-config.ts';
import { printTable } from './markdown.ts';
import type { Consumed } from './meter.ts';
import { startProgress } from './progress.ts';
import { mean, median, quantile } from './statistics.ts';
import { MAX_LIVE_MS } from './streams.ts';
import { type FilledTable, fillTable, resolveService } from './table.ts';

const SIZES = [1000, 100_000] as const;
const LIVE_SHARDS = [1, 4, 16];
const LIMIT = 50;
const PAGE = 50;
const BATCH = 50;
const RUNS = 200;
const WARM_UP = 20;
/** Answers whose reads are counted. */
const COUNTED = 10;
const DEADLINE_MS = 60_000;
/** US dollars for a million read request units, on demand, us-east-1. */
const READ_PRICE = 0.125;

/** What is asked of a table in run 0, 1, …: each time of another room or of other streams, where it asks for some. */
interface Question {
  name: string;
  /** How many streams the answer has. */
  streams: number;
  /** Whether it reads every partition of the live index; what does not is measured with one. */
  sharded: boolean;
  ask: (list: List, run: number, options: ReadOptions) => Promise<unknown>;
}

interface List {
  table: FilledTable;
  /** That of page 50; of a list that is shorter, of page 2: there too every partition has more than a page. */
  cursor: string;
}

const FIRST_PAGE = 'first page';

const QUESTIONS: readonly Question[] = [
  { name: FIRST_PAGE, streams: LIMIT, sharded: true, ask: (_list, _run, options) => page({}, options) },
  {
    name: `page ${PAGE}`,
    streams: LIMIT,
    sharded: true,
    ask: ({ cursor }, _run, options) => page({ cursor }, options),
  },
  {
    name: 'one room',
    streams: 20,
    sharded: false,
    ask: ({ table: { streams } }, run, options) => page({ room_id: streams.roomOf(some(streams, run)) }, options),
  },
  {
    name: 'one stream',
    streams: 1,
    sharded: false,
    async ask({ table: { streams } }, run, options) {
      const query = { stream_id: streams.streamOf(some(streams, run)), stream_sid: undefined, appid: undefined };
      const reading = await readStream({ kind: 'stream', ...query }, options);
      return { streams: reading === undefined ? [] : [sessionAnswer(reading)] };
    },
  },
  {
    name: `a batch of ${BATCH}`,
    streams: BATCH,
    sharded: false,
    async ask({ table: { streams } }, run, options) {
      const stream_ids = Array.from({ length: BATCH }, (_, i) => streams.streamOf(some(streams, run * BATCH + i)));
      return pageAnswer(await readStreams({ kind: 'streams', stream_ids, appid: undefined }, options));
    },
  },
];

async function page(asked: Partial<PageQuery>, options: ReadOptions) {
  const nothing = { cursor: undefined, room_id: undefined, appid: undefined };
  return pageAnswer(await readPage({ kind: 'page', ...nothing, order: 'newest', limit: LIMIT, ...asked }, options));
}

/** The number of one of the streams; two successive 50 are different, and from everywhere in the list. */
function some({ count }: { count: number }, run: number): number {
  return (run * 617) % count;
}

/** What the answers of the live list cost, in time and in reads: of a short list and of a long one. */
export async function benchList(): Promise<void> {
  const service = await resolveService();
  const measured: Measured[] = [];
  for (const liveShards of LIVE_SHARDS) measured.push(await measure(service, liveShards));
  console.log(`Engine: ${measured[0]?.engine}. Of a list without a page ${PAGE}, that row tells of page 2.\n`);
  printAnswers(measured);
  printFirstPages(measured);
}

interface Measured {
  liveShards: number;
  engine: string;
  /** By question, and there by size. */
  answers: { question: Question; sizes: Answers[] }[];
}

interface Answers {
  times: number[];
  consumed: Consumed[];
}

async function measure(service: Service, liveShards: number): Promise<Measured> {
  const lists: List[] = [];
  try {
    for (const size of SIZES) {
      lists.push({ table: await fillTable(service, size, liveShards), cursor: '' });
    }
    for (const list of lists) list.cursor = await cursorOf(PAGE, list.table);

    const asked = QUESTIONS.filter(({ sharded }) => sharded || liveShards === 1);
    const answers = asked.map((question) => ({
      question,
      sizes: lists.map((): Answers => ({ times: [], consumed: [] })),
    }));
    const progress = startProgress(`LIVE_SHARDS ${liveShards}, rounds of questions`, WARM_UP + RUNS);
    for (let run = 0; run < WARM_UP + RUNS; run++) {
      for (const { question, sizes } of answers) {
        // One after the other, in any order: what disturbs the machine disturbs both.
        for (const i of [...lists.keys()].sort(() => Math.random() - 0.5)) {
          const ms = await time(() => answer(question, lists[i] as List, run));
          if (run >= WARM_UP) sizes[i]?.times.push(ms);
        }
      }
      progress.add(1);
    }
    progress.stop();
    for (const { question, sizes } of answers) {
      for (const [i, list] of lists.entries()) {
        for (let run = 0; run < COUNTED; run++) {
          sizes[i]?.consumed.push(await list.table.meter(() => answer(question, list, run)));
        }
      }
    }
    return { liveShards, engine: lists[0]?.table.engine ?? '', answers };
  } finally {
    for (const { table } of lists) await table.remove();
  }
}

/** By turning the pages. */
async function cursorOf(number: number, table: FilledTable): Promise<string> {
  const wanted = table.streams.count > number * LIMIT ? number : 2;
  let cursor: string | undefined;
  for (let turned = 1; turned < wanted; turned++) {
    const { next_cursor } = await read(table, (options) => page({ cursor }, options));
    if (next_cursor === null) throw new Error(`The list ends with page ${turned}.`);
    cursor = next_cursor;
  }
  return cursor ?? '';
}

/** An answer as the function makes it, but for the gateway and the cache. */
async function answer({ name, streams, ask }: Question, list: List, run: number): Promise<void> {
  const { body } = await read(list.table, async (options) => representation(await ask(list, run, options)));
  const found = body.split('"stream_id":').length - 1;
  if (found !== streams) throw new Error(`${name}: ${found} streams in place of ${streams}.`);
}

function read<T>({ client, tables, liveShards }: FilledTable, work: (options: ReadOptions) => Promise<T>): Promise<T> {
  const nowMs = Date.now();
  const config = { SESSIONS_TABLE: tables.sessions, ROOMS_TABLE: tables.rooms, LIVE_SHARDS: liveShards };
  const storeAt = connectStore(config, client);
  return withDeadline(DEADLINE_MS, (signal) =>
    work({ store: storeAt({ nowMs, signal }), nowMs, maxLiveMs: MAX_LIVE_MS }),
  );
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function printAnswers(measured: readonly Measured[]): void {
  const sizes = SIZES.map((size) => size.toLocaleString('en'));
  const of = (what: string) => sizes.map((size) => `${what}, ${size}`);
  printTable(
    ['LIVE_SHARDS', 'answer', ...of('p50 ms'), 'ratio', ...of('p99 ms'), 'requests', 'entries', 'items', 'read units'],
    measured.flatMap(({ liveShards, answers }) =>
      answers.map(({ question, sizes }) => {
        const p50 = sizes.map(({ times }) => median(times));
        return [
          liveShards,
          question.name,
          ...p50.map(ms),
          ((p50[1] ?? 0) / (p50[0] ?? 0)).toFixed(2),
          ...sizes.map(({ times }) => ms(quantile(times, 0.99))),
          both(sizes, ({ requests }) => requests),
          both(sizes, ({ entries }) => entries),
          both(sizes, ({ items }) => items),
          both(sizes, ({ entryUnits, itemUnits }) => entryUnits + itemUnits),
        ];
      }),
    ),
  );
}

function printFirstPages(measured: readonly Measured[]): void {
  printTable(
    ['LIVE_SHARDS', 'Query', 'entries', 'their units', 'items', 'their units', 'read units', 'a million pages'],
    measured.map(({ liveShards, answers }) => {
      const { sizes = [] } = answers.find(({ question }) => question.name === FIRST_PAGE) ?? {};
      const units = ({ entryUnits, itemUnits }: Consumed) => entryUnits + itemUnits;
      return [
        liveShards,
        both(sizes, ({ requests }) => requests - 1),
        both(sizes, ({ entries }) => entries),
        both(sizes, ({ entryUnits }) => entryUnits),
        both(sizes, ({ items }) => items),
        both(sizes, ({ itemUnits }) => itemUnits),
        both(sizes, units),
        both(
          sizes,
          (consumed) => units(consumed) * READ_PRICE,
          (dollars) => `$${dollars.toFixed(2)}`,
        ),
      ];
    }),
  );
}

/** A mean, of the short list and of the long one where they differ. */
function both(
  sizes: readonly Answers[],
  count: (consumed: Consumed) => number,
  show = (number: number) => String(Math.round(number * 10) / 10),
): string {
  const means = sizes.map(({ consumed }) => show(mean(consumed.map(count))));
  return [...new Set(means)].join(' / ');
}

function ms(value: number): string {
  return value.toFixed(1);
}
