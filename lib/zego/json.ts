import { parse } from 'lossless-json';

/**
 * JSON in which every number arrives as the digits that were sent. ZEGO's `room_session_id` is an unsigned 64-bit
 * number in `room_*` and a string in `stream_*`: `JSON.parse` would round the one, and the two would no longer match.
 *
 * Of a repeated key the last value counts, as with `JSON.parse`. `__proto__` becomes an ordinary key.
 * @throws SyntaxError when the text is not JSON; RangeError when it is nested deeper than the stack allows
 */
export function parseJson(text: string): unknown {
  return parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
}

/** `1e3` and `1.0` are the integers 1000 and 1; what a double cannot hold exactly stays as it was written. */
function parseNumber(digits: string): string {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? String(number) : digits;
}
