import { NoAnswer, type Reply, type Request, request, resultOf } from '../client.ts';

export interface Exchanged extends Reply {
  /** Whether it was sent before, and that response was lost. */
  again?: true;
}

/**
 * Asks, and once more when no answer comes, as ZEGO does: one may be lost anywhere, a second one is not lost by chance.
 * @throws NoAnswer, or the reason of the signal
 */
export async function exchange(url: string, ask: Request): Promise<Exchanged> {
  try {
    return await request(url, ask);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { ...(await request(url, ask)), again: true };
  }
}

/** Whether a callback was taken as news: when its first response was lost, it may be a repeat by now. */
export function isApplied(reply: Exchanged): boolean {
  return resultOf(reply) === 'applied' || (reply.again === true && resultOf(reply) === 'unchanged');
}
