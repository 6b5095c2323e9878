import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Problem } from '../../lib/errors.ts';
import { openSecrets } from '../../lib/runtime/secrets.ts';
import { type ParameterStore, startParameterStore } from '../support/parameter-store.ts';
import { startStopwatch } from '../support/stopwatch.ts';

const NAME = '/zego/secret';
const START_MS = Date.parse('2026-01-01T00:00:00Z');
const MINUTE_MS = 60_000;

let store: ParameterStore;
beforeAll(async () => {
  store = await startParameterStore();
  for (const [name, value] of Object.entries(store.environment)) vi.stubEnv(name, value);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await store.close();
});
beforeEach(() => {
  store.parameters = { [NAME]: 'one' };
  store.requests = [];
  store.state = 'answers';
});

const opened = () => openSecrets<readonly string[]>('ZEGO_CALLBACK_SECRET', { parameter: NAME });
const entries = (given: readonly string[]) => given;
const badSignature = new Problem('bad-signature', '');

/** Accepts what was signed with `secret`, as verify does. */
const signedWith = (secret: string) => (given: readonly string[]) => {
  if (!given.includes(secret)) throw badSignature;
  return secret;
};

describe('entries in the environment', () => {
  it('are handed on, without asking anybody', async () => {
    expect(await openSecrets('ZEGO_CALLBACK_SECRET', ['a', 'b'])(START_MS, entries)).toEqual(['a', 'b']);
    expect(await openSecrets<readonly string[] | 'public'>('LIST_TOKEN', 'public')(START_MS, String)).toBe('public');
    expect(store.requests).toEqual([]);
  });

  it('are not looked for elsewhere when one is refused', async () => {
    await expect(openSecrets('ZEGO_CALLBACK_SECRET', ['a'])(START_MS, signedWith('b'))).rejects.toBe(badSignature);
    expect(store.requests).toEqual([]);
  });
});

