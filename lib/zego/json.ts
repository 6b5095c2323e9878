import { parse } from 'lossless-json';
import { MAX_BYTES } from '../limits.ts';

/**
 * JSON in which every number arrives as the digits that were sent. ZEGO's `room_session_id` is an unsigned 64-bit
 * number in `room_*` and a string in `stream_*`: `JSON.parse` would round the one, and the two would no longer match.
 *
 * Of a repeated key the last value counts, as with `JSON.parse`. `__proto__` becomes an ordinary key.
 * @throws SyntaxError when the text is not JSON; RangeError when it is nested deeper than the stack allows
 */
export function parseJson(text: string): unknown {
  return parse(text, undefined, { parseNumber: integerDigits, onDuplicateKey: ({ newValue }) => newValue });
}

/** The parts of a JSON number: sign, digits before the point, digits behind it, exponent. */
const NUMBER = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** How long an exponent may make an integer, in characters: the longest field that takes digits. */
const MAX_LENGTH = MAX_BYTES.room_session_id;

/**
 * Returns the exact digits of an integer, however JSON writes it: a gateway may rewrite 858012925204410368 as
 * `8.58012925204410368E+17`. Other numbers stay as written, and so does `1e400`: a short literal must not become a long
 * text.
 */
export function integerDigits(literal: string): string {
  const found = NUMBER.exec(literal);
  if (found === null) return literal;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = found;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  if (digits === '') return '0';
  const count = digits.length - fraction.length + Number(exponent);
  const isInteger = count > 0 && !/[1-9]/.test(digits.slice(count));
  const isLonger = count > digits.length && sign.length + count > MAX_LENGTH;
  return isInteger && !isLonger ? sign + digits.slice(0, count).padEnd(count, '0') : literal;
}
