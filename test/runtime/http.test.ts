import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem, type ProblemCode, type Reason } from '../../lib/errors.ts';
import { json } from '../../lib/http/response.ts';
import { withDeadline } from '../../lib/runtime/deadline.ts';
import { httpHandler } from '../../lib/runtime/http.ts';
import type { Invocation } from '../../lib/runtime/invocation.ts';
import { get } from '../support/gateway-event.ts';
import { captureOutput, REASONS } from '../support/output.ts';

let output: ReturnType<typeof captureOutput>;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const REQUEST = get('/streams');
const run = (work: (invocation: Invocation) => unknown, message: 'callback' | 'list' = 'list') =>
  httpHandler(message, async (_, invocation) => (await work(invocation)) as ReturnType<typeof json>)(REQUEST);
const fail = (thrown: unknown) =>
  run(() => {
    throw thrown;
  });
const line = {
  message: 'list',
  timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
  service: 'zego-live-list',
  sampling_rate: 0,
  request_id: REQUEST.requestContext.requestId,
  duration_ms: expect.any(Number),
};
const measured = { _aws: { Timestamp: expect.any(Number), CloudWatchMetrics: [expect.anything()] } };
const failed = { ...measured, ListFailed: 1, level: 'ERROR', status: 503, result: 'failed' };
const timedOut = { ...failed, reason: 'store-timeout' };

describe('the log', () => {
  it('has no line for a list that was answered', async () => {
    expect(await run(() => json(200, { streams: [] }))).toEqual(json(200, { streams: [] }));
    expect(output.text()).toBe('');
  });

  it('has one line for a callback, with what was noted of it', async () => {
    await run(({ note }) => {
      note({ event: 'stream_create', secret: 2 });
      note({ result: 'applied' });
      return json(200, {});
    }, 'callback');
    expect(output.lines()).toEqual([
      {
        ...line,
        ...measured,
        CallbacksApplied: 1,
        message: 'callback',
        level: 'INFO',
        status: 200,
        result: 'applied',
        event: 'stream_create',
        secret: 2,
      },
    ]);
  });

  it.each<[ProblemCode, number, Reason | undefined]>([
    ['unreadable-body', 400, undefined],
    ['bad-signature', 401, undefined],
    ['timestamp-outside-window', 401, 'timestamp-too-old'],
    ['token-required', 401, 'token-wrong'],
    ['invalid-parameter', 400, undefined],
    ['stream-not-found', 404, undefined],
  ])(
    'has one line for a refusal: %s, with its reason, and the detail where that can only name a field',
    async (code, status, reason) => {
      const response = await fail(new Problem(code, 'limit is empty.', reason === undefined ? {} : { reason }));
      expect(response.statusCode).toBe(status);
      const refused = { level: 'WARN', status, result: 'refused', reason: reason ?? code };
      const detail = code === 'invalid-field' ? { detail: 'limit is empty.' } : {};
      expect(output.lines()).toEqual([{ ...line, ...refused, ...detail }]);
      expect(REASONS).toContain(refused.reason);
    },
  );

  it('has one line for a fault of the store, with what the store called it', async () => {
    const cause = Object.assign(new Error('MARK'), { name: 'TimeoutError' });
    await fail(new Problem('store-unavailable', 'Try again.', { reason: 'store-timeout', cause }));
    expect(output.lines()).toEqual([{ ...line, ...timedOut, fault: 'TimeoutError' }]);
  });

  it('keeps what was noted before the refusal', async () => {
    await run(({ note }) => {
      note({ event: 'stream_create', secret: 1 });
      throw new Problem('unknown-appid', 'appid is none of ours.');
    }, 'callback');
    expect(output.lines()).toMatchObject([{ result: 'refused', event: 'stream_create', secret: 1 }]);
  });
});

