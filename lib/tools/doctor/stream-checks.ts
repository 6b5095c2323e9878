import { jsonOf, type Reply, resultOf } from '../client.ts';
import type { Listed } from '../live-list.ts';
import type { Publishing, StreamCallback } from '../zego/callbacks.ts';
import { cachingOf } from './access.ts';
import { DEPLOY, describe, type Finding, fail, knowing, learning, pass, skip, unexpected } from './check.ts';
import type { DoctorContext } from './context.ts';
import { lostDigits, WAYS, wrongFields } from './encodings.ts';
import { isApplied } from './exchange.ts';
import { sidsOf } from './list-checks.ts';

// The checks of streams that come and go, in the order in which they are made.

const first = (context: DoctorContext) => context.sessions.publishing(context, 'first');
/** In the other room, which is opened and closed. */
const inRoom = (context: DoctorContext) => context.sessions.publishing(context, 'room-close', `${context.run}-2`);

export async function create(context: DoctorContext): Promise<Finding> {
  const { reply, callback } = await context.sessions.create(context, first(context), { seq: 3 });
  if (!isApplied(reply)) return unexpected(reply, '200 applied');
  return learning(pass(describe(reply), reply.ms), { live: [callback], missing: { session: undefined } });
}

/** As ZEGO does when it missed the response. */
export async function repeatCreate(context: DoctorContext): Promise<Finding> {
  const { reply } = await context.sessions.create(context, first(context), { seq: 3 });
  return isUnchanged(reply);
}

/** A stream sent in one encoding, and read back. */
export const encoding =
  (name: string) =>
  async (context: DoctorContext): Promise<Finding> => {
    const { live, changed, missing } = context.known;
    const write = WAYS[name];
    const id = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const options = { seq: live.length + 3, ...(write === undefined ? {} : { write }) };
    const publishing = context.sessions.publishing(context, id);
    const { reply, callback } = await context.sessions.create(context, publishing, options);
    if (!isApplied(reply)) return unexpected(reply, '200 applied');
    const learned = { live: [...live, callback] };
    if (missing.list !== undefined) return learning(skip(`taken, but not read back: ${missing.list}`), learned);
    return knowing(learned, readBack(context, callback, { changed, ms: reply.ms }));
  };

async function readBack(
  context: DoctorContext,
  callback: StreamCallback,
  { changed, ms }: { changed: readonly string[]; ms: number },
): Promise<Finding> {
  const { publishing } = callback;
  const last = await context.until(
    () => context.stream(publishing),
    (seen) => wrongFields(jsonOf(seen), callback).length === 0,
  );
  const wrong = wrongFields(jsonOf(last), callback);
  if (wrong.length === 0) return pass('read back exactly', ms);
  const advice = lostDigits(jsonOf(last), callback)
    ? 'Long numbers lose their last digits: something takes them for doubles. Deploy this version, and let callbacks pass as they are.'
    : 'What stands before the API rewrites bodies, or the deployment is another version: deploy this one.';
  const finding =
    last.status === 200
      ? fail(`read back with ${wrong.join(', ')} changed`, advice, last.ms)
      : unexpected(last, 'the stream');
  return learning(finding, { changed: [...changed, publishing.stream_sid] });
}

export async function close(context: DoctorContext): Promise<Finding> {
  const reply = await context.sessions.close(context, first(context), 20);
  if (!isApplied(reply)) return unexpected(reply, '200 applied');
  return learning(pass(describe(reply), reply.ms), { live: context.known.live.slice(1) });
}

export async function repeatClose(context: DoctorContext): Promise<Finding> {
  return isUnchanged(await context.sessions.close(context, first(context), 20));
}

export async function endedStream(context: DoctorContext): Promise<Finding> {
  const finding = await reads(context, first(context), 'ended', 'stopped');
  if (finding.state !== 'pass') return finding;
  const isListed = (listed: Listed[] | undefined) => sidsOf(listed).includes(first(context).stream_sid);
  const seen = await context.until(
    () => context.ofRoom(),
    (listed) => listed !== undefined && !isListed(listed),
  );
  const isGone = seen !== undefined && !isListed(seen);
  return learning(
    isGone
      ? pass('read as stopped, and off the list', finding.ms)
      : fail('still on the list', 'The index lags behind, or a cache does not go by the whole query.'),
    { closesCount: true },
  );
}

