import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../lib/streams/cursor.ts';

const QUERY = { order: 'newest', room_id: undefined, appid: undefined } as const;
const KEY = '1687981272742#stream_id#s-115205136669740000000000104';
const invalid = expect.objectContaining({ code: 'invalid-cursor', message: expect.stringContaining('cursor') });

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
  expect(refused(encodeCursor(KEY, query))).toEqual(invalid);
  expect(refused(encodeCursor(KEY, QUERY), query)).toEqual(invalid);
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
