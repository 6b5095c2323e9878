import { writeLog } from './log.ts';

const EVERY_MS = 60_000;

/**
 * Counts how many answers were kept ones, and tells it once a minute at most: the list is answered thousands of times a
 * minute, and a line for each would cost as much as the answer.
 */
export function openTally(): (hit: boolean, nowMs: number) => void {
  let hits = 0;
  let misses = 0;
  let sinceMs: number | undefined;
  return (hit, nowMs) => {
    if (hit) hits++;
    else misses++;
    sinceMs ??= nowMs;
    // Either way: a clock may be set back.
    if (Math.abs(nowMs - sinceMs) < EVERY_MS) return;
    writeLog({ level: 'INFO', message: 'cache' }, { CacheHits: hits, CacheMisses: misses });
    [hits, misses, sinceMs] = [0, 0, nowMs];
  };
}
