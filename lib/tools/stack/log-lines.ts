import { styleText } from 'node:util';
import type { LogLine } from '../../runtime/log.ts';

const COLORS = { WARN: 'yellow', ERROR: 'red' } as const;

/**
 * Writes the log of the functions for a person: one short line for each line of JSON. What is not a line of theirs
 * passes as it is.
 * @returns takes text in pieces of any length
 */
export function createLogLines(write: (text: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(`${readable(line)}\n`);
  };
}

function readable(line: string): string {
  let fields: Partial<LogLine> | null;
  try {
    fields = JSON.parse(line);
  } catch {
    return line;
  }
  const {
    level,
    message,
    timestamp,
    status,
    result = '',
    event = '',
    reason,
    detail,
    fault,
    duration_ms,
  } = fields ?? {};
  if (level === undefined || message === undefined || timestamp === undefined || status === undefined) return line;
  const why = [reason, detail, fault].filter((part) => part !== undefined).join(', ');
  const columns = [
    timestamp.slice(11, 19),
    message.padEnd(8),
    event.padEnd(13),
    String(status),
    result.padEnd(9),
    `${duration_ms ?? '?'} ms`.padStart(7),
    ...(why === '' ? [] : [why]),
  ];
  const text = columns.join('  ');
  return level === 'INFO' ? text : styleText(COLORS[level], text);
}
