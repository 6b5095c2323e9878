import { stringify } from 'lossless-json';
import type { Value } from './callbacks.ts';

export type Fields = Readonly<Record<string, Value>>;

/** The encodings in which ZEGO sends a callback. Numbers keep all their digits in each. */
const ENCODINGS = {
  json: (fields: Fields) => ({ type: 'application/json', body: json(fields) }),
  /** The whole JSON URL-encoded, with + for a space. */
  urlencoded: (fields: Fields) => ({
    type: 'application/json',
    body: encodeURIComponent(json(fields)).replaceAll('%20', '+'),
  }),
  form: (fields: Fields) => ({
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(formEntries(fields)).toString(),
  }),
};

export type Encoding = keyof typeof ENCODINGS;
export const ENCODING_NAMES = Object.keys(ENCODINGS) as Encoding[];

/** @returns a body, and its Content-Type */
export function encode(fields: Fields, encoding: Encoding): { type: string; body: string } {
  return ENCODINGS[encoding](fields);
}

/** `JSON.stringify` takes no bigint. */
function json(fields: Fields): string {
  return stringify(fields) ?? '';
}

/** Arrays as `rtmp_url[0]`, as in ZEGO's form encoding. */
function formEntries(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' || typeof value === 'bigint'
      ? [[name, String(value)]]
      : value.map((entry, i) => [`${name}[${i}]`, entry]),
  );
}