/** A retry that comes after the close. */
export async function lateCreate(context: DoctorContext): Promise<Finding> {
  if (!context.known.closesCount) return skip('its close does not count');
  const { reply } = await context.sessions.create(context, first(context), { seq: 3 });
  if (reply.status !== 200) return unexpected(reply, '200');
  return staysEnded(context, first(context));
}

/** Of a stream whose close overtakes its create. */
export async function closeFirst(context: DoctorContext): Promise<Finding> {
  if (!context.known.closesCount) return skip('closes do not count');
  const publishing = context.sessions.publishing(context, 'close-first');
  const closed = await context.sessions.close(context, publishing, 31);
  if (!isApplied(closed)) return unexpected(closed, '200 applied');
  const { reply } = await context.sessions.create(context, publishing, { seq: 30 });
  if (reply.status !== 200) return unexpected(reply, '200');
  return staysEnded(context, publishing);
}

async function staysEnded(context: DoctorContext, publishing: Publishing): Promise<Finding> {
  const finding = await reads(context, publishing, 'ended', 'stopped');
  if (finding.state === 'pass') return pass('it stays ended', finding.ms);
  return { ...finding, note: `${finding.note}: a late create brings an ended stream back`, advice: DEPLOY };
}

/** ZEGO goes on with a stream: what was closed is live again. */
export async function recreate(context: DoctorContext): Promise<Finding> {
  const { reply } = await context.sessions.create(context, first(context), { seq: 40, recreate: 1 });
  if (!isApplied(reply)) return unexpected(reply, '200 applied');
  const finding = await reads(context, first(context), 'live');
  return finding.state === 'pass' ? pass('live again', finding.ms) : finding;
}

export async function openRoom(context: DoctorContext): Promise<Finding> {
  const reply = await context.sessions.openRoom(context, inRoom(context));
  return isApplied(reply) ? pass(describe(reply), reply.ms) : unexpected(reply, '200 applied');
}

/** Its id is a JSON number of 64 bits, where the stream's callback has a string. */
export async function closeRoom(context: DoctorContext): Promise<Finding> {
  const { reply } = await context.sessions.create(context, inRoom(context), { seq: 1 });
  if (!isApplied(reply)) return unexpected(reply, '200 applied');
  const closed = await context.sessions.closeRoom(context, inRoom(context));
  if (!isApplied(closed)) return unexpected(closed, '200 applied');
  const finding = await reads(context, inRoom(context), 'ended', 'room_closed');
  if (finding.state === 'pass') return pass('its stream ends', finding.ms);
  const advice =
    'The close of a room does not reach its streams: their room_session_id may have lost digits on the way. Deploy this version, and let callbacks pass as they are.';
  return { ...finding, advice };
}

async function reads(
  context: DoctorContext,
  publishing: Publishing,
  state: 'live' | 'ended',
  end_reason?: string,
): Promise<Finding> {
  const isSo = (reply: Reply) => {
    const seen = (jsonOf(reply) ?? {}) as Record<string, unknown>;
    return seen.state === state && (end_reason === undefined || seen.end_reason === end_reason);
  };
  const seen = await context.until(() => context.stream(publishing), isSo);
  const kept = cachingOf(context, seen);
  if (isSo(seen)) return kept.state === 'pass' ? pass(state, seen.ms) : kept;
  if (seen.status !== 200) return unexpected(seen, `the stream, ${state}`);
  return fail(`not read as ${[state, ...(end_reason === undefined ? [] : [end_reason])].join(', ')}`, DEPLOY, seen.ms);
}

function isUnchanged(reply: Reply): Finding {
  if (resultOf(reply) === 'unchanged') return pass(describe(reply), reply.ms);
  return unexpected(reply, '200 unchanged', `A repeat of ZEGO's counts as news. ${DEPLOY}`);
}
