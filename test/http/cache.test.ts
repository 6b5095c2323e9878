import { describe, expect, it, vi } from 'vitest';
import { openCache } from '../../lib/http/cache.ts';
import { representation } from '../../lib/http/response.ts';

const MAX_AGE_MS = 2000;
const answer = (value: unknown) => vi.fn(async () => representation(value));

describe('an answer', () => {
  it('is loaded once for as long as it may be old, and tells what is left of that', async () => {
    const cached = openCache(MAX_AGE_MS);
    const load = answer('a');
    for (const [nowMs, freshMs, hit] of [
      [10_000, 2000, false],
      [10_000, 2000, true],
      [10_001, 1999, true],
      [11_999, 1, true],
    ] as const) {
      expect(await cached({ q: 1 }, nowMs, load)).toEqual({ answer: representation('a'), freshMs, hit });
    }
    expect(load).toHaveBeenCalledTimes(1);
    expect(await cached({ q: 1 }, 12_000, answer('b'))).toEqual({
      answer: representation('b'),
      freshMs: 2000,
      hit: false,
    });
    expect((await cached({ q: 1 }, 13_999, load)).answer).toEqual(representation('b'));
  });

  it('belongs to its query', async () => {
    const cached = openCache(MAX_AGE_MS);
    await cached({ q: 1 }, 0, answer('a'));
    expect((await cached({ q: 2 }, 0, answer('b'))).answer).toEqual(representation('b'));
    expect((await cached({ q: 1 }, 0, answer('c'))).answer).toEqual(representation('a'));
  });

  it('is as old as the request that loaded it, however long that took', async () => {
    const cached = openCache(MAX_AGE_MS);
    let arrive = (_: string) => {};
    const slow = cached({ q: 1 }, 0, async () =>
      representation(await new Promise<string>((resolve) => (arrive = resolve))),
    );
    // Another request was dealt with meanwhile.
    await cached({ q: 2 }, 1500, answer('b'));
    arrive('a');
    expect(await slow).toEqual({ answer: representation('a'), freshMs: 2000, hit: false });
    expect(await cached({ q: 1 }, 1900, answer('c'))).toEqual({ answer: representation('a'), freshMs: 100, hit: true });
    expect((await cached({ q: 1 }, 2000, answer('c'))).answer).toEqual(representation('c'));
  });

  it('is forgotten when the clock is set back, and not remembered when the clock comes there again', async () => {
    const cached = openCache(MAX_AGE_MS);
    await cached({ q: 1 }, 100_000, answer('a'));
    await cached({ q: 2 }, 90_000, answer('b'));
    expect((await cached({ q: 2 }, 91_999, answer('c'))).answer).toEqual(representation('b'));
    expect((await cached({ q: 1 }, 100_500, answer('d'))).answer).toEqual(representation('d'));
  });

  it('that failed is not kept', async () => {
    const cached = openCache(MAX_AGE_MS);
    const failure = new Error('no');
    await expect(cached({ q: 1 }, 0, async () => Promise.reject(failure))).rejects.toBe(failure);
    expect((await cached({ q: 1 }, 0, answer('a'))).answer).toEqual(representation('a'));
  });
});

it('keeps nothing when answers may not be old at all', async () => {
  const cached = openCache(0);
  const load = answer('a');
  for (let i = 0; i < 3; i++) expect((await cached({ q: 1 }, 0, load)).freshMs).toBe(0);
  expect(load).toHaveBeenCalledTimes(3);
});

describe('memory', () => {
  /** Which of these queries are still kept. */
  async function kept(cached: ReturnType<typeof openCache>, queries: readonly number[], nowMs: number) {
    const missing: number[] = [];
    for (const q of queries) {
      await cached({ q }, nowMs, async () => Promise.reject(new Error('not kept'))).catch(() => missing.push(q));
    }
    return queries.filter((q) => !missing.includes(q));
  }

  it('is bounded: the oldest goes first', async () => {
    // A key is 7 characters long and a body 102.
    const cached = openCache(MAX_AGE_MS, 350);
    for (const q of [1, 2, 3, 4]) await cached({ q }, q, answer('x'.repeat(100)));
    expect(await kept(cached, [1, 2, 3, 4], 5)).toEqual([2, 3, 4]);
  });

  it('is counted down when an answer is loaded again, and when it is dropped', async () => {
    const cached = openCache(MAX_AGE_MS, 350);
    for (let i = 0; i < 50; i++) await cached({ q: i % 3 }, 1000 * i, answer('x'.repeat(100)));
    expect(await kept(cached, [0, 1, 2], 49_000)).toEqual([0, 1]);
  });

  it('takes nothing that is larger than all of it', async () => {
    const cached = openCache(MAX_AGE_MS, 50);
    expect((await cached({ q: 1 }, 0, answer('x'.repeat(100)))).freshMs).toBe(MAX_AGE_MS);
    expect(await kept(cached, [1], 0)).toEqual([]);
    await cached({ q: 2 }, 0, answer('x'));
    expect(await kept(cached, [2], 0)).toEqual([2]);
  });
});
