import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { EMPTY, type Memory, memoryStore, type Operation } from '../dynamodb/memory-engine.ts';
import {
  ALPHABETS,
  expectedAnswers,
  history,
  LIFETIMES,
  LONG,
  ODD_ALPHABETS,
  orders,
  readAnswers,
  SEED,
  typed,
} from './histories.ts';
import type { PlainEvent } from './model.ts';

// Handlers beside one another: each of their requests waits until a schedule lets it through, so that every
// interleaving can be had, again and again.

const NOW = 1_800_000_000_000;
/** A plain run goes through every third pair of events, a long one through all of them. */
const SHARE = 3;

const ran = { schedules: 0, equal: 0, excluded: 0, three: 0 };
afterAll(() => {
  const { schedules, equal, excluded, three } = ran;
  console.log(
    `schedules: ${schedules} of two handlers (${equal} cut short as equal to one of them, ${excluded} excluded), ${three} of three, seed ${SEED}`,
  );
});

interface Waiting {
  handler: number;
  /** Counts the requests of this handler. */
  request: number;
  operation: Operation;
  /** Of a write that was let through: whether it was not refused. */
  landed?: boolean;
  letThrough: () => void;
}

/** One schedule's course. */
interface Course {
  memory: Memory;
  /** In the order in which the requests were executed. */
  steps: Waiting[];
  /** The schedule went no further. */
  cut: boolean;
}

/** A number among what waits, or what is to happen instead. */
type Choose = (waiting: readonly Waiting[], steps: readonly Waiting[]) => number | 'cut' | { dies: number };

/**
 * Runs a handler for each event. A handler that dies is followed at once by another one, that of ZEGO's retry.
 * @param lag so many writes the room's index is behind, of those that are made meanwhile
 */
async function run(before: Memory, events: readonly PlainEvent[], choose: Choose, lag = 0): Promise<Course> {
  const box = { memory: { ...before, past: [] } };
  const steps: Waiting[] = [];
  let waiting: Waiting[] = [];
  let stored = box.memory;
  let failed: unknown;
  let running = 0;
  let handlers = 0;

  function start(event: PlainEvent): void {
    const handler = handlers++;
    let requests = 0;
    const gate = (operation: Operation, when: 'before' | 'after') =>
      when === 'after'
        ? undefined
        : new Promise<void>((resolve) => {
            waiting.push({ handler, request: requests++, operation, letThrough: resolve });
          });
    const store = memoryStore(box, { nowMs: NOW, gate, lag: () => lag });
    running++;
    apply(typed(event), { store, nowMs: NOW, ...LIFETIMES })
      .catch((error) => {
        failed ??= error;
      })
      .finally(() => {
        running--;
      });
  }

  for (const event of events) start(event);
  const started = [...events];
  for (;;) {
    // All that can run without a request runs before the next turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
    const last = steps.at(-1);
    if (last !== undefined) last.landed ??= box.memory !== stored;
    if (failed !== undefined) throw failed;
    if (running === 0) return { memory: box.memory, steps, cut: false };
    const choice = choose(waiting, steps);
    if (choice === 'cut') return { memory: box.memory, steps, cut: true };
    if (typeof choice === 'object') {
      const { handler } = waiting[choice.dies] as Waiting;
      waiting = waiting.filter((other) => other.handler !== handler);
      running--;
      const event = started[handler] as PlainEvent;
      started.push(event);
      start(event);
    } else {
      const [chosen] = waiting.splice(choice, 1) as [Waiting];
      steps.push(chosen);
      stored = box.memory;
      chosen.letThrough();
    }
  }
}

/** A point of a course at which something was chosen, or will be. */
interface Fork {
  waiting: readonly Waiting[];
  /** What is let through there, one schedule after another: the last one by the schedule that runs. */
  taken: Waiting[];
  /** What has to be let through there too, as it met something that it can see. */
  todo: Waiting[];
  /** What schedules before have let through, and nothing since could see: to do it now makes no difference. */
  asleep: readonly Waiting[];
}

/**
 * Every schedule, but for those that differ only in the order of requests that cannot see one another. A fork is gone
 * back to when two requests of different handlers met that can; asleep is what would repeat an order. (Flanagan and
 * Godefroid, Dynamic partial-order reduction, POPL 2005; Godefroid's sleep sets.)
 */
