import { setMaxListeners } from 'node:events';
import { Problem } from '../errors.ts';

/**
 * Runs work that must have answered within `ms`, whatever hangs: an engine that accepts a connection and keeps silent
 * would otherwise hold the request until Lambda kills it, and ZEGO would learn nothing.
 * @param work gets a signal that aborts at the deadline
 * @param late what is thrown at the deadline
 * @throws what `late` says at the deadline, else what `work` throws
 */
export async function withDeadline<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  late: () => Error = storeTimeout,
): Promise<T> {
  const controller = new AbortController();
  // A list that reads 64 shards has 64 listeners: no leak, and no warning of one.
  setMaxListeners(0, controller.signal);
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // Rejects before it aborts: what the abort makes of the work in flight is not the answer.
      reject(late());
      controller.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), expired]);
  } catch (error) {
    // What failed may have more in flight, which must not go on beside the next request.
    controller.abort();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function storeTimeout(): Problem {
  return new Problem('store-unavailable', 'The store did not answer in time.', { reason: 'store-timeout' });
}
