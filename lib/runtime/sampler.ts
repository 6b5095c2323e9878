/** Lets a few lines of a kind through, and counts the others. */
export interface Sampler {
  /** Whether a line may be written now. */
  admits: (nowMs: number) => boolean;
  /** How many lines were not admitted since this was last asked. */
  skipped: () => number;
}

const MINUTE_MS = 60_000;

/** @param perMinute how many lines a minute are admitted; beyond them, one for as many that were skipped */
export function createSampler(perMinute: number): Sampler {
  let sinceMs = 0;
  let admitted = 0;
  let skipped = 0;
  return {
    admits: (nowMs) => {
      // Either way: a clock may be set back.
      if (Math.abs(nowMs - sinceMs) >= MINUTE_MS) [sinceMs, admitted] = [nowMs, 0];
      if (admitted < perMinute || skipped >= perMinute) {
        admitted++;
        return true;
      }
      skipped++;
      return false;
    },
    skipped: () => {
      const count = skipped;
      skipped = 0;
      return count;
    },
  };
}
