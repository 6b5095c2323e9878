import { afterAll, describe, expect, it } from 'vitest';
import type { Engine, Write } from '../../lib/dynamodb/engine.ts';
import type { Item } from '../../lib/dynamodb/items.ts';
import { apply } from '../../lib/streams/apply.ts';
import {
  EMPTY,
  land,
  type Memory,
  type MemoryOptions,
  memoryEngine,
  memoryStore,
  storeOn,
} from '../dynamodb/memory-engine.ts';
import {
  ALPHABETS,
  type Answers,
  expectedAnswers,
  LIFETIMES,
  LONG,
  ODD_ALPHABETS,
  readAnswers,
  typed,
} from './histories.ts';
import { nameOf, type PlainEvent } from './model.ts';

// Every order of every set of an alphabet's events, with crashes anywhere, and with writes that land late. What differs
// in nothing but the `version` of items goes on alike, as versions are compared for nothing but being equal. So a state
// that was met before is not gone through again, and all of it can be run.

const NOW = 1_800_000_000_000;
/** How often a handler dies on one way. */
const CRASHES = LONG ? 2 : 1;

const ran = { ways: 0, states: 0, deliveries: 0, late: 0 };
afterAll(() => {
  const { ways, states, deliveries, late } = ran;
  console.log(`crashes: ${ways} ways through ${states} states, ${deliveries} deliveries; late writes: ${late}`);
});

type Wrap = (engine: Engine) => Engine;

/** Delivers an event to a handler of its own; what stands in the box afterwards is stored, also if the handler died. */
async function deliver(
  box: { memory: Memory },
  event: PlainEvent,
  { gate, wrap = (engine) => engine }: { gate?: NonNullable<MemoryOptions['gate']>; wrap?: Wrap } = {},
): Promise<void> {
  ran.deliveries++;
  const store = storeOn(wrap(memoryEngine(box, { ...(gate && { gate }) })), { nowMs: NOW });
  await apply(typed(event), { store, nowMs: NOW, ...LIFETIMES });
}

interface Watched {
  applied: Memory;
  /** Whether anything was written. */
  wrote: boolean;
  /** What a death before or after a request leaves: each different one, and at how many points it is left. */
  crashes: Map<Memory, number>;
}

async function watched(memory: Memory, event: PlainEvent): Promise<Watched> {
  const box = { memory };
  const crashes = new Map<Memory, number>();
  const gate = () => {
    crashes.set(box.memory, (crashes.get(box.memory) ?? 0) + 1);
  };
  await deliver(box, event, { gate });
  return { applied: box.memory, wrote: box.memory !== memory, crashes };
}

/** Everything that is stored, as text. */
const exact = textOf((item) => item);
const fingerprint = textOf(({ version: _, ...item }) => item);

function textOf(told: (item: Item) => Item): (memory: Memory) => string {
  // Items are replaced, never changed.
  const known = new WeakMap<Item, string>();
  const text = (item: Item) => {
    const found = known.get(item) ?? JSON.stringify(Object.entries(told(item)).sort());
    known.set(item, found);
    return found;
  };
  return ({ sessions, rooms }) => [...sessions.values(), ...rooms.values()].map(text).sort().join();
}

/** An alphabet, with what was found out about it before. Sets of its events are the bits of a number. */
function alphabet(events: readonly PlainEvent[]) {
  const expectations = new Map<number, Answers>();
  const checked = new Set<string>();
  const applied = new Map<string, Memory>();

  function expected(set: number): Answers {
    const found = expectations.get(set) ?? expectedAnswers(events.filter((_, i) => has(set, i)));
    expectations.set(set, found);
    return found;
  }
  return {
    expected,
    /** That readers are answered as the model says of this set of events. */
    async check(memory: Memory, set: number): Promise<void> {
      const key = `${set} ${fingerprint(memory)}`;
      if (checked.has(key)) return;
      const told = events.filter((_, i) => has(set, i));
      const keys = told.filter((event) => 'stream_id' in event);
      const answers = await readAnswers(memoryStore({ memory }, { nowMs: NOW }), keys, { nowMs: NOW });
      expect(answers, JSON.stringify(told, null, 1)).toEqual(expected(set));
      checked.add(key);
    },
    async apply(memory: Memory, i: number): Promise<Memory> {
      const key = `${i} ${exact(memory)}`;
      const box = { memory: applied.get(key) ?? memory };
      if (!applied.has(key)) await deliver(box, events[i] as PlainEvent);
      applied.set(key, box.memory);
      return box.memory;
    },
    /** The events that are not in a set. */
    missing: (set: number) => [...events.keys()].filter((i) => !has(set, i)),
  };
}

