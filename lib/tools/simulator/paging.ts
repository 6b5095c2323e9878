import type { Listed, Paging } from '../live-list.ts';
import { type Difference, difference } from './comparison.ts';

type Order = Paging['order'];

/** The list, read in both orders. */
export type Readings = Readonly<Record<Order, readonly Listed[]>>;

/** Where one reading of the list is not the other turned round, or out of order. No loss explains any of it. */
export function comparePaging({ newest, oldest }: Readings): Difference[] {
  return [...pagingOf('newest', newest, oldest), ...pagingOf('oldest', oldest, newest)];
}

function pagingOf(order: Order, listed: readonly Listed[], other: readonly Listed[]): Difference[] {
  const others = new Set(other.map(({ stream_sid }) => stream_sid));
  const passed = new Set<string>();
  return listed.flatMap((one, i) => {
    const before = listed[i - 1];
    const why = `when the list is read ${order} first`;
    const twice = passed.has(one.stream_sid);
    passed.add(one.stream_sid);
    if (twice) return [difference('listed twice', one, { why })];
    if (!others.has(one.stream_sid)) return [difference('in one order only', one, { why })];
    if (before === undefined || isBefore(before, one) === (order === 'oldest')) return [];
    return [difference('out of order', one, { why: `after ${before.stream_sid} ${why}` })];
  });
}

/** Ties in time are ordered by the ids, bytewise; ours are ASCII. */
function isBefore(a: Listed, b: Listed): boolean {
  const byTime = Number(a.create_time_ms) - Number(b.create_time_ms);
  if (byTime !== 0) return byTime < 0;
  return a.stream_id === b.stream_id ? a.stream_sid < b.stream_sid : a.stream_id < b.stream_id;
}
