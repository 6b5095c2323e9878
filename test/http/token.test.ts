import * as crypto from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { requireToken } from '../../lib/http/token.ts';

// Calls through: what is compared, and how often, is part of the rule.
vi.mock('node:crypto', { spy: true });
const compared = vi.mocked(crypto.timingSafeEqual);
beforeEach(() => {
  compared.mockClear();
});

const TOKENS = ['first-token', 'a-much-longer-second-token'];
const refused = (reason: 'token-missing' | 'token-wrong') =>
  expect.objectContaining({ name: 'Problem', code: 'token-required', status: 401, reason });

it.each([
  'Bearer first-token',
  'Bearer a-much-longer-second-token',
  'bearer first-token',
  'BEARER first-token',
  'bEaReR first-token',
  'Bearer   first-token',
  'Bearer first-token  ',
])('%j passes: one of the tokens, the scheme in any case', (authorization) => {
  expect(() => requireToken(authorization, TOKENS)).not.toThrow();
});

it.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'first-token',
  'Basic first-token',
  'Token first-token',
  'Bearerfirst-token',
  'Bearer: first-token',
  'XBearer first-token',
  'Basic x, Bearer first-token',
  'Bearer first-token,Bearer first-token',
  'Bearer first-token a-much-longer-second-token',
])('%j shows no token', (authorization) => {
  expect(() => requireToken(authorization, TOKENS)).toThrow(refused('token-missing'));
});

it.each([
  'Bearer wrong',
  'Bearer First-Token',
  'Bearer first-toke',
  'Bearer first-tokens',
  'Bearer first-token,a-much-longer-second-token',
  'Bearer "first-token"',
  'Bearer public',
  'Bearer ünïcödé',
  `Bearer ${'x'.repeat(64)}`,
])('%j is a wrong token', (authorization) => {
  expect(() => requireToken(authorization, TOKENS)).toThrow(refused('token-wrong'));
});

it('no refusal repeats the token', () => {
  for (const authorization of ['Bearer MARK', 'MARK']) {
    expect(() => requireToken(authorization, TOKENS)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('MARK') }),
    );
  }
});

describe('public', () => {
  it.each([undefined, '', 'Bearer whatever', 'Basic x'])('lets everybody pass (%j)', (authorization) => {
    expect(() => requireToken(authorization, 'public')).not.toThrow();
  });

  it('is a word and no token: as one of several it would be compared like any other', () => {
    expect(() => requireToken(undefined, ['public'])).toThrow(refused('token-missing'));
  });
});

it('no token at all opens the list to nobody', () => {
  expect(() => requireToken(undefined, [])).toThrow(refused('token-missing'));
  expect(() => requireToken('Bearer x', [])).toThrow(refused('token-wrong'));
});

it.each(['Bearer first-token', 'Bearer a-much-longer-second-token', 'Bearer wrong'])(
  '%j: every token is compared in constant time, by digests of one length',
  (authorization) => {
    try {
      requireToken(authorization, TOKENS);
    } catch {}
    expect(compared).toHaveBeenCalledTimes(TOKENS.length);
    for (const [a, b] of compared.mock.calls) expect([a.byteLength, b.byteLength]).toEqual([32, 32]);
  },
);
