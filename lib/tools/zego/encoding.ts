import { stringify } from 'lossless-json';
import type { Value } from './callbacks.ts';

export type Fields = Readonly<Record<string, Value>>;

/** How a form names the entries of an array: `rtmp_url[0]` or `rtmp_url[]`. Which one ZEGO uses is not documented. */
export type FormArrays = 'numbered' | 'plain';

/** The encodings in which ZEGO sends a callback. Numbers keep all their digits in each. */
const ENCODINGS = {
  json: (fields: Fields) => ({ type: 'application/json', body: json(fields) }),
  /** The whole JSON URL-encoded, with + for a space. */
  urlencoded: (fields: Fields) => ({
    type: 'application/json',
    body: encodeURIComponent(json(fields)).replaceAll('%20', '+'),
  }),
  form: (fields: Fields, arrays: FormArrays) => ({
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(formEntries(fields, arrays)).toString(),
  }),
};

export type Encoding = keyof typeof ENCODINGS;
export const ENCODING_NAMES = Object.keys(ENCODINGS) as Encoding[];

/** How the fields of a callback are written down: a body, and its Content-Type. */
export type Encode = (fields: Fields) => { type: string; body: string };

/** @returns a body, and its Content-Type */
export function encode(
  fields: Fields,
  encoding: Encoding,
  arrays: FormArrays = 'numbered',
): { type: string; body: string } {
  return ENCODINGS[encoding](fields, arrays);
}

/** `JSON.stringify` takes no bigint. */
function json(fields: Fields): string {
  return stringify(fields) ?? '';
}

function formEntries(fields: Fields, arrays: FormArrays): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' || typeof value === 'bigint'
      ? [[name, String(value)]]
      : value.map((entry, i) => [arrays === 'numbered' ? `${name}[${i}]` : `${name}[]`, entry]),
  );
}
