import { uniformBigInt } from 'pure-rand/distribution/uniformBigInt';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance that a seed repeats. */
export interface Random {
  /** A whole number, both ends included. */
  integer: (from: number, to: number) => number;
  /** true with this probability, 0 to 1. Draws once whatever the probability, so that others do not shift. */
  chance: (probability: number) => boolean;
  pick: <T>(from: readonly T[]) => T;
  /** An odd 64-bit integer above 2^53, as a string: a reader that takes it for a double loses its last digits. */
  id64: () => string;
}

/**
 * @param seed 32 bits count
 * @param stream several independent ones come from one seed: 0, 1, …
 */
export function createRandom(seed: number, stream = 0): Random {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < stream; i++) generator.jump();
  const integer = (from: number, to: number) => uniformInt(generator, from, to);
  return {
    integer,
    chance: (probability) => integer(0, 999_999) < probability * 1_000_000,
    pick: <T>(from: readonly T[]) => from[integer(0, from.length - 1)] as T,
    id64: () => String(uniformBigInt(generator, 2n ** 53n, 2n ** 64n - 1n) | 1n),
  };
}
