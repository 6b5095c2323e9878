import { count } from '../terminal.ts';
import type { Callback } from '../zego/callbacks.ts';
import { type Delivery, describeAnswer, isAccepted } from '../zego/delivery.ts';
import type { Difference } from './comparison.ts';
import type { Outcome } from './simulation.ts';

/** What came of a simulation; `--json` prints it. */
export interface Summary {
  /** Nothing differs that no loss explains, and nothing else went wrong. */
  ok: boolean;
  callbacks: { count: number; requests: number; accepted: number; refused: number } & Record<
    'repeated' | 'delayed' | 'lost',
    number
  >;
  /** How many of the accepted requests had each result. */
  results: Record<string, number>;
  latency_ms: { p50: number; p99: number };
  /** `listed` is null when the list could not be read. */
  sessions: { on_air: number; listed: number | null };
  /** Callbacks that were refused each time. */
  refused_for_good: { callback: string; attempts: number; last_answer: string }[];
  differences: readonly Difference[];
  /** Streams that were still listed, whose end was sent. */
  closed: number;
  /** What else went wrong, in sentences. */
  faults: string[];
}

export function summarize({ deliveries, onAir, list, closed }: Outcome): Summary {
  const answers = deliveries.flatMap((delivery) => delivery.answers);
  const accepted = answers.filter(isAccepted);
  const results: Record<string, number> = {};
  for (const told of accepted.map((answer) => answer.told).sort()) results[told] = (results[told] ?? 0) + 1;
  const durations = answers.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const percentile = (share: number) => Math.round(durations[Math.floor(durations.length * share)] ?? 0);
  const of = (isCounted: (delivery: Delivery) => boolean) => deliveries.filter(isCounted).length;
  const refused_for_good = refusals(deliveries);
  const differences = list instanceof Error ? [] : list.differences;
  const faults = [
    ...(refused_for_good.length === 0
      ? []
      : [`${count(refused_for_good.length, 'callback was', 'callbacks were')} refused for good.`]),
    ...(of(({ outcome }) => outcome === 'accepted') > 0 ? [] : ['No callback was accepted.']),
    ...(list instanceof Error ? [list.message] : []),
  ];
  return {
    ok: faults.length === 0 && differences.every(({ explained }) => explained),
    callbacks: {
      count: deliveries.length,
      requests: answers.length,
      accepted: accepted.length,
      refused: answers.length - accepted.length,
      repeated: of(({ repeats }) => repeats > 0),
      delayed: of(({ delayed }) => delayed),
      lost: of(({ outcome }) => outcome === 'lost'),
    },
    results,
    latency_ms: { p50: percentile(0.5), p99: percentile(0.99) },
    sessions: { on_air: onAir, listed: list instanceof Error ? null : list.listed.size },
    refused_for_good,
    differences,
    closed,
    faults,
  };
}

function refusals(deliveries: readonly Delivery[]): Summary['refused_for_good'] {
  return deliveries.flatMap(({ outcome, callback, answers }) => {
    const last = answers.at(-1);
    if (outcome !== 'refused' || last === undefined) return [];
    return [{ callback: nameOf(callback), attempts: answers.length, last_answer: describeAnswer(last) }];
  });
}

function nameOf({ event, fields }: Callback): string {
  return `${event} of ${fields.stream_sid ?? fields.room_session_id} in ${fields.room_id}`;
}

/** Of what no loss explains, everything is told. */
const AT_MOST = 20;

/** For a person; the last line says it in one. */
export function reportLines(summary: Summary): string[] {
  const { callbacks, latency_ms, sessions, refused_for_good, differences, closed, faults } = summary;
  const explained = differences.filter((difference) => difference.explained);
  const unexplained = differences.filter((difference) => !difference.explained);
  const results = Object.entries(summary.results).map(([result, number]) => `${number} ${result}`);
  return [
    `callbacks   ${callbacks.count}, in ${callbacks.requests} requests`,
    `accepted    ${callbacks.accepted}${results.length === 0 ? '' : `: ${results.join(', ')}`}`,
    `refused     ${callbacks.refused}`,
    `repeated    ${callbacks.repeated}`,
    `delayed     ${callbacks.delayed}`,
    `lost        ${callbacks.lost}`,
    `latency     ${latency_ms.p50} ms p50, ${latency_ms.p99} ms p99`,
    `sessions    ${sessions.on_air} on air, ${sessions.listed ?? 'unknown how many'} listed`,
    ...atMost(
      refused_for_good.map(
        ({ callback, attempts, last_answer }) =>
          `given up after ${attempts} attempts, last answer ${last_answer}: ${callback}`,
      ),
    ),
    ...atMost(explained.map(differenceLine)),
    ...unexplained.map(differenceLine),
    ...(closed === 0
      ? []
      : [`Told the end of the ${count(closed, 'stream that was', 'streams that were')} still listed.`]),
    ...(sessions.listed === null ? [] : [verdict(explained.length, unexplained.length)]),
    ...faults,
  ];
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
