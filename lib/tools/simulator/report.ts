import { count } from '../terminal.ts';
import { describeAnswer, isAccepted } from '../zego/attempt.ts';
import type { Callback } from '../zego/callbacks.ts';
import type { Delivery } from '../zego/delivery.ts';
import type { Difference } from './comparison.ts';
import type { Outcome } from './simulation.ts';

/** Of what no loss explains, everything is told. */
const AT_MOST = 20;

export interface Report {
  /** For a person; the last line says it in one. */
  lines: string[];
  /** Nothing differs that no loss explains, and nothing else went wrong. */
  fine: boolean;
}

/** What came of a simulation. */
export function report({ deliveries, onAir, list, closed }: Outcome): Report {
  const compared = list instanceof Error ? undefined : list;
  const explained = compared?.differences.filter((difference) => difference.explained) ?? [];
  const unexplained = compared?.differences.filter((difference) => !difference.explained) ?? [];
  const refusals = refusalLines(deliveries);
  const faults = [
    ...(refusals.length === 0 ? [] : [`${count(refusals.length, 'callback was', 'callbacks were')} refused for good.`]),
    ...(deliveries.some(({ outcome }) => outcome === 'accepted') ? [] : ['No callback was accepted.']),
    ...(list instanceof Error ? [list.message] : []),
  ];
  const lines = [
    ...summaryLines(deliveries),
    `sessions    ${onAir} on air, ${compared?.listed.size ?? 'unknown how many'} listed`,
    ...atMost(refusals),
    ...atMost(explained.map(differenceLine)),
    ...unexplained.map(differenceLine),
    ...(closed === 0
      ? []
      : [`Told the end of the ${count(closed, 'stream that was', 'streams that were')} still listed.`]),
    ...(compared === undefined ? [] : [verdict(explained.length, unexplained.length)]),
    ...faults,
  ];
  return { lines, fine: unexplained.length === 0 && faults.length === 0 };
}

function summaryLines(deliveries: readonly Delivery[]): string[] {
  const answers = deliveries.flatMap((delivery) => delivery.answers);
  const accepted = answers.filter(isAccepted);
  const results = [...new Set(accepted.map(({ told }) => told))].sort();
  const counts = results.map((result) => `${accepted.filter(({ told }) => told === result).length} ${result}`);
  const durations = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const percentile = (share: number) => Math.round(durations[Math.floor(durations.length * share)] ?? 0);
  const sum = (count: (delivery: Delivery) => number) => deliveries.reduce((total, one) => total + count(one), 0);
  return [
    `callbacks   ${deliveries.length}, in ${answers.length} requests`,
    `accepted    ${accepted.length}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`,
    `refused     ${answers.length - accepted.length}`,
    `repeated    ${sum(({ repeats }) => (repeats > 0 ? 1 : 0))}`,
    `delayed     ${sum(({ delayed }) => (delayed ? 1 : 0))}`,
    `lost        ${sum(({ outcome }) => (outcome === 'lost' ? 1 : 0))}`,
    `latency     ${percentile(0.5)} ms p50, ${percentile(0.99)} ms p99`,
  ];
}

function refusalLines(deliveries: readonly Delivery[]): string[] {
  return deliveries.flatMap(({ outcome, callback, answers }) => {
    const last = answers.at(-1);
    if (outcome !== 'refused' || last === undefined) return [];
    return [`given up after ${answers.length} attempts, last answer ${describeAnswer(last)}: ${nameOf(callback)}`];
  });
}

function nameOf({ event, fields }: Callback): string {
  return `${event} of ${fields.stream_sid ?? fields.room_session_id} in ${fields.room_id}`;
}

function differenceLine({ kind, stream_id, stream_sid, room_id, explained, why }: Difference): string {
  return `${kind}: ${stream_id} (${stream_sid}) in ${room_id}${explained ? ', explained' : ''}: ${why}`;
}

function atMost(lines: readonly string[]): string[] {
  if (lines.length <= AT_MOST) return [...lines];
  return [...lines.slice(0, AT_MOST), `… and ${lines.length - AT_MOST} more of these`];
}

function verdict(explained: number, unexplained: number): string {
  const differences = (number: number) => count(number, 'difference', 'differences');
  if (unexplained > 0) return `${differences(unexplained)} that no loss explains.`;
  return explained > 0 ? `${differences(explained)}, all explained by lost callbacks.` : 'No difference.';
}
