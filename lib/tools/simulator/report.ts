import { describeAnswer, isAccepted } from './attempt.ts';
import type { Callback } from './callbacks.ts';
import type { Difference } from './comparison.ts';
import type { Delivery } from './delivery.ts';
import type { Outcome } from './simulation.ts';

/** Of what no loss explains, everything is told. */
const AT_MOST = 20;

/** What came of a simulation, for a person; the last line says it in one. */
export function reportLines({ deliveries, onAir, listed, differences, closed }: Outcome): string[] {
  const explained = differences.filter((difference) => difference.explained);
  const unexplained = differences.filter((difference) => !difference.explained);
  return [
    ...summaryLines(deliveries),
    `sessions    ${onAir} on air, ${listed} listed`,
    ...atMost(refusalLines(deliveries)),
    ...atMost(explained.map(differenceLine)),
    ...unexplained.map(differenceLine),
    ...(closed === 0
      ? []
      : [`Closed the ${closed === 1 ? 'stream that was' : `${closed} streams that were`} still on air.`]),
    verdict(explained.length, unexplained.length),
  ];
}

/** Whether nothing differs that no loss explains, and the target refused nothing for good. */
export function isFine({ deliveries, differences }: Outcome): boolean {
  return differences.every(({ explained }) => explained) && deliveries.every(({ outcome }) => outcome !== 'refused');
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
  const count = (number: number) => `${number} ${number === 1 ? 'difference' : 'differences'}`;
  if (unexplained > 0) return `${count(unexplained)} that no loss explains.`;
  return explained > 0 ? `${count(explained)}, all explained by lost callbacks.` : 'No difference.';
}
