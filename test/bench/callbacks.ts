import { closeUpdate, sessionUpdate } from '../../lib/dynamodb/requests.ts';
import { blankSession, merge, toSeconds, withView } from '../../lib/streams/session.ts';
import { decodeBody } from '../../lib/zego/body.ts';
import { parseEvent } from '../../lib/zego/event.ts';
import { readEnvelope, verify } from '../../lib/zego/signature.ts';
import { form, SECRET, sample, signed } from '../support/callback.ts';
import { printTable } from './markdown.ts';
import { median } from './statistics.ts';

const RUNS = 21;
const WARM_UP = 5;
const ROUND_MS = 200;

/** How many callbacks a second one core decodes, verifies, types and makes a command of: all but DynamoDB. */
export async function benchCallbacks(): Promise<void> {
  const create = signed(sample('stream_create'));
  const callbacks = {
    'stream_create, JSON': callback(JSON.stringify(create), false),
    'stream_create, JSON URL-encoded': callback(encodeURIComponent(JSON.stringify(create)), false),
    'stream_create, form in base64': callback(form(create), true),
    'stream_close, JSON': callback(JSON.stringify(signed(sample('stream_close'))), false),
  };
  // In turn, and the first rounds not counted: the engine compiles while it runs, and the machine has moods.
  const rounds = Array.from({ length: WARM_UP + RUNS }, () => Object.values(callbacks).map(rate)).slice(WARM_UP);
  printTable(
    ['callback, without DynamoDB', 'per second, one core'],
    Object.keys(callbacks).map((name, i) => [
      name,
      Math.round(median(rounds.map((round) => round[i] ?? 0))).toLocaleString('en'),
    ]),
  );
}

function callback(body: string, base64: boolean): () => unknown {
  const nowMs = Date.now();
  const sent = base64 ? Buffer.from(body).toString('base64') : body;
  const lifetimes = { nowMs, maxLiveMs: 1e8, retentionMs: 1e8 };
  return () => {
    const record = decodeBody(sent, base64);
    const verified = verify(readEnvelope(record), { secrets: [SECRET], windowSeconds: 600, nowMs });
    const event = parseEvent(record, verified, []);
    if (!('stream_id' in event)) throw new Error('the sample tells of a stream');
    if (event.event === 'stream_close') return closeUpdate(event, toSeconds(nowMs + 1e8), nowMs);
    const blank = blankSession(event);
    return sessionUpdate(withView(blank, merge(blank, event, nowMs), true, lifetimes), blank, 1);
  };
}

/** How often a second, over some time. */
function rate(once: () => unknown): number {
  const started = performance.now();
  let count = 0;
  while (performance.now() - started < ROUND_MS) {
    for (let i = 0; i < 100; i++) once();
    count += 100;
  }
  return (count / (performance.now() - started)) * 1000;
}