async function everySchedule(
  before: Memory,
  events: readonly PlainEvent[],
  lag: number,
  check: (course: Course) => Promise<void>,
  most = Number.POSITIVE_INFINITY,
): Promise<void> {
  let count = 0;
  const path: Fork[] = [];
  const independent = (a: Waiting, b: Waiting) => areIndependent(a.operation, b.operation, lag);
  for (;;) {
    let depth = 0;
    let left: readonly Waiting[] = [];
    const choose: Choose = (waiting) => {
      let fork = path[depth];
      if (fork === undefined) {
        const { asleep, taken } = path[depth - 1] ?? { asleep: [], taken: [] };
        const last = taken.at(-1);
        const still = [...asleep, ...taken.slice(0, -1)].filter((one) => last !== undefined && independent(one, last));
        const awake = waiting.find((one) => !includes(still, one));
        fork = { waiting: [...waiting], taken: awake === undefined ? [] : [awake], todo: [], asleep: still };
        path.push(fork);
      }
      depth++;
      const next = fork.taken.at(-1);
      if (next === undefined) left = waiting;
      return next === undefined ? 'cut' : waiting.findIndex((one) => isSame(one, next));
    };
    const course = await run(before, events, choose, lag);
    if (++count > most) return;
    if (course.cut) ran.equal++;
    else await check(course);

    const steps = [...course.steps, ...left];
    for (const [i, step] of steps.entries()) {
      for (const [j, fork] of path.entries()) {
        const earlier = steps[j];
        if (j >= i || earlier === undefined || earlier.handler === step.handler || independent(earlier, step)) continue;
        // What brings it there: itself, or what its handler was at, or what came between.
        const between = steps.slice(j + 1, i + 1);
        const met = fork.waiting.filter((one) => one.handler === step.handler || includes(between, one));
        // Each once: hundreds of thousands of schedules meet at one fork.
        fork.todo.push(...met.filter((one) => !includes(fork.todo, one)));
      }
    }
    for (;;) {
      const fork = path.at(-1);
      if (fork === undefined) return;
      const next = fork.todo.find((one) => !includes(fork.taken, one) && !includes(fork.asleep, one));
      if (next !== undefined) {
        fork.taken.push(next);
        break;
      }
      path.pop();
    }
  }
}

const includes = (list: readonly Waiting[], one: Waiting) => list.some((other) => isSame(other, one));
const isSame = (a: Waiting, b: Waiting) => a.handler === b.handler && a.request === b.request;

/** Whether it makes no difference which of two comes first. */
function areIndependent(a: Operation, b: Operation, lag: number): boolean {
  if ('update' in a && 'update' in b) {
    const [[tableA, updateA], [tableB, updateB]] = [a.update, b.update];
    // The index lags by whole writes: then their order can be seen.
    return tableA !== tableB || (lag === 0 && JSON.stringify(updateA.Key) !== JSON.stringify(updateB.Key));
  }
  if ('update' in a) return !reads(b, a.update[0]);
  if ('update' in b) return !reads(a, b.update[0]);
  return true;
}

function reads(operation: Operation, table: 'sessions' | 'rooms'): boolean {
  return 'batchGet' in operation ? operation.batchGet[table] !== undefined : table === 'sessions';
}

const writes = (operation: Operation, table: 'sessions' | 'rooms') =>
  'update' in operation && operation.update[0] === table;

/**
 * The one interleaving that single-item writes cannot close. A session is written that the index does not show yet when
 * the room's event reads it; and whoever wrote it read the room for the last time before its fact was written.
 */
function isLeftOpen({ steps }: Course): boolean {
  return steps.some(({ operation, handler }, i) => {
    if (!('query' in operation) || operation.query.IndexName !== 'room') return false;
    const fact = steps.findIndex((step) => step.handler === handler && writes(step.operation, 'rooms'));
    const unseen = steps.slice(0, i).findLast((step) => writes(step.operation, 'sessions') && step.landed === true);
    const reader = unseen?.handler;
    return (
      reader !== undefined &&
      !steps
        .slice(fact)
        .some((step) => step.handler === reader && 'batchGet' in step.operation && step.handler !== handler)
    );
  });
}

