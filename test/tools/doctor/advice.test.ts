import { describe, expect, it } from 'vitest';
import { silenceAdvice } from '../../../lib/tools/doctor/address.ts';
import { unexpected } from '../../../lib/tools/doctor/check.ts';
import type { DoctorContext } from '../../../lib/tools/doctor/context.ts';
import { rowLines, verdict } from '../../../lib/tools/doctor/rows.ts';
import { variantsOf } from '../../../lib/tools/doctor/secret-variants.ts';
import { latency } from '../../../lib/tools/doctor/signatures.ts';

it.each([
  ['ENOTFOUND', 'The name api.example.com is not known (DNS)'],
  ['EAI_AGAIN', '(DNS)'],
  ['ECONNREFUSED', 'Nothing listens'],
  ['TIMEOUT', 'its answer hangs'],
  ['CERT_HAS_EXPIRED', 'it has expired'],
  ['CERT_NOT_YET_VALID', 'it is valid only later'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'that of another host name than api.example.com'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'is self-signed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'lacks its chain'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'speaks no TLS'],
  ['ECONNRESET', 'The connection broke'],
])('names the mistake behind %s', (code, words) => {
  expect(silenceAdvice(code, 'api.example.com')).toContain(words);
});

describe('a secret', () => {
  const DEPLOYED = '0a1b2c3d4e5f60718293a4b5c6d7e8f9';
  const OTHER = 'ffeeddccbbaa99887766554433221100';

  it.each([
    [`${DEPLOYED} `, 'without the white space at its end'],
    [`${DEPLOYED}\n`, 'without the white space at its end'],
    [` ${DEPLOYED}`, 'without the white space at its beginning'],
    [`\t${DEPLOYED}\n`, 'without the white space around it'],
    [`${DEPLOYED.slice(0, 8)} ${DEPLOYED.slice(8)}`, 'without the white space in it'],
    [`"${DEPLOYED}"`, 'without the quotes around it'],
    [`'${DEPLOYED}'`, 'without the quotes around it'],
    [`" ${DEPLOYED} "`, 'without quotes and white space around it'],
    [`${OTHER},${DEPLOYED}`, 'as entry 2 of a list with commas'],
    [DEPLOYED.toUpperCase(), 'in lower case'],
  ])('given as %j is deployed %s', (secret, words) => {
    const variants = variantsOf({ secret, serverSecret: undefined, secretFrom: '--secret' });
    const found = variants.find((variant) => variant.secret === DEPLOYED);
    expect(found?.words).toBe(words);
    for (const { words, advice } of variants) expect(words + advice).not.toMatch(/[0-9a-f]{8}/i);
  });

  it.each([
    [`${DEPLOYED} `, 'with a blank at its end'],
    [`${DEPLOYED}\n`, 'with a line break at its end'],
    [`"${DEPLOYED}"`, 'with quotes around it'],
    [DEPLOYED.toUpperCase(), 'in upper case'],
    [OTHER, 'with the ServerSecret'],
  ])('deployed as %j is taken %s', (deployed, words) => {
    const variants = variantsOf({ secret: DEPLOYED, serverSecret: OTHER, secretFrom: '--secret' });
    expect(variants.find(({ secret }) => secret === deployed)?.words).toBe(words);
    expect(new Set(variants.map(({ secret }) => secret)).size).toBe(variants.length);
  });
});

it.each([
  [[], 'skip', 'no callback was sent'],
  [[10, 20, 9000], 'pass', 'half of 3 callbacks within 20 ms'],
  [[1200, 1300], 'warn', 'half of 2 callbacks within 1300 ms'],
  [[6000], 'fail', 'half of 1 callbacks within 6000 ms'],
] as const)('callbacks that take %j ms are %s', async (callbackMs, state, note) => {
  expect(await latency({ sent: { callbackMs: [...callbackMs] } as unknown as DoctorContext['sent'] })).toMatchObject({
    state,
    note,
  });
});

it.each([
  [429, /throttles/],
  [503, /logs -f callback/],
  [404, /Deploy again/],
])('an answer with %s has its own advice', (status, words) => {
  const reply = { status, headers: new Headers(), text: '', startMs: 0, ms: 1 };
  expect(unexpected(reply, '200').advice).toMatch(words);
});

it('prints a row, and what to do about it', () => {
  expect(rowLines({ name: 'ETag', description: '', state: 'pass', note: '304', ms: 11.6 })).toEqual([
    '✓ ETag                           12 ms  304',
  ]);
  expect(rowLines({ name: 'token', description: '', state: 'skip', note: 'why', advice: 'Do.' })).toEqual([
    '– token                                 why',
    '  → Do.',
  ]);
});

it('sums up', () => {
  const rows = (...states: ('pass' | 'fail' | 'warn' | 'skip')[]) =>
    states.map((state, i) => ({ name: `check${i}`, description: '', state, note: '' }));
  expect(verdict(rows('pass', 'pass'))).toBe('All 2 checks passed.');
  expect(verdict(rows('pass', 'warn', 'skip'))).toBe('All 2 checks passed, 1 remark. 1 was not made.');
  expect(verdict(rows('fail', 'warn', 'fail', 'skip', 'skip'))).toBe(
    '2 of 3 checks failed: check0, check2. 2 were not made.',
  );
});
