import { isParameter, type Parameter, readConfig } from '../config.ts';
import { Problem, type Reason } from '../errors.ts';
import { withDeadline } from './deadline.ts';

/** So long a value of Parameter Store is used without asking again. */
const KEPT_MS = 300_000;
/** What it refuses makes it be read again, but not oftener: a stranger can make us refuse as often as he likes. */
const AGAIN_MS = 60_000;
/** Whatever hangs: what is known already, or the store, must still have its time within the request's deadline. */
const READ_MS = 2000;

/** What a value that has been replaced meanwhile would refuse. */
const REFUSALS: readonly Reason[] = ['bad-signature', 'token-wrong'];

type SecretName = 'ZEGO_CALLBACK_SECRET' | 'LIST_TOKEN';
type Entries = readonly string[];

/** Makes an attempt with the entries that count now. @throws what `attempt` throws, or Problem `store-unavailable` */
export type WithSecrets<E> = <T>(nowMs: number, attempt: (entries: E | Entries) => T) => Promise<T>;

/**
 * The entries of a secret variable: those in the environment, or those of a parameter, read with the first request.
 *
 * A parameter is read again after five minutes, and as soon as an attempt is refused; so a rotation needs no
 * deployment. While it cannot be read, what was read last goes on to count; when it was deleted, nothing does.
 */
export function openSecrets<E extends Entries | 'public'>(name: SecretName, setting: E | Parameter): WithSecrets<E> {
  if (!isParameter(setting)) return async (_, attempt) => attempt(setting);
  const { parameter } = setting;
  let known: Entries | undefined;
  let readMs = 0;
  let triedMs = 0;

  /** Either way of a clock that was set back, too. */
  const isWithin = (ms: number, sinceMs: number, nowMs: number) => Math.abs(nowMs - sinceMs) < ms;

  async function read(nowMs: number): Promise<Entries> {
    triedMs = nowMs;
    let value: string | undefined;
    try {
      // Loaded only where a parameter is named.
      const { readParameter } = await import('./ssm.ts');
      value = await withDeadline(READ_MS, (signal) => readParameter(parameter, signal), timeout);
    } catch (error) {
      if ((error as Error).name === 'ParameterNotFound') known = undefined;
      if (known !== undefined) return known;
      const reason = 'secret-unavailable';
      throw new Problem('store-unavailable', 'The secret could not be read. Try again.', { reason, cause: error });
    }
    known = undefined;
    known = entriesOf(name, value);
    readMs = nowMs;
    return known;
  }

  return async (nowMs, attempt) => {
    const isFresh = isWithin(KEPT_MS, readMs, nowMs) || isWithin(AGAIN_MS, triedMs, nowMs);
    const entries = known !== undefined && isFresh ? known : await read(nowMs);
    try {
      return attempt(entries);
    } catch (error) {
      const refused = error instanceof Problem && REFUSALS.includes(error.reason);
      if (!refused || isWithin(AGAIN_MS, triedMs, nowMs)) throw error;
      return attempt(await read(nowMs));
    }
  };
}

function timeout(): Error {
  return Object.assign(new Error('Parameter Store did not answer in time.'), { name: 'TimeoutError' });
}

/** @throws Problem, when the parameter holds nothing that could be meant: an empty list would let nobody in */
function entriesOf(name: SecretName, value: string | undefined): Entries {
  try {
    const entries = readConfig([name], { [name]: value })[name];
    if (!isParameter(entries) && entries !== 'public' && entries.length > 0) return entries;
  } catch {
    // What it says may be in the log: never what it holds.
  }
  const told = 'The secret that was read is not of the form that is expected.';
  throw new Problem('store-unavailable', told, { reason: 'secret-malformed' });
}