async function afterAllOf(events: readonly PlainEvent[]): Promise<Memory> {
  let memory = EMPTY;
  for (const event of events) memory = (await run(memory, [event], () => 0)).memory;
  return memory;
}

async function check({ memory }: Course, told: readonly PlainEvent[], about: () => string): Promise<void> {
  const keys = told.filter((event) => 'stream_id' in event);
  const store = memoryStore({ memory }, { nowMs: NOW });
  expect(await readAnswers(store, keys, { nowMs: NOW }), about()).toEqual(expectedAnswers(told));
}

function shown(operation: Operation): unknown {
  if ('update' in operation) return [operation.update[0], operation.update[1].Key];
  return 'query' in operation ? operation.query.IndexName : operation.batchGet;
}

function told(before: readonly PlainEvent[], beside: readonly PlainEvent[], { steps }: Course): string {
  const course = steps.map(({ handler, operation }) => [handler, shown(operation)]);
  return JSON.stringify({ before, beside, course }, null, 1);
}

describe.each(Object.entries(ALPHABETS))('%s', (_, events) => {
  // What was applied before: nothing, or one event, or two.
  const priors: PlainEvent[][] = [[], ...events.map((event) => [event])];
  if (LONG) priors.push(...events.flatMap((one, i) => events.slice(0, i).map((other) => [other, one])));

  it.each([
    ["the room's index is up to date", 0],
    ["the room's index is a write behind", 1],
  ])('two handlers, every interleaving, where %s: as the model says', async (_, lag) => {
    let pairs = 0;
    for (const prior of priors) {
      const before = await afterAllOf(prior);
      const rest = events.filter((event) => !prior.includes(event));
      for (const [i, one] of rest.entries()) {
        for (const other of rest.slice(i)) {
          // Without a room's event nobody reads its index.
          if (lag > 0 && 'stream_id' in one && 'stream_id' in other) continue;
          if (!LONG && pairs++ % SHARE !== 0) continue;
          const all = [...new Set([...prior, one, other])];
          await everySchedule(before, [one, other], lag, async (course) => {
            ran.schedules++;
            if (lag > 0 && isLeftOpen(course)) ran.excluded++;
            else await check(course, all, () => told(prior, [one, other], course));
          });
        }
      }
    }
  });
});

describe.each(Object.entries(ODD_ALPHABETS))('%s', (_, events) => {
  // Those of one session meet, which stand in two rooms; of the other one something is known before.
  const of = (sid: string) => events.filter((one) => 'stream_sid' in one && one.stream_sid === sid);
  const [one, other] = of('b') as [PlainEvent, PlainEvent];

  it.each(of('a').map((prior) => [prior]))(
    'two handlers, more interleavings than fit here, after %j: as the model says',
    async (prior) => {
      const before = await afterAllOf([prior]);
      const checked = async (course: Course) => {
        ran.schedules++;
        await check(course, [prior, one, other], () => told([prior], [one, other], course));
      };
      await everySchedule(before, [one, other], 0, checked, LONG ? 200_000 : 700);
    },
  );
});

it('three handlers, of which one may die and be followed by the retry, in drawn orders: as the model says', async () => {
  const drawn = fc.record({
    order: history({ maxSteps: 16 }).chain(orders),
    choices: fc.array(fc.nat({ max: 11 }), { minLength: 80, maxLength: 80 }),
    dies: fc.option(fc.nat({ max: 24 })),
  });
  await fc.assert(
    fc.asyncProperty(drawn, async ({ order, choices, dies }) => {
      const before = await afterAllOf(order.slice(0, -3));
      let turns = 0;
      let dead = false;
      const course = await run(before, order.slice(-3), (waiting) => {
        const choice = (choices[turns++ % choices.length] ?? 0) % waiting.length;
        if (turns - 1 !== dies || dead) return choice;
        dead = true;
        return { dies: choice };
      });
      ran.three++;
      await check(course, order, () => told(order.slice(0, -3), order.slice(-3), course));
    }),
    { numRuns: LONG ? 20_000 : 1500, seed: SEED },
  );
});
