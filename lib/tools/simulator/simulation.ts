import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Listed, lookAgain, type Paging, readList, readPage } from '../live-list.ts';
import type { Callback } from '../zego/callbacks.ts';
import { type Answer, createDelivery, type Delivery, isAccepted } from '../zego/delivery.ts';
import { createRandom } from '../zego/random.ts';
import { World } from '../zego/world.ts';
import { cleanUp } from './cleanup.ts';
import { compare, type Difference } from './comparison.ts';
import { comparePaging, type Readings } from './paging.ts';
import { play } from './play.ts';
import type { SimulatorOptions } from './simulator-options.ts';

/** Several scripts, and characters that mean something to an encoding. */
const NAMES = [
  '小梅',
  'Arjun',
  'Lucía',
  'Noah & Co',
  'فاطمة',
  'ゆき',
  '"O\'Brien"',
  '100%',
  'a+b=c',
  '👩‍🎤',
  'two\nlines',
  '%2F',
];

/** An index of a deployed table follows with a delay. */
const PATIENCE_MS = 10_000;

/** Small pages, and large ones the other way round. */
const NEWEST: Paging = { order: 'newest', limit: 20 };
const OLDEST: Paging = { order: 'oldest', limit: 100 };

/** After so many refusals, and nothing else, it is no use to go on. */
const REFUSALS = 5;

export interface Outcome {
  deliveries: readonly Delivery[];
  /** How many sessions are on air. */
  onAir: number;
  /** What the list shows, or why it could not be read. */
  list: Compared | Error;
  /** Of how many streams that were still listed the end was told. */
  closed: number;
}

interface Compared {
  /** The `stream_sid` of ours. */
  listed: ReadonlySet<string>;
  differences: readonly Difference[];
}

export interface Watching {
  /** Ends it early; its reason is thrown. */
  signal: AbortSignal;
  /** How many callbacks there will be, and when the last one is due, Unix ms. */
  onPlanned: (callbacks: number, lastMs: number) => void;
  onDelivery: (delivery: Delivery) => void;
  /** How long an unexplained difference is looked at again, in ms. */
  patienceMs?: number;
}

/**
 * Plays ZEGO against an API, compares its list with what is on air, and leaves nothing live behind. What happens
 * follows from the seed; the ids are new each time.
 * @throws Error with one sentence, or the reason of the signal
 */
export async function simulate(options: SimulatorOptions, watching: Watching): Promise<Outcome> {
  const { onPlanned, onDelivery } = watching;
  const { seed, seconds, streams } = options;
  const useless = new AbortController();
  const signal = AbortSignal.any([watching.signal, useless.signal]);
  const run = randomBytes(4).toString('hex');
  // What nobody has asked for is in no cache: so this is all of the time for which one may keep an answer.
  const { freshMs } = await readPage({ ...options, room_id: `sim-${run}-room1`, signal }, NEWEST);
  const { patienceMs = PATIENCE_MS + freshMs } = watching;

  const random = createRandom(seed);
  const world = new World({ ...options, ...castOf(run, streams), run, sessions: streams, random });
  const callbacks = [...play(world, { startMs: Date.now(), seconds, streams, random })];
  const onAir = world.onAir();
  onPlanned(callbacks.length, callbacks.at(-1)?.atMs ?? 0);

  const onAnswer = stopWhenNothingIsAccepted(useless);
  const sent = new Set<Callback>();
  const onAttempt = (callback: Callback) => sent.add(callback);
  const deliver = createDelivery({ ...options, random: createRandom(seed, 1), signal, onAttempt, onAnswer });
  const deliveries: Delivery[] = [];
  const started: Promise<unknown>[] = [];
  try {
    for (const callback of callbacks) {
      await wait(Math.max(0, callback.atMs - Date.now()), undefined, { signal });
      const settled = deliver(callback).then((delivery) => {
        deliveries.push(delivery);
        onDelivery(delivery);
      });
      // Whether it failed is asked at the end.
      settled.catch(() => {});
      started.push(settled);
    }
    await Promise.all(started);
    // What a cache kept before the last callback proves nothing.
    await wait(freshMs, undefined, { signal });
    const look = async (): Promise<Compared> => {
      const readings = await readOurs(options, run, signal);
      const { newest, oldest } = readings;
      return {
        listed: new Set([...newest, ...oldest].map(({ stream_sid }) => stream_sid)),
        differences: [...compare(onAir, deliveries, newest), ...comparePaging(readings)],
      };
    };
    const isSettled = ({ differences }: Compared) => differences.every(({ explained }) => explained);
    const list = await lookAgain(look, isSettled, { patienceMs, signal }).catch((error: Error) => {
      signal.throwIfAborted();
      return error;
    });
    if (list instanceof Error) {
      await cleanUp(options, { sent, deliveries });
      return { deliveries, onAir: onAir.length, list, closed: 0 };
    }
    const closed = await cleanUp(options, { sent, deliveries, listed: list.listed });
    return { deliveries, onAir: onAir.length, list, closed };
  } catch (error) {
    await Promise.allSettled(started);
    // Whoever interrupts does not want to wait.
    await cleanUp(options, { sent, deliveries, attempts: 1 });
    throw signal.aborted ? signal.reason : error;
  }
}

function castOf(run: string, streams: number) {
  const rooms = Array.from({ length: Math.max(1, Math.round(streams / 10)) }, (_, i) => `sim-${run}-room${i + 1}`);
  const hosts = Array.from({ length: Math.ceil(streams / 2) + 2 }, (_, i) => ({
    user_id: `user${i + 1}`,
    user_name: NAMES[i % NAMES.length] ?? '',
  }));
  // A user's stream has the same id in every room.
  const streamId = ({ user_id }: { user_id: string }) => `sim-${run}-${user_id}`;
  return { rooms, hosts, streamId, atMost: Math.max(2, Math.ceil(streams / 4)) };
}

/** Others may share the list. */
async function readOurs(options: SimulatorOptions, run: string, signal: AbortSignal): Promise<Readings> {
  const isOurs = ({ room_id, stream_sid }: Listed) =>
    room_id.startsWith(`sim-${run}-`) || stream_sid.startsWith(`s-${run}-`);
  const read = async (paging: Paging) => (await readList({ ...options, signal }, paging)).filter(isOurs);
  return { newest: await read(NEWEST), oldest: await read(OLDEST) };
}

function stopWhenNothingIsAccepted(useless: AbortController): (answer: Answer) => void {
  let refusals = 0;
  let accepted = false;
  return (answer) => {
    accepted ||= isAccepted(answer);
    const { status = 0, told } = answer;
    // 5XX and 429 may pass: ZEGO would come again.
    if (accepted || status < 400 || status >= 500 || status === 429) return;
    refusals += 1;
    if (refusals >= REFUSALS) useless.abort(new Error(adviceOn(status, told)));
  };
}

function adviceOn(status: number, told: string): string {
  const refused = `Every callback was refused with ${`${status} ${told}`.trim()}`;
  if (told === 'unknown-appid') return `${refused}: give an appid of the target's ZEGO_APP_ID with --appid.`;
  if (told === 'timestamp-outside-window') return `${refused}: set the clock of this machine.`;
  if (status === 401) {
    return `${refused}: compare --secret or ZEGO_CALLBACK_SECRET with the target's CallbackSecret (the ServerSecret is another one).`;
  }
  return `${refused}: is --url the base URL of the API?`;
}
