import type { Representation } from './response.ts';

/** Characters of keys and bodies: at most twice as many bytes, a small part of a function's memory. */
const MAX_CHARACTERS = 16_000_000;

export interface Cached {
  answer: Representation;
  /** How long it may be shown from `nowMs` on; 0: nobody may keep it. */
  freshMs: number;
  /** Whether it was kept. */
  hit: boolean;
}

/**
 * Keeps answers for as long as they may be old. An instance of a function answers one request at a time, so nothing
 * here waits for another one's load.
 * @param maxAgeMs 0: keeps nothing
 */
export function openCache(maxAgeMs: number, maxCharacters = MAX_CHARACTERS) {
  // All live equally long, so they stand in the order in which they end: what is dropped is always the first.
  const entries = new Map<string, { answer: Representation; loadedMs: number }>();
  let characters = 0;
  let latestMs = 0;

  function drop(key: string): void {
    characters -= size(key, entries.get(key)?.answer);
    entries.delete(key);
  }

  /**
   * @param query what is asked, normalised
   * @param nowMs our clock at the start of the request: what is loaded then is not older
   */
  return async (query: object, nowMs: number, load: () => Promise<Representation>): Promise<Cached> => {
    // When the clock is set back, nobody knows how old anything is.
    if (nowMs < latestMs) for (const key of entries.keys()) drop(key);
    latestMs = nowMs;
    const key = JSON.stringify(query);
    const known = entries.get(key);
    const ageMs = nowMs - (known?.loadedMs ?? 0);
    if (known !== undefined && ageMs < maxAgeMs) return { answer: known.answer, freshMs: maxAgeMs - ageMs, hit: true };

    const answer = await load();
    if (maxAgeMs > 0) {
      drop(key);
      entries.set(key, { answer, loadedMs: nowMs });
      characters += size(key, answer);
      for (const first of entries.keys()) {
        if (characters <= maxCharacters) break;
        drop(first);
      }
    }
    return { answer, freshMs: maxAgeMs, hit: false };
  };
}

function size(key: string, answer: Representation | undefined): number {
  return answer === undefined ? 0 : key.length + answer.body.length;
}
