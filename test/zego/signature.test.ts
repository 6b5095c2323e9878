import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { decodeBody, type ZegoRecord } from '../../lib/zego/body.ts';
import { readEnvelope, sign, type VerifyOptions, verify } from '../../lib/zego/signature.ts';

const SECRET = '3f1b2c3d4e5f60718293a4b5c6d7e8f9';
const NOW_SECONDS = 1_687_981_272;
const NOW_MS = NOW_SECONDS * 1000;

/** A callback's envelope as ZEGO signs it, then with some fields changed. */
function callback(changes: ZegoRecord = {}, signed: { secret?: string; timestamp?: string; nonce?: string } = {}) {
  const { secret = SECRET, timestamp = String(NOW_SECONDS), nonce = '7254119327986670314' } = signed;
  return { event: 'stream_create', timestamp, nonce, signature: sign({ secret, timestamp, nonce }), ...changes };
}

function pascal(record: ZegoRecord): ZegoRecord {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name.charAt(0).toUpperCase() + name.slice(1), value]),
  );
}

function check(record: ZegoRecord, options: Partial<VerifyOptions> = {}) {
  return verify(readEnvelope(record), { secrets: [SECRET], windowSeconds: 600, nowMs: NOW_MS, ...options });
}

const invalid = (field: string) =>
  expect.objectContaining({
    name: 'Problem',
    code: 'invalid-field',
    status: 400,
    message: expect.stringMatching(new RegExp(`\\b${field}\\b`, 'i')),
  });
const badSignature = expect.objectContaining({ name: 'Problem', code: 'bad-signature', status: 401 });
const outsideWindow = (reason: string) =>
  expect.objectContaining({ name: 'Problem', code: 'timestamp-outside-window', status: 401, reason });

const VECTORS = [
  ['secret', '1470820198', '123412', '5bd59fd62953a8059fb7eaba95720f66d19e4517'],
  ['secret', '1470820198', '9', '7fcc89f1cc4457f1871f8359c7d8121cf94e872e'],
  ['0a1b2c3d4e5f60718293a4b5c6d7e8f9', '1687981272', '7254119327986670314', 'ab011eb82bb5272cb4ed6317f6a307e8ba06e9ba'],
  ['3f1b2c3d4e5f60718293a4b5c6d7e8f9', '1687981272', '7254119327986670314', '7d11f10ba4271c0972ad387b3b9ff78f1780da33'],
] as const;

describe.each(VECTORS)('vector %s %s %s', (secret, timestamp, nonce, signature) => {
  it('is what sign gives', () => {
    expect(sign({ secret, timestamp, nonce })).toBe(signature);
  });

  it.each([signature, signature.toUpperCase()])('verifies as %s', (given) => {
    const record = { event: 'stream_close', timestamp, nonce, signature: given };
    expect(check(record, { secrets: [secret], nowMs: Number(timestamp) * 1000 })).toEqual({
      event: 'stream_close',
      timestampMs: Number(timestamp) * 1000,
      pascalCase: false,
      secret: 1,
    });
  });
});

it.each([
  ['1', '10', '9'],
  ['1', 'B', 'a'],
  ['1', '～', '😀'],
])('the parts are sorted as bytes, whichever they are: %s %s %s', (a, b, c) => {
  const expected = createHash('sha1').update(`${a}${b}${c}`).digest('hex');
  for (const [secret, timestamp, nonce] of [
    [a, b, c],
    [a, c, b],
    [b, a, c],
    [b, c, a],
    [c, a, b],
    [c, b, a],
  ] as const) {
    expect(sign({ secret, timestamp, nonce })).toBe(expected);
  }
});

it('numbers of the body are signed as their digits', () => {
  const { signature } = callback();
  const body = `{"event":"room_close","timestamp":${NOW_SECONDS},"nonce":7254119327986670314,"signature":"${signature}"}`;
  expect(check(decodeBody(body, false))).toMatchObject({ event: 'room_close', timestampMs: NOW_MS });
});

it.each([
  ['1687981272.0', '7.254119327986670314E+18'],
  ['1.687981272e9', '7254119327986670314.0'],
  ['16879812720E-1', '0.7254119327986670314e19'],
  ['1687981272', '725411932798667031400E-2'],
])('rewritten numbers verify as their original digits: timestamp %s, nonce %s', (timestamp, nonce) => {
  const { signature } = callback();
  const body = `{"event":"room_close","timestamp":${timestamp},"nonce":${nonce},"signature":"${signature}"}`;
  expect(readEnvelope(decodeBody(body, false))).toMatchObject({
    timestamp: String(NOW_SECONDS),
    nonce: '7254119327986670314',
  });
  expect(check(decodeBody(body, false))).toMatchObject({ event: 'room_close', timestampMs: NOW_MS });
});

describe('secrets', () => {
  it.each([
    [[SECRET], 1],
    [[SECRET, 'old'], 1],
    [['new', SECRET], 2],
    [['new', 'x', SECRET, 'old'], 3],
  ])('%j: the matching one has position %i', (secrets, position) => {
    expect(check(callback(), { secrets }).secret).toBe(position);
  });

  it.each([[['other']], [[`${SECRET} `]], [[SECRET.toUpperCase()]], [['other', 'another']], [[]]])(
    '%j: none matches',
    (secrets) => {
      expect(() => check(callback(), { secrets })).toThrow(badSignature);
    },
  );

  it('no detail repeats a secret or a signature', () => {
    const { signature } = callback();
    expect(() => check(callback(), { secrets: ['other-secret'] })).not.toThrow(
      new RegExp(`other-secret|${SECRET}|${signature}`),
    );
  });
});

