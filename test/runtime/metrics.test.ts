import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openTally } from '../../lib/runtime/cache-stats.ts';
import { type Line, writeLog } from '../../lib/runtime/log.ts';
import { METRICS, type Measured, measuredBy, NAMESPACE } from '../../lib/runtime/metrics.ts';
import { captureOutput } from '../support/output.ts';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const line = (fields: Partial<Line>): Line => ({ level: 'INFO', message: 'callback', ...fields });

describe('what the line of a callback counts for', () => {
  it.each<[Partial<Line>, Measured]>([
    [
      { result: 'applied', event_lag_ms: 120, store_ms: 7, conflicts: 0 },
      { CallbacksApplied: 1, DeliveryLag: 120, StoreLatency: 7 },
    ],
    [
      { result: 'applied', event_lag_ms: -300, store_ms: 0, conflicts: 2 },
      { CallbacksApplied: 1, DeliveryLag: 0, StoreLatency: 0, Conflicts: 2 },
    ],
    [
      { result: 'unchanged', event_lag_ms: 62_000, store_ms: 5 },
      { CallbacksUnchanged: 1, StoreLatency: 5 },
    ],
    [{ result: 'ignored' }, { CallbacksIgnored: 1 }],
    [
      { result: 'refused', reason: 'bad-signature' },
      { CallbacksRefused: 1, BadSignatures: 1 },
    ],
    [
      { result: 'refused', reason: 'unknown-appid' },
      { CallbacksRefused: 1, UnknownAppids: 1 },
    ],
    [{ result: 'refused', reason: 'invalid-field', store_ms: 0, conflicts: 0 }, { CallbacksRefused: 1 }],
    [{ result: 'failed', reason: 'store-timeout', event_lag_ms: 5 }, { CallbacksFailed: 1 }],
  ])('%j: %j', (fields, expected) => {
    expect(measuredBy(line(fields))).toEqual(expected);
  });

  it('is nothing for the list, unless it failed, and nothing for the OpenAPI document', () => {
    expect(measuredBy(line({ message: 'list', result: 'refused', reason: 'token-wrong' }))).toEqual({});
    expect(measuredBy(line({ message: 'list', result: 'failed' }))).toEqual({ ListFailed: 1 });
    expect(measuredBy(line({ message: 'openapi', result: 'failed' }))).toEqual({});
  });
});

describe('a line in the embedded metric format', () => {
  it('has each metric beside its definition, and one dimension', () => {
    vi.useFakeTimers({ now: 1_700_000_000_000 });
    writeLog(line({ result: 'applied', store_ms: 7 }), { CallbacksApplied: 1, StoreLatency: 7 });
    vi.useRealTimers();
    expect(output.lines()).toEqual([
      {
        level: 'INFO',
        message: 'callback',
        timestamp: '2023-11-14T22:13:20.000Z',
        service: 'zego-live-list',
        sampling_rate: 0,
        result: 'applied',
        store_ms: 7,
        CallbacksApplied: 1,
        StoreLatency: 7,
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            {
              Namespace: NAMESPACE,
              Dimensions: [['service']],
              Metrics: [
                { Name: 'CallbacksApplied', Unit: 'Count' },
                { Name: 'StoreLatency', Unit: 'Milliseconds' },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('holds nothing of the line before', () => {
    writeLog(line({}), { CallbacksApplied: 1 });
    writeLog(line({}), { CallbacksIgnored: 1 });
    writeLog(line({}));
    const [, second, third] = output.lines();
    expect(second).not.toHaveProperty('CallbacksApplied');
    expect(JSON.stringify(second?._aws)).not.toContain('CallbacksApplied');
    expect(third).not.toHaveProperty('_aws');
  });

  it('can hold them all: there are thirteen', () => {
    const all = Object.fromEntries(Object.keys(METRICS).map((name) => [name, 1]));
    writeLog(line({}), all);
    expect(output.lines()).toEqual([expect.objectContaining(all)]);
    expect(Object.keys(METRICS)).toHaveLength(13);
  });
});

describe('variables of Powertools', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  const lines = async (name: string, value: string) => {
    vi.stubEnv(name, value);
    vi.resetModules();
    const { writeLog: write } = await import('../../lib/runtime/log.ts');
    write(line({ result: 'applied', status: 200 }), { CallbacksApplied: 1 });
    return output.lines();
  };

  it.each([
    ['LOG_LEVEL', 'ERROR'],
    ['POWERTOOLS_LOG_LEVEL', 'SILENT'],
    ['LOG_LEVEL', 'toString'],
    ['POWERTOOLS_LOGGER_SAMPLE_RATE', '1'],
  ])('%s=%s makes no line vanish, and none appear', async (name, value) => {
    expect(await lines(name, value)).toMatchObject([{ result: 'applied', CallbacksApplied: 1 }]);
  });

  it.each([
    ['POWERTOOLS_METRICS_DISABLED', 'x'],
    ['POWERTOOLS_LOGGER_LOG_EVENT', '1'],
  ])('%s=%s, which it throws at, leaves the line itself', async (name, value) => {
    expect(await lines(name, value)).toEqual([{ level: 'INFO', message: 'callback', result: 'applied', status: 200 }]);
  });
});

it('answers that were kept are counted, and told once a minute', () => {
  const tally = openTally();
  const startMs = 1_000_000;
  tally(false, startMs);
  for (let i = 1; i < 60; i++) tally(true, startMs + i * 1000);
  expect(output.text()).toBe('');
  tally(true, startMs + 60_000);
  tally(false, startMs + 61_000);
  const counted = { level: 'INFO', message: 'cache', CacheHits: 60, CacheMisses: 1 };
  expect(output.lines()).toEqual([expect.objectContaining(counted)]);
  tally(true, startMs + 120_000);
  expect(output.lines()).toHaveLength(2);
  expect(output.lines()[1]).toMatchObject({ CacheHits: 1, CacheMisses: 1 });
  // The clock is set back.
  tally(true, startMs);
  expect(output.lines()[2]).toMatchObject({ CacheHits: 1, CacheMisses: 0 });
});