const has = (set: number, i: number) => (set & (1 << i)) !== 0;

interface State {
  memory: Memory;
  /** The set of events that were applied. */
  done: number;
  /** The event whose handler has died, and which ZEGO will send again; -1: none. */
  pending: number;
  crashes: number;
}

/** Goes all ways. @returns how many there are, and the states in which nothing is pending and nobody has died */
async function explore(events: readonly PlainEvent[], mostCrashes: number): Promise<{ ways: number; calm: State[] }> {
  const { check } = alphabet(events);
  const seen = new Map<string, Watched>();
  const waysFrom = new Map<string, number>();
  const calm: State[] = [];

  async function from(state: State): Promise<number> {
    const { memory, done, pending, crashes } = state;
    const stored = fingerprint(memory);
    const key = `${done} ${pending} ${crashes} ${stored}`;
    const known = waysFrom.get(key);
    if (known !== undefined) return known;
    if (pending < 0) await check(memory, done);
    if (pending < 0 && crashes === 0) calm.push(state);

    // A way may end here, unless something is pending.
    let ways = pending < 0 ? 1 : 0;
    for (const [i, event] of events.entries()) {
      if (has(done, i) && pending >= 0) continue;
      const { applied, wrote, crashes: left } = seen.get(`${i} ${stored}`) ?? (await watched(memory, event));
      seen.set(`${i} ${stored}`, { applied, wrote, crashes: left });
      if (has(done, i)) {
        expect(wrote, `a repeat writes: ${JSON.stringify(event)}`).toBe(false);
        continue;
      }
      // Delivered, or, if its handler has died, sent again.
      ways += await from({ ...state, memory: applied, done: done | (1 << i), pending: i === pending ? -1 : pending });
      if ((pending >= 0 && i !== pending) || crashes === mostCrashes) continue;
      for (const [crashed, points] of left) {
        if (pending < 0) betweenTwo(onAir(crashed), onAir(memory), onAir(applied));
        ways += points * (await from({ ...state, memory: crashed, pending: i, crashes: crashes + 1 }));
      }
    }
    waysFrom.set(key, ways);
    return ways;
  }

  const ways = await from({ memory: EMPTY, done: 0, pending: -1, crashes: 0 });
  ran.states += waysFrom.size;
  return { ways, calm };
}

/** Which sessions stand on the list. */
function onAir({ sessions }: Memory): string[] {
  return [...sessions.values()].filter((item) => 'live_shard' in item).map((item) => String(item.stream_sid));
}

/** At no moment is there on the list what was there neither before nor after, or nothing where both have something. */
function betweenTwo(between: string[], before: string[], after: string[]): void {
  expect([...before, ...after]).toEqual(expect.arrayContaining(between));
  if (before.length > 0 && after.length > 0) expect(between).not.toEqual([]);
}

/** @param report does a write, or does not, and says what the handler is told of it */
function writesAs(report: (write: Write, send: () => Promise<boolean>) => Promise<boolean>): Wrap {
  return (engine) => ({ ...engine, update: (...write) => report(write, () => engine.update(...write)) });
}

class GaveUp extends Error {}