describe('a signature that is not the one', () => {
  const { signature } = callback();
  it.each([
    ['of another timestamp', callback({}, { timestamp: String(NOW_SECONDS + 1) }).signature],
    ['of another nonce', callback({}, { nonce: '1' }).signature],
    ['too short', signature.slice(0, -1)],
    ['one character', '7'],
    ['too long', `${signature}0`],
    ['twice', signature + signature],
    ['with a space', `${signature} `],
    ['no hex', 'x'.repeat(40)],
    ['40 non-ASCII characters', '直'.repeat(40)],
    ['40 bytes of non-ASCII characters', 'é'.repeat(20)],
    ['a character that grows in lower case', 'İ'.repeat(40)],
    ['a lone surrogate', '\ud800'],
    ['very long', 'a'.repeat(60_000)],
  ])('%s', (_, given) => {
    expect(() => check(callback({ signature: given }))).toThrow(badSignature);
  });
});

describe('the window', () => {
  describe.each([
    ['s', String(NOW_SECONDS)],
    ['ms', String(NOW_MS)],
  ])('around a timestamp in %s', (_, timestamp) => {
    const record = callback({}, { timestamp });

    it.each([0, 1, -1, 600_000, -600_000])('%i ms away is inside', (distanceMs) => {
      expect(check(record, { nowMs: NOW_MS + distanceMs })).toMatchObject({ timestampMs: NOW_MS });
    });

    it.each([
      [600_001, 'timestamp-too-old'],
      [86_400_000, 'timestamp-too-old'],
      [-600_001, 'timestamp-too-far-ahead'],
      [-86_400_000, 'timestamp-too-far-ahead'],
    ])('%i ms away is outside: %s', (distanceMs, reason) => {
      expect(() => check(record, { nowMs: NOW_MS + distanceMs })).toThrow(outsideWindow(reason));
    });

    it.each([0, 1e13])('0 switches it off, also at %i', (nowMs) => {
      expect(check(record, { nowMs, windowSeconds: 0 })).toMatchObject({ timestampMs: NOW_MS });
    });
  });

  it('is as wide as it is told to be', () => {
    expect(check(callback(), { windowSeconds: 1, nowMs: NOW_MS + 1000 })).toMatchObject({ timestampMs: NOW_MS });
    expect(() => check(callback(), { windowSeconds: 1, nowMs: NOW_MS + 1001 })).toThrow(
      outsideWindow('timestamp-too-old'),
    );
  });

  it.each([
    ['0', 0, 'timestamp-too-old'],
    ['999999999999', 999_999_999_999_000, 'timestamp-too-far-ahead'],
    ['1000000000000', 1_000_000_000_000, 'timestamp-too-old'],
    ['9999999999999', 9_999_999_999_999, 'timestamp-too-far-ahead'],
    ['10000000000000', 10_000_000_000_000_000, 'timestamp-too-far-ahead'],
  ])('%s is %i ms: %s', (timestamp, timestampMs, reason) => {
    const record = callback({}, { timestamp });
    expect(check(record, { windowSeconds: 0 })).toMatchObject({ timestampMs });
    expect(() => check(record)).toThrow(outsideWindow(reason));
  });

  it('refuses a timestamp that no number holds', () => {
    const record = callback({}, { timestamp: '9'.repeat(400) });
    expect(() => check(record)).toThrow(outsideWindow('timestamp-too-far-ahead'));
  });
});

describe('a PascalCase envelope', () => {
  it('verifies', () => {
    expect(check(pascal(callback({ event: 'AgentJoined' }, { timestamp: String(NOW_MS) })))).toEqual({
      event: 'AgentJoined',
      timestampMs: NOW_MS,
      pascalCase: true,
      secret: 1,
    });
  });

  it('is refused like any other', () => {
    expect(() => check(pascal(callback({ signature: 'x' })))).toThrow(badSignature);
    expect(() => check(pascal(callback()), { nowMs: 0 })).toThrow(outsideWindow('timestamp-too-far-ahead'));
  });
});

const BREAKAGES: readonly (readonly [string, unknown])[] = [
  ['missing', undefined],
  ['empty', ''],
  ['null', null],
  ['a boolean', true],
  ['an object', { a: '1' }],
  ['an array', ['1']],
];

describe.each(['event', 'timestamp', 'nonce', 'signature'])('%s is named when it is', (field) => {
  it.each(BREAKAGES)('%s', (_, value) => {
    const { [field]: _removed, ...rest } = callback() as ZegoRecord;
    const broken = value === undefined ? rest : { ...rest, [field]: value };
    expect(() => check(broken)).toThrow(invalid(field));
    expect(() => check(pascal(broken))).toThrow(invalid(field));
  });
});

it.each(['-1', '1.5', 'abc', '1e9', ' 1', '1\n', '0x10', '１', '+1'])('timestamp %j is invalid', (timestamp) => {
  expect(() => check(callback({}, { timestamp }))).toThrow(invalid('timestamp'));
  expect(() => check(pascal(callback({}, { timestamp })))).toThrow(invalid('timestamp'));
});

describe('order of the checks', () => {
  const old = { timestamp: '1' };
  it.each([
    ['nonce', callback({ nonce: '', signature: 'x' }, old)],
    ['event', callback({ event: null, signature: 'x' }, old)],
    ['timestamp', callback({ timestamp: '-1', signature: 'x' })],
  ])('an invalid %s before the signature', (field, record) => {
    expect(() => check(record)).toThrow(invalid(field));
  });

  it('the signature before the window', () => {
    expect(() => check(callback({}, { ...old, secret: 'other' }))).toThrow(badSignature);
    expect(() => check(callback({}, old))).toThrow(outsideWindow('timestamp-too-old'));
  });
});
