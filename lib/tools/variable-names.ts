import { distance } from 'fastest-levenshtein';
import { NOT_BUILT, VARIABLES } from '../config.ts';

/** Every variable, also those that have no effect yet. */
export const NAMES: readonly string[] = [...Object.keys(VARIABLES), ...NOT_BUILT];

/** Set by serverless.yml: nobody misspells them. */
const INTERNAL = ['SESSIONS_TABLE', 'ROOMS_TABLE', 'POWERTOOLS_SERVICE_NAME'];

/** Below this, too many other words are within two letters. */
const MIN_LENGTH = 6;

/** The variable that is meant by a name: itself, or the nearest one within two letters. */
export function nearestName(name: string): string | undefined {
  if (NAMES.includes(name)) return name;
  const written = name
    .toUpperCase()
    .replace(/\p{Cf}/gu, '')
    .replace(/[-.]/g, '_');
  if (written.length < MIN_LENGTH) return undefined;
  const candidates = NAMES.filter((known) => known.length >= MIN_LENGTH && !INTERNAL.includes(known));
  const [nearest = ''] = candidates.toSorted((a, b) => distance(written, a) - distance(written, b));
  // Two letters from LIST_TOKEN are TEST_TOKEN and many others: people rarely misspell the first letter.
  return distance(written, nearest) <= (written[0] === nearest[0] ? 2 : 1) ? nearest : undefined;
}