describe('an unexpected exception', () => {
  it.each<[string, unknown, string]>([
    ['an Error', new TypeError('MARK'), 'TypeError'],
    ['one with a code', Object.assign(new Error('MARK'), { code: 'ERR_X' }), 'ERR_X'],
    ['one with a code of more than a word', Object.assign(new TypeError('MARK'), { code: 'MARK, MARK' }), 'TypeError'],
    ['one with a code that is no text', Object.assign(new RangeError('MARK'), { code: 23 }), 'RangeError'],
    ['one whose name is a sentence', Object.assign(new Error('MARK'), { name: 'MARK MARK' }), 'Error'],
    ['one with a cause', new Error('MARK', { cause: new Error('MARK') }), 'Error'],
    ['one of several lines', new Error('first\nMARK\n\nMARK'), 'Error'],
    ['one whose message looks like a frame', new Error('first\n    at MARK (MARK.ts:1:1)'), 'Error'],
    ['a string', 'MARK', 'Error'],
    ['an object', { message: 'MARK', toString: () => 'MARK' }, 'Error'],
    ['null', null, 'Error'],
    ['undefined', undefined, 'Error'],
  ])('%s is a 500 that tells nothing, and its line has frames without the message', async (_, thrown, fault) => {
    const response = await fail(thrown);
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('MARK');
    expect(output.text()).not.toContain('MARK');
    expect(output.lines()).toEqual([
      {
        ...line,
        ...failed,
        status: 500,
        reason: 'internal-error',
        fault,
        frames: thrown instanceof Error ? expect.arrayContaining([expect.stringContaining('http.test.ts')]) : [],
      },
    ]);
  });
});

describe('the deadline', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  const never = () => new Promise<never>(() => {});

  it('answers work that never ends with a 503 within 5 s, and aborts it', async () => {
    let signal: AbortSignal | undefined;
    const answer = run((invocation) => {
      signal = invocation.signal;
      return never();
    });
    await vi.advanceTimersByTimeAsync(3000);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1900);
    expect(signal?.aborted).toBe(true);
    const response = await answer;
    expect(response).toMatchObject({ statusCode: 503, headers: { 'retry-after': expect.any(String) } });
    expect(JSON.parse(response.body ?? '')).toMatchObject({ type: 'urn:zego-live-list:problem:store-unavailable' });
    expect(output.lines()).toEqual([{ ...line, ...timedOut, fault: expect.any(String) }]);
  });

  it.each([
    ['fails', () => Promise.reject(new Error('late'))],
    ['succeeds', async () => json(200, {})],
  ])('stands when the work %s after it', async (_, late) => {
    const answer = run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10_000));
      return late();
    });
    await vi.advanceTimersByTimeAsync(20_000);
    expect((await answer).statusCode).toBe(503);
    expect(output.lines()).toHaveLength(1);
  });

  it('is the answer also when the abort makes the work fail', async () => {
    const answer = run(
      ({ signal }) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    await vi.advanceTimersByTimeAsync(5000);
    await answer;
    expect(output.lines()).toMatchObject([{ reason: 'store-timeout' }]);
  });

  it.each([
    ['succeeded', async () => 'done'],
    ['failed', () => Promise.reject(new Error('at once'))],
  ])('leaves no timer behind work that %s in time', async (_, work) => {
    await withDeadline(1000, work).catch(() => {});
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each([
    ['failed', true, () => Promise.reject(new Error('at once'))],
    ['succeeded', false, async () => 'done'],
  ])('work that %s: what it has left in flight is aborted: %s', async (_, aborted, work) => {
    let given: AbortSignal | undefined;
    await withDeadline(1000, (signal) => {
      given = signal;
      return work();
    }).catch(() => {});
    expect(given?.aborted).toBe(aborted);
  });

  it('passes on what the work returns or throws', async () => {
    await expect(withDeadline(1000, async () => 'done')).resolves.toBe('done');
    await expect(withDeadline(1000, () => Promise.reject(new Error('its own')))).rejects.toThrow('its own');
  });
});
