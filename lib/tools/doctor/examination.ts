import { NoAnswer } from '../client.ts';
import { type Check, type Finding, silent, skip } from './check.ts';
import { ADDRESS, CHECKS, LEFTOVERS } from './checks.ts';
import { type ContextOptions, DoctorContext } from './context.ts';
import type { DoctorOptions } from './doctor-options.ts';
import { notTaken } from './leftovers.ts';

/** What came of one check. */
export interface Row extends Omit<Finding, 'learned'> {
  name: string;
  description: string;
}

export interface ExaminationOptions extends ContextOptions {
  onRow?: (row: Row) => void;
}

/**
 * Checks a deployment end to end, and leaves nothing live behind.
 * @throws the reason of the signal
 */
export async function examine(
  options: DoctorOptions,
  { onRow = () => {}, ...given }: ExaminationOptions,
): Promise<Row[]> {
  let context = new DoctorContext(options, given);
  const rows: Row[] = [];
  const add = ({ name, description }: Pick<Check, 'name' | 'description'>, { learned = {}, ...finding }: Finding) => {
    context = context.with(learned);
    const row = { name, description, ...finding };
    rows.push(row);
    onRow(row);
  };

  add(ADDRESS, await ADDRESS.run(context));
  if (rows[0]?.state === 'fail') {
    const rest = { name: 'everything else', description: 'the other checks' };
    add(rest, skip('the API does not answer at this URL'));
    return rows;
  }
  try {
    for (const check of CHECKS) {
      given.signal.throwIfAborted();
      if (check.isRequested?.(options) ?? true) add(check, await findingOf(check, context));
    }
  } catch (error) {
    // Whoever interrupts does not want to wait.
    const left = await context.sessions.closeAll(context, 1);
    if (left.length > 0) add(LEFTOVERS, notTaken(left));
    throw given.signal.aborted ? given.signal.reason : error;
  }
  return rows;
}

async function findingOf({ needs = [], run }: Check, context: DoctorContext): Promise<Finding> {
  const [reason] = needs.flatMap((need) => context.known.missing[need] ?? []);
  if (reason !== undefined) return skip(reason);
  try {
    const finding = await run(context);
    return finding.state === 'skip' ? finding : { ms: context.sent.lastMs, ...finding };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { ms: context.sent.lastMs, ...silent(error) };
  }
}
