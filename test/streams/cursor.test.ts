import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../lib/streams/cursor.ts';

const QUERY = { order: 'newest', room_id: undefined, appid: undefined } as const;
const KEY = '1687981272742#stream_id#s-115205136669740000000000104';
const telling = (fault: string) =>
  expect.objectContaining({ code: 'invalid-cursor', message: expect.stringMatching(`^cursor ${fault}`) });
const invalid = telling('is broken');

function refused(cursor: string, query: Parameters<typeof decodeCursor>[1] = QUERY) {
  try {
    return decodeCursor(cursor, query);
  } catch (error) {
    return error;
  }
}

it('comes back as its position', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
      fc.pre(key.isWellFormed());
      expect(decodeCursor(encodeCursor(key, QUERY), QUERY)).toBe(key);
    }),
  );
});

it.each([
  ['another order', { ...QUERY, order: 'oldest' as const }],
  ['another room_id', { ...QUERY, room_id: 'room1' }],
  ['another appid', { ...QUERY, appid: '1' }],
])('of %s is refused', (_, query) => {
  expect(refused(encodeCursor(KEY, query))).toEqual(telling('belongs to another'));
  expect(refused(encodeCursor(KEY, QUERY), query)).toEqual(telling('belongs to another'));
});

it('is refused when a character is changed, lost or added', () => {
  const cursor = encodeCursor(KEY, QUERY);
  fc.assert(
    fc.property(fc.nat(cursor.length - 1), fc.constantFrom(...'Aa0-_=+/ ü'), (i, character) => {
      fc.pre(cursor[i] !== character);
      expect(refused(cursor.slice(0, i) + character + cursor.slice(i + 1))).toEqual(invalid);
      expect(refused(cursor.slice(0, i) + cursor.slice(i + 1))).toEqual(invalid);
      expect(refused(cursor.slice(0, i) + character + cursor.slice(i))).toEqual(invalid);
    }),
  );
});

it('is refused when it is anything else', () => {
  for (const cursor of ['', 'x', 'null', '0', KEY, Buffer.from(KEY).toString('base64url'), 'A'.repeat(5000)]) {
    expect(refused(cursor)).toEqual(invalid);
  }
});

it('is refused when its format is another one, though it is whole', () => {
  const sealed = Buffer.from(encodeCursor(KEY, QUERY), 'base64url').subarray(0, -6);
  const seal = (format: number) => {
    const bytes = Buffer.concat([Buffer.of(format), sealed.subarray(1)]);
    return Buffer.concat([bytes, createHash('sha256').update(bytes).digest().subarray(0, 6)]).toString('base64url');
  };
  expect(refused(seal(1))).toBe(KEY);
  expect(refused(seal(2))).toEqual(invalid);
});

it('is refused when its position is longer than a key can be: DynamoDB would not take it', () => {
  expect(refused(encodeCursor('x'.repeat(1024), QUERY))).toBe('x'.repeat(1024));
  expect(refused(encodeCursor('x'.repeat(1025), QUERY))).toEqual(invalid);
  expect(refused(encodeCursor('', QUERY))).toEqual(invalid);
});
