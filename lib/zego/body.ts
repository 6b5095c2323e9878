import { unescape as percentDecode } from 'node:querystring';
import { Problem } from '../errors.ts';
import { MAX_BODY_BYTES } from '../limits.ts';
import { parseJson } from './json.ts';

/** The fields of a callback as ZEGO sent them. Numbers are strings of their digits (`json.ts`). */
export type ZegoRecord = Readonly<Record<string, unknown>>;

/**
 * Reads a body in any encoding that ZEGO is known to send: plain JSON, JSON URL-encoded as a whole, or a form whose
 * arrays come as `k[]` or `k[0]`. The Content-Type decides nothing, and only what is not JSON is URL-decoded:
 * decoding plain JSON breaks `100% live`, `a+b` and signed URLs.
 *
 * Bytes that are no UTF-8 become U+FFFD, since ZEGO cuts names by bytes: a stream with a broken name is still live.
 * @param body as API Gateway hands it over
 * @param isBase64Encoded likewise
 * @throws Problem `body-too-large` or `unreadable-body`, and nothing else, whatever the bytes
 */
export function decodeBody(body: string | undefined, isBase64Encoded: boolean): ZegoRecord {
  const bytes = Buffer.from(body ?? '', isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > MAX_BODY_BYTES) {
    throw new Problem('body-too-large', `The body has more than ${MAX_BODY_BYTES} bytes.`);
  }
  // `trim` takes a byte order mark away too.
  const text = bytes.toString('utf8').trim();
  const record = readJson(text) ?? readUrlEncoded(text);
  if (record === undefined) {
    throw new Problem('unreadable-body', 'The body is no JSON object, no URL-encoded JSON object and no form.');
  }
  return record;
}

function readJson(text: string): ZegoRecord | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return parseJson(text) as ZegoRecord;
  } catch {
    return undefined;
  }
}

function readUrlEncoded(text: string): ZegoRecord | undefined {
  const decoded = percentDecode(text.replaceAll('+', ' ')).trim();
  // What begins like JSON and is none is no form either.
  return readJson(decoded) ?? (/^[{["]/.test(decoded) ? undefined : readForm(text));
}

/** A field name, and an index where the field is an array: `title`, `rtmp_url[]`, `rtmp_url[0]`. */
const FORM_KEY = /^([\w.-]+)(?:\[(\d*)\])?$/;

/**
 * How a form begins: the name of its first field, in which every other character is percent-encoded. In other formats
 * one of those comes before the first `=` or `&`, and in JSON that was encoded in base64 far more than 64 characters do.
 */
const FORM_START = /^(?:=[^&]*&|&)*(?![\w+/-]{65})[^\s"'`<>(){}:;,/\\#=&]+[=&]/;

function readForm(text: string): ZegoRecord | undefined {
  // URLSearchParams accepts any text: XML, a script, JSON behind a comment. A form never has a raw line break.
  if (!text.includes('=') || !FORM_START.test(text) || /[\r\n]/.test(text)) return undefined;
  const pairs = [...new URLSearchParams(text)];
  // JSON that was encoded behind a comment.
  if (/[{[]\s*"/.test(pairs[0]?.[0] ?? '')) return undefined;
  const fields = new Map<string, string | { index: number; value: string }[]>();
  for (const [key, value] of pairs) {
    const [, name = key, index] = FORM_KEY.exec(key) ?? [];
    if (index === undefined) {
      fields.set(name, value);
      continue;
    }
    const known = fields.get(name);
    const entries = Array.isArray(known) ? known : [];
    entries.push({ index: index === '' ? entries.length : Number(index), value });
    fields.set(name, entries);
  }
  // A record without a prototype: a field named `__proto__` is a field.
  const record: Record<string, unknown> = Object.create(null);
  for (const [name, value] of fields) {
    record[name] = Array.isArray(value) ? value.sort((a, b) => a.index - b.index).map((entry) => entry.value) : value;
  }
  return record;
}