/** The handler gives up at its nth write. @returns undefined when it has not so many */
async function givesUp(memory: Memory, event: PlainEvent, nth: number): Promise<[Memory, Write] | undefined> {
  const box = { memory };
  let late: Write | undefined;
  let writes = 0;
  const wrap = writesAs(async (written, send) => {
    if (writes++ < nth) return send();
    late ??= written;
    throw new GaveUp();
  });
  await deliver(box, event, { wrap }).catch((error) => {
    if (!(error instanceof GaveUp)) throw error;
  });
  return late && [box.memory, late];
}

const LATE_ORDERS = [
  ['land', 'retry'],
  ['retry', 'land'],
  ['land', 'next', 'retry'],
  ['next', 'land', 'retry'],
  ['next', 'retry', 'land'],
] as const;

describe.each(Object.entries({ ...ALPHABETS, ...ODD_ALPHABETS }))('%s', (name, events) => {
  let explored: ReturnType<typeof explore> | undefined;
  /** The states between callbacks, when nobody has died. */
  async function calmStates(): Promise<State[]> {
    explored ??= explore(events, 0);
    return (await explored).calm;
  }

  it('every order of every set of events, with a crash anywhere whose retry comes at any time: as the model says', async () => {
    const { ways } = await explore(events, CRASHES);
    ran.ways += ways;
    expect(ways).toBeGreaterThan(10_000);
  });

  it('a write that lands twice changes nothing the second time: at once, after the handler, after another event', async () => {
    const { apply, missing } = alphabet(events);
    for (const { memory, done } of await calmStates()) {
      for (const i of missing(done)) {
        const landed: Write[] = [];
        const box = { memory };
        // The SDK repeats a request whose answer was lost: the repeat is refused, and that is what it reports.
        const wrap = writesAs(async (written, send) => {
          if (await send()) landed.push(written);
          return send();
        });
        await deliver(box, events[i] as PlainEvent, { wrap });
        expect(fingerprint(box.memory)).toBe(fingerprint(await apply(memory, i)));

        const later = await Promise.all(missing(done | (1 << i)).map((next) => apply(box.memory, next)));
        for (const stored of [box.memory, ...later]) {
          ran.late += landed.length;
          for (const written of landed) expect(land(stored, written)).toBe(stored);
        }
      }
    }
  });

  it('a write that lands only after its handler has given up: as the model says once the retry has come', async () => {
    const { apply, check, expected, missing } = alphabet(events);
    for (const { memory, done } of await calmStates()) {
      for (const i of missing(done)) {
        const event = events[i] as PlainEvent;
        for (let nth = 0; ; nth++) {
          const [left, written] = (await givesUp(memory, event, nth)) ?? [];
          if (left === undefined || written === undefined) break;
          for (const order of LATE_ORDERS) {
            const told = done | (1 << i);
            const others: readonly number[] = order.length === 2 ? [-1] : missing(told);
            for (const next of others) {
              const all = next < 0 ? told : told | (1 << next);
              if (order.length === 3 && excluded(order, written, event, expected(told), expected(all))) continue;
              let stored = left;
              for (const step of order) {
                stored = step === 'land' ? land(stored, written) : await apply(stored, step === 'retry' ? i : next);
              }
              ran.late++;
              await check(stored, all);
            }
          }
        }
      }
    }
  });

  /**
   * What single-item writes leave open. The view of a sibling rests on its version, and on facts of other items. If the
   * next event takes the decision back and finds nothing to change, since the write has not landed; and the retry finds
   * nothing either; and the write lands even after that, 2 s later at least: then it stands until the next callback of the
   * stream. And a session that moves to another room, which ZEGO is not known to do, is looked for only where it is.
   */
  function excluded(
    order: readonly string[],
    [table, update]: Write,
    event: PlainEvent,
    before: Answers,
    after: Answers,
  ) {
    if (name in ODD_ALPHABETS) return true;
    if (table === 'rooms' || order.at(-1) !== 'land') return false;
    const sibling = nameOf(update.Key);
    const isSibling = !('stream_id' in event) || nameOf(event) !== sibling;
    return isSibling && before.sessions[sibling]?.state !== after.sessions[sibling]?.state;
  }
});
