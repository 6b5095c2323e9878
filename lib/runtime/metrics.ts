import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { readConfig } from '../config.ts';
import type { Reason } from '../errors.ts';

/**
 * Every metric and its unit. Each has one dimension, `service`, and so is one metric of CloudWatch's, and billed as
 * one. `docs/operating.md` says what each counts.
 */
export const METRICS = {
  CallbacksApplied: MetricUnit.Count,
  CallbacksUnchanged: MetricUnit.Count,
  CallbacksIgnored: MetricUnit.Count,
  CallbacksRefused: MetricUnit.Count,
  CallbacksFailed: MetricUnit.Count,
  BadSignatures: MetricUnit.Count,
  UnknownAppids: MetricUnit.Count,
  DeliveryLag: MetricUnit.Milliseconds,
  StoreLatency: MetricUnit.Milliseconds,
  Conflicts: MetricUnit.Count,
  ListFailed: MetricUnit.Count,
  CacheHits: MetricUnit.Count,
  CacheMisses: MetricUnit.Count,
} as const;

/** Where CloudWatch lists them. */
export const NAMESPACE = 'ZegoLiveList';

export type Measured = Partial<Record<keyof typeof METRICS, number>>;

const RESULTS = {
  applied: 'CallbacksApplied',
  unchanged: 'CallbacksUnchanged',
  ignored: 'CallbacksIgnored',
  refused: 'CallbacksRefused',
  failed: 'CallbacksFailed',
} as const;

/** The fields of a log line that metrics are made of. */
interface Outcome {
  message: string;
  result?: keyof typeof RESULTS | 'ok';
  reason?: Reason;
  event_lag_ms?: number;
  store_ms?: number;
  conflicts?: number;
}

/**
 * What the line of a request counts for.
 * @param skippedBadSignatures callbacks with a bad signature that got no line of their own
 */
export function measuredBy(outcome: Outcome, skippedBadSignatures = 0): Measured {
  const { message, result = 'ok', reason, event_lag_ms, store_ms, conflicts = 0 } = outcome;
  if (message === 'list') return result === 'failed' ? { ListFailed: 1 } : {};
  if (message !== 'callback' || result === 'ok') return {};
  const refused = skippedBadSignatures + (result === 'refused' ? 1 : 0);
  const badSignatures = skippedBadSignatures + (reason === 'bad-signature' ? 1 : 0);
  return {
    [RESULTS[result]]: 1,
    ...(refused > 0 ? { CallbacksRefused: refused } : {}),
    ...(badSignatures > 0 ? { BadSignatures: badSignatures } : {}),
    ...(reason === 'unknown-appid' ? { UnknownAppids: 1 } : {}),
    // Repeats would count twice. Percentiles take no negative value, which is a clock's fault.
    ...(result === 'applied' && event_lag_ms !== undefined ? { DeliveryLag: Math.max(0, event_lag_ms) } : {}),
    // What is refused has not asked the store.
    ...(store_ms === undefined || result === 'refused' ? {} : { StoreLatency: store_ms }),
    ...(conflicts > 0 ? { Conflicts: conflicts } : {}),
  };
}

let metrics: Metrics | undefined;

/**
 * What a log line needs besides its fields for CloudWatch to make metrics of it: the embedded metric format.
 * @returns nothing where nothing was measured; without `service`, which the line has already
 */
export function embedded(measured: Measured): object {
  const values = Object.entries(measured) as [keyof typeof METRICS, number][];
  if (values.length === 0) return {};
  metrics ??= openMetrics();
  try {
    for (const [name, value] of values) metrics.addMetric(name, METRICS[name], value);
    const { service, ...fields } = metrics.serializeMetrics();
    return fields;
  } finally {
    metrics.clearMetrics();
  }
}

function openMetrics(): Metrics {
  const { POWERTOOLS_SERVICE_NAME: serviceName } = readConfig(['POWERTOOLS_SERVICE_NAME']);
  return new Metrics({ namespace: NAMESPACE, serviceName });
}
