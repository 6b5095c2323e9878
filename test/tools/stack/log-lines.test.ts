import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { createLogLines } from '../../../lib/tools/stack/log-lines.ts';

function readable(...pieces: string[]): string {
  let text = '';
  const write = createLogLines((piece) => {
    text += piece;
  });
  for (const piece of pieces) write(piece);
  return stripVTControlCharacters(text);
}

const line = (fields: object) => `${JSON.stringify({ timestamp: '2026-03-01T12:10:59.104Z', ...fields })}\n`;
const APPLIED = line({
  level: 'INFO',
  message: 'callback',
  status: 200,
  duration_ms: 12,
  result: 'applied',
  event: 'stream_create',
  _aws: {},
});

it('writes a callback in one short line', () => {
  expect(readable(APPLIED)).toBe('12:10:59  callback  stream_create  200  applied      12 ms\n');
});

it('says why something was refused or failed', () => {
  const refused = { level: 'WARN', message: 'callback', status: 400, duration_ms: 1, result: 'refused' };
  expect(readable(line({ ...refused, reason: 'invalid-field', detail: 'stream_id is missing.' }))).toBe(
    '12:10:59  callback                 400  refused       1 ms  invalid-field, stream_id is missing.\n',
  );
  const failed = { level: 'ERROR', message: 'list', status: 503, duration_ms: 4000, result: 'failed' };
  expect(readable(line({ ...failed, reason: 'store-timeout', fault: 'TimeoutError' }))).toBe(
    '12:10:59  list                     503  failed     4000 ms  store-timeout, TimeoutError\n',
  );
});

it('joins a line that comes in pieces', () => {
  expect(readable(APPLIED.slice(0, 20), APPLIED.slice(20) + APPLIED.slice(0, 5))).toBe(readable(APPLIED));
});

it.each(['no JSON', '{"half": ', '7', 'null', '{"level":"INFO","message":"cache"}', ''])(
  'passes %j as it is',
  (text) => {
    expect(readable(`${text}\n`)).toBe(`${text}\n`);
  },
);
