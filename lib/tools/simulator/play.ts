import type { Callback } from '../zego/callbacks.ts';
import type { Random } from '../zego/random.ts';
import type { World } from '../zego/world.ts';

export interface PlayOptions {
  /** Unix time. */
  startMs: number;
  seconds: number;
  /** How many sessions begin in all. */
  streams: number;
  random: Random;
}

/** A play from its beginning to the last leftover that times out: half of what happens are sessions that begin. */
export function* play(world: World, { startMs, seconds, streams, random }: PlayOptions): Generator<Callback> {
  const steps = 2 * streams;
  for (let step = 0; step < steps; step++) {
    const atMs = startMs + Math.floor(((step + random.integer(0, 999) / 1000) / steps) * seconds * 1000);
    yield* world.advance(atMs);
    yield* 2 * world.begun <= step ? world.begin(atMs) : world.change(atMs);
  }
  while (world.nextMs !== undefined) yield* world.advance(world.nextMs);
}
