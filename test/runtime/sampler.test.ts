import { expect, it } from 'vitest';
import { createSampler } from '../../lib/runtime/sampler.ts';

const MINUTE_MS = 60_000;
const START_MS = 1_700_000_000_000;

it('admits so many a minute, and counts the others until it is asked', () => {
  const sampler = createSampler(2);
  const admitted = () => [0, 1, 2, 3].map((ms) => sampler.admits(START_MS + ms));
  expect(admitted()).toEqual([true, true, false, false]);
  // Those that were skipped are due.
  expect(sampler.admits(START_MS + 4)).toBe(true);
  expect([sampler.skipped(), sampler.skipped()]).toEqual([2, 0]);
  expect(sampler.admits(START_MS + MINUTE_MS - 1)).toBe(false);
  expect(sampler.admits(START_MS + MINUTE_MS)).toBe(true);
  expect(sampler.skipped()).toBe(1);
});

it('goes on when the clock was set back', () => {
  const sampler = createSampler(1);
  expect([sampler.admits(START_MS), sampler.admits(START_MS + 1)]).toEqual([true, false]);
  expect(sampler.admits(START_MS - MINUTE_MS)).toBe(true);
});