describe('a parameter', () => {
  it('is read with the first request, decrypted, and kept for 5 minutes', async () => {
    store.parameters[NAME] = ' one, two ,';
    const secrets = opened();
    expect(store.requests).toEqual([]);
    expect(await secrets(START_MS, entries)).toEqual(['one', 'two']);
    expect(store.requests).toEqual([{ operation: 'GetParameter', input: { Name: NAME, WithDecryption: true } }]);

    store.parameters[NAME] = 'three';
    expect(await secrets(START_MS + 5 * MINUTE_MS - 1, entries)).toEqual(['one', 'two']);
    expect(store.requests).toHaveLength(1);
    expect(await secrets(START_MS + 5 * MINUTE_MS, entries)).toEqual(['three']);
    expect(store.requests).toHaveLength(2);
  });

  it('is read again when what it held is refused, but once a minute at most', async () => {
    const secrets = opened();
    await secrets(START_MS, entries);
    store.parameters[NAME] = 'two, one';

    await expect(secrets(START_MS + MINUTE_MS - 1, signedWith('two'))).rejects.toBe(badSignature);
    expect(await secrets(START_MS + MINUTE_MS, signedWith('two'))).toBe('two');
    expect(store.requests).toHaveLength(2);

    for (let i = 0; i < 5; i++) {
      await expect(secrets(START_MS + MINUTE_MS + i * 10_000, signedWith('forged'))).rejects.toBe(badSignature);
    }
    expect(store.requests).toHaveLength(2);
    await expect(secrets(START_MS + 2 * MINUTE_MS, signedWith('forged'))).rejects.toBe(badSignature);
    expect(store.requests).toHaveLength(3);
  });

  it('is read again for a token that is wrong, not for one that is missing, nor for any other fault', async () => {
    const tokens = openSecrets<readonly string[]>('LIST_TOKEN', { parameter: NAME });
    await tokens(START_MS, entries);
    const fails = (problem: unknown) => tokens(START_MS + MINUTE_MS, () => Promise.reject(problem));
    const throws = (problem: unknown) =>
      expect(
        tokens(START_MS + MINUTE_MS, () => {
          throw problem;
        }),
      ).rejects.toBe(problem);
    await throws(new Problem('token-required', '', { reason: 'token-missing' }));
    await throws(new Problem('timestamp-outside-window', ''));
    await throws(new TypeError());
    await expect(fails(badSignature)).rejects.toBe(badSignature);
    expect(store.requests).toHaveLength(1);
    await throws(new Problem('token-required', '', { reason: 'token-wrong' }));
    expect(store.requests).toHaveLength(2);
  });

  it('is read again when the clock was set back', async () => {
    const secrets = opened();
    await secrets(START_MS, entries);
    store.parameters[NAME] = 'two';
    expect(await secrets(START_MS - 10 * MINUTE_MS, entries)).toEqual(['two']);
  });

  it.each(['fails', 'denies', 'hangs', 'trickles', 'postpones'] as const)(
    'goes on to count when Parameter Store %s, which is asked once a minute',
    async (state) => {
      const secrets = opened();
      await secrets(START_MS, entries);
      store.state = state;
      store.requests = [];
      const laterMs = START_MS + 6 * MINUTE_MS;
      expect(await secrets(laterMs, signedWith('one'))).toBe('one');
      const asked = store.requests.length;
      expect(asked).toBeGreaterThan(0);
      expect(await secrets(laterMs + MINUTE_MS - 1, signedWith('one'))).toBe('one');
      expect(store.requests).toHaveLength(asked);

      store.state = 'answers';
      store.parameters[NAME] = 'two';
      expect(await secrets(laterMs + MINUTE_MS, entries)).toEqual(['two']);
    },
  );

  it.each([
    ['fails', 'InternalServerError'],
    ['denies', 'AccessDeniedException'],
    ['hangs', 'TimeoutError'],
    ['trickles', 'TimeoutError'],
    ['postpones', 'TimeoutError'],
  ] as const)('that nobody has read yet, while Parameter Store %s, is a 503 that says so', async (state, name) => {
    store.state = state;
    const secrets = opened();
    const refused = secrets(START_MS, entries);
    await expect(refused).rejects.toMatchObject({
      code: 'store-unavailable',
      reason: 'secret-unavailable',
      cause: expect.objectContaining({ name }),
    });
    store.state = 'answers';
    expect(await secrets(START_MS + 1, entries)).toEqual(['one']);
  });

  it.each(['hangs', 'trickles', 'postpones'] as const)(
    'that is not read in time leaves no request behind, while Parameter Store %s',
    async (state) => {
      store.state = state;
      const waitedMs = startStopwatch();
      await expect(opened()(START_MS, entries)).rejects.toMatchObject({ reason: 'secret-unavailable' });
      expect(waitedMs()).toBeLessThan(2500);
      await vi.waitFor(() => expect(store.waiting()).toBe(0), { timeout: 10_000 });
      const asked = store.requests.length;
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(store.requests).toHaveLength(asked);
    },
  );

  it('that was deleted counts no more', async () => {
    const secrets = opened();
    await secrets(START_MS, entries);
    store.parameters = {};
    const laterMs = START_MS + 5 * MINUTE_MS;
    await expect(secrets(laterMs, entries)).rejects.toMatchObject({ reason: 'secret-unavailable' });
    store.parameters = { [NAME]: 'two' };
    expect(await secrets(laterMs + 1, entries)).toEqual(['two']);
  });

  it('that does not exist is a 503 as well', async () => {
    store.parameters = {};
    await expect(opened()(START_MS, entries)).rejects.toMatchObject({
      reason: 'secret-unavailable',
      cause: expect.objectContaining({ name: 'ParameterNotFound' }),
    });
  });

  it.each([
    ['ZEGO_CALLBACK_SECRET', ' , '],
    ['ZEGO_CALLBACK_SECRET', 'MARK with space'],
    ['ZEGO_CALLBACK_SECRET', 'ssm:/MARK'],
    ['LIST_TOKEN', 'public'],
    ['LIST_TOKEN', 'MARK,public'],
    ['LIST_TOKEN', 'ssm:/MARK'],
    ['LIST_TOKEN', ' '],
  ] as const)('of %s that holds %j opens nothing, and is not repeated', async (name, value) => {
    store.parameters[NAME] = value;
    const error = await openSecrets<readonly string[]>(name, { parameter: NAME })(START_MS, entries).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({ code: 'store-unavailable', reason: 'secret-malformed' });
    expect(String((error as Error).stack) + JSON.stringify(error)).not.toContain('MARK');
    expect((error as Error).cause).toBeUndefined();
  });

  it('that became malformed opens nothing either, until it is mended', async () => {
    const secrets = opened();
    await secrets(START_MS, entries);
    store.parameters[NAME] = ',';
    const laterMs = START_MS + 5 * MINUTE_MS;
    await expect(secrets(laterMs, signedWith('one'))).rejects.toMatchObject({ reason: 'secret-malformed' });
    store.parameters[NAME] = 'two';
    expect(await secrets(laterMs + 1, entries)).toEqual(['two']);
  });
});
