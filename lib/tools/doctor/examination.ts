import { address } from './address.ts';
import type { Arguments } from './arguments.ts';
import { appid, largeBody, latency, serverSecret, signature, timestampWindow, wrongSignature } from './callbacks.ts';
import { cors, preflight } from './cors.ts';
import { WAYS } from './encodings.ts';
import { NoAnswer } from './exchange.ts';
import { type Finding, silent, skipped } from './finding.ts';
import { LeavingChecks, notTaken } from './leaving.ts';
import { ListChecks } from './lists.ts';
import { certificate, clock, openApi, unknownRoute } from './reach.ts';
import { brokenCursor, caching, etag, token, unknownParameter, unknownStream } from './readers.ts';
import type { Row } from './report.ts';
import { Sessions } from './sessions.ts';
import { StreamChecks } from './streams.ts';
import { type Need, Visit, type VisitOptions } from './visit.ts';

interface Check {
  name: string;
  /** Without these it is not made. */
  needs?: readonly Need[];
  /** Whether it was asked for; undefined: it always is. */
  isAskedFor?: (args: Arguments) => boolean;
  make: (visit: Visit) => Promise<Finding>;
}

/** What can be asked without anything being stored. */
const HARMLESS: readonly Check[] = [
  { name: 'TLS certificate', make: certificate },
  { name: 'clock', make: clock },
  { name: 'OpenAPI document', make: openApi },
  { name: 'unknown route', make: unknownRoute },
  { name: 'token', make: token },
  { name: 'unknown parameter', needs: ['list'], make: unknownParameter },
  { name: 'broken cursor', needs: ['list'], make: brokenCursor },
  { name: 'unknown stream', needs: ['list'], make: unknownStream },
  { name: 'ETag', needs: ['list'], make: etag },
  { name: 'Cache-Control', needs: ['list'], make: caching },
  { name: 'CORS', make: cors },
  { name: 'CORS preflight', make: preflight },
  { name: 'large body', make: largeBody },
  { name: 'wrong signature', make: wrongSignature },
  { name: 'signature', needs: ['secret'], make: signature },
  { name: 'ServerSecret', isAskedFor: ({ serverSecret }) => serverSecret !== undefined, make: serverSecret },
  { name: 'timestamp window', needs: ['secret'], make: timestampWindow },
  { name: 'appid', needs: ['secret'], make: appid },
];

const LEAVING = 'nothing left behind';

/** What needs streams, which begin and end. */
function withStreams(visit: Visit, sessions: Sessions): Check[] {
  const streams = new StreamChecks(visit, sessions);
  const lists = new ListChecks(visit, streams, sessions.startMs);
  const leaving = new LeavingChecks(visit, sessions, streams.live);
  const needs: Need[] = ['secret', 'appid', 'session'];
  const reads: Need[] = [...needs, 'list'];
  return [
    { name: 'create', needs: ['secret', 'appid'], make: () => streams.create() },
    { name: 'create, repeated', needs, make: () => streams.repeat() },
    ...Object.keys(WAYS).map((name) => ({ name: `encoding: ${name}`, needs, make: () => streams.encoding(name) })),
    { name: 'list of a room', needs: reads, make: () => lists.room() },
    { name: 'list of everybody', needs: reads, make: () => lists.everybodys() },
    { name: 'pages', needs: reads, make: () => lists.pages() },
    { name: 'order', needs: reads, make: () => lists.order() },
    { name: 'list by stream_id', needs: reads, make: () => lists.byId() },
    { name: 'close', needs, make: () => streams.close() },
    { name: 'close, repeated', needs, make: () => streams.closeAgain() },
    { name: 'ended stream', needs: reads, make: () => streams.ended() },
    { name: 'create after its close', needs: reads, make: () => streams.lateCreate() },
    { name: 'close before its create', needs: reads, make: () => streams.closeFirst() },
    { name: 'recreate', needs: reads, make: () => streams.recreate() },
    { name: 'room_create', needs, make: () => streams.roomCreate() },
    { name: 'room_close', needs: reads, make: () => streams.roomClose() },
    { name: LEAVING, needs: ['secret', 'appid'], make: () => leaving.leave() },
    { name: 'cached list', needs: reads, make: () => leaving.stale() },
    { name: 'latency', make: latency },
  ];
}

export interface ExaminationOptions extends VisitOptions {
  onRow?: (row: Row) => void;
}

/**
 * Checks a deployment end to end, and leaves nothing live behind.
 * @throws the reason of the signal
 */
export async function examine(args: Arguments, { onRow = () => {}, ...options }: ExaminationOptions): Promise<Row[]> {
  const visit = new Visit(args, options);
  const rows: Row[] = [];
  const add = (name: string, finding: Finding) => {
    const row = { name, ...finding };
    rows.push(row);
    onRow(row);
  };
  const make = async ({ name, needs = [], make }: Check) => {
    options.signal.throwIfAborted();
    const [reason] = needs.flatMap((need) => visit.without[need] ?? []);
    if (reason !== undefined) return add(name, skipped(reason));
    const finding = await made(make(visit));
    add(name, finding.state === 'skipped' ? finding : { ms: visit.lastMs, ...finding });
  };

  add('address', await address(visit, args.pasted));
  if (rows.some(({ state }) => state === 'fault')) {
    add('everything else', skipped('the API does not answer at this URL'));
    return rows;
  }
  for (const check of HARMLESS.filter(({ isAskedFor = () => true }) => isAskedFor(args))) await make(check);
  const sessions = new Sessions(visit);
  try {
    for (const check of withStreams(visit, sessions)) await make(check);
  } catch (error) {
    // Whoever interrupts does not want to wait.
    const left = await sessions.closeAll(1);
    if (left.length > 0) add(LEAVING, notTaken(left));
    throw error;
  }
  return rows;
}

async function made(finding: Promise<Finding>): Promise<Finding> {
  try {
    return await finding;
  } catch (error) {
    if (error instanceof NoAnswer) return silent(error);
    throw error;
  }
}
