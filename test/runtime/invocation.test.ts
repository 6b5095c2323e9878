import { expect, it } from 'vitest';
import { Problem } from '../../lib/errors.ts';
import { runInvocation } from '../../lib/runtime/invocation.ts';

// What a handler of any trigger rests on: a schedule and a table stream have no request to answer.

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('gives the clock and a signal, and returns what the work returns, with what was noted', async () => {
  const before = Date.now();
  const { nowMs, value, fields, durationMs } = await runInvocation(1000, async (invocation) => {
    invocation.note({ result: 'applied' });
    const asked = await invocation.measured(async (onConflict) => {
      onConflict();
      await wait(20);
      return 'asked';
    });
    return { asked, nowMs: invocation.nowMs, aborted: invocation.signal.aborted };
  });
  expect(nowMs).toBeGreaterThanOrEqual(before);
  expect(value).toEqual({ asked: 'asked', nowMs, aborted: false });
  expect(fields).toMatchObject({ level: 'INFO', result: 'applied', conflicts: 1 });
  expect(fields.store_ms).toBeGreaterThanOrEqual(15);
  expect(durationMs).toBeGreaterThanOrEqual(fields.store_ms ?? Number.NaN);
});

it.each<[string, unknown, object]>([
  ['a refusal', new Problem('invalid-field', 'x is no number.'), { level: 'WARN', result: 'refused' }],
  ['a fault of the store', new Problem('store-unavailable', 'x'), { level: 'ERROR', reason: 'store-unavailable' }],
  ['a bug', new TypeError('x'), { level: 'ERROR', reason: 'internal-error', fault: 'TypeError' }],
  [
    'an Error whose message is none',
    Object.assign(new Error('x'), { message: Symbol('x') }),
    { level: 'ERROR', reason: 'internal-error', frames: [] },
  ],
])('never throws: %s is a value, and its fields say why', async (_, thrown, expected) => {
  const { value, fields } = await runInvocation(1000, () => Promise.reject(thrown));
  expect(value).toBeInstanceOf(Problem);
  expect(fields).toMatchObject(expected);
});

it('ends at its own deadline, and says how long the store has taken by then', async () => {
  let signal: AbortSignal | undefined;
  const { value, fields } = await runInvocation(50, (invocation) => {
    signal = invocation.signal;
    return invocation.measured(() => wait(10_000));
  });
  expect(value).toMatchObject({ code: 'store-unavailable', reason: 'store-timeout' });
  expect(signal?.aborted).toBe(true);
  expect(fields).toMatchObject({ result: 'failed', store_ms: expect.any(Number), conflicts: 0 });
});
