import { randomBytes } from 'node:crypto';
import { freshMsOf, type Reply, resultOf } from '../client.ts';
import { weaknessOf } from '../weak-secrets.ts';
import { describe, type Finding, fail, learning, pass, skip, unexpected, warn, without } from './check.ts';
import type { DoctorContext } from './context.ts';

/** Who may read the list; from now on it is read like that. */
export async function token(context: DoctorContext): Promise<Finding> {
  const open = await context.get(context.freshQuery(), { token: null });
  if (resultOf(open) === 'token-required') return learning(await closedList(context, open), { demandsToken: true });
  if (open.status === 200) return learning(openList(context, open), { freshMs: freshMsOf(open) });
  return without('list', SILENT, unexpected(open, '200, or 401 token-required'));
}

const SILENT = 'the list does not answer';

/** @param open the response without a token */
async function closedList(context: DoctorContext, open: Reply): Promise<Finding> {
  const { token: given, noToken } = context.options;
  if (given === undefined) {
    return without('list', noToken, skip('the list demands one', 'Give one of its LIST_TOKEN with --token.'));
  }
  if (given === 'public') {
    const advice = 'Deploy with LIST_TOKEN=public, or give --token.';
    return without('list', noToken, fail('the list demands one, though it should be public', advice, open.ms));
  }
  const path = context.freshQuery();
  const reply = await context.get(path, { token: given });
  if (resultOf(reply) === 'token-required') {
    const advice =
      'The deployment has another LIST_TOKEN than was given: compare both, and deploy again if LIST_TOKEN has changed. What stands before the API must let Authorization pass.';
    const finding = fail('401 token-required: the token is refused', advice, reply.ms);
    return without('list', 'the token is refused', finding);
  }
  if (reply.status !== 200) return without('list', SILENT, unexpected(reply, '200'));
  return learning(await guarded(context, given, { open, reply, path }), { freshMs: freshMsOf(reply) });
}

/** Whether the token is what opens the list, and nothing else does. */
async function guarded(
  context: DoctorContext,
  given: string,
  { open, reply, path }: { open: Reply; reply: Reply; path: string },
): Promise<Finding> {
  const strange = await context.get(context.freshQuery(), { token: randomBytes(16).toString('hex') });
  const single = await context.get(`/streams/${context.run}`, { token: null });
  if (strange.status === 200) {
    return fail('any token opens the list', 'Deploy this version: it compares tokens with LIST_TOKEN.', strange.ms);
  }
  if (single.status === 200 || resultOf(single) === 'stream-not-found') {
    return fail('single streams are open', 'Deploy this version: both routes demand the token.', single.ms);
  }
  const kept = await context.get(path, { token: null });
  if (kept.status === 200) {
    return fail(
      'what was read with the token is shown without it',
      'A cache before the API keeps what is private: let it go by Cache-Control and Authorization, or keep nothing.',
      kept.ms,
    );
  }
  if (!/^Bearer\b/i.test(open.headers.get('www-authenticate') ?? '')) {
    const advice = 'What stands before the API drops this header: let it pass.';
    return fail('a 401 without WWW-Authenticate: Bearer', advice, open.ms);
  }
  const weakness = weaknessOf('LIST_TOKEN', given);
  if (weakness !== undefined) return warn('demanded, and yours is weak', `LIST_TOKEN ${weakness}.`, reply.ms);
  return pass('demanded, and yours is taken', reply.ms);
}

function openList({ options: { token: given } }: DoctorContext, { ms }: Reply): Finding {
  if (given === 'public') return pass('none needed: the list is public, as it should be', ms);
  if (given !== undefined) {
    return fail(
      'the list is open: it answers without a token',
      "Everybody sees user ids and pull URLs. The deployment's LIST_TOKEN is public, or what stands before it adds a token: set LIST_TOKEN to yours and deploy.",
      ms,
    );
  }
  return warn(
    'the list is open to everybody',
    'It shows user ids and pull URLs. Unless that is meant, set LIST_TOKEN and deploy; if it is, --token public says so.',
    ms,
  );
}

/** A check of an answer that refuses a request. */
const refusal =
  (path: string, expected: string) =>
  async (context: DoctorContext): Promise<Finding> => {
    const reply = await context.get(path.replace('RUN', context.run));
    const advice = 'What stands before the API changes queries, or the deployment is another version: deploy again.';
    return describe(reply) === expected ? pass(expected, reply.ms) : unexpected(reply, expected, advice);
  };

/** Queries reach the function as they are. */
export const unknownParameter = refusal('/streams?doctor=1', '400 invalid-parameter');
/** Another one of those. */
export const brokenCursor = refusal('/streams?cursor=RUN', '400 invalid-cursor');
/** A stream that nobody has told of. */
export const unknownStream = refusal('/streams/RUN-nobody', '404 stream-not-found');

/** The same URL twice: nothing of ours changes meanwhile. */
export async function etag(context: DoctorContext): Promise<Finding> {
  const path = context.freshQuery();
  const first = await context.get(path);
  const tag = first.headers.get('etag');
  if (first.status !== 200) return unexpected(first, '200');
  if (tag === null) {
    return fail('the list has no ETag', 'What stands before the API drops it: let ETag pass.', first.ms);
  }
  const again = await context.get(path, { headers: { 'if-none-match': tag } });
  if (again.status === 304 && again.text === '') return pass('304 when nothing changed', again.ms);
  return unexpected(
    again,
    '304 without a body',
    'What stands before the API must let If-None-Match pass, and the 304 as it is. Readers load the whole list each time.',
  );
}

/** How long an answer may be kept, and by whom. */
export async function caching(context: DoctorContext): Promise<Finding> {
  return cachingOf(context, await context.get(context.freshQuery()));
}

/** Whether an answer of the API still has the API's own Cache-Control. */
export function cachingOf(context: DoctorContext, reply: Reply): Finding {
  const header = reply.headers.get('cache-control') ?? '';
  const known = /^(no-store|(private, )?max-age=\d+)$/.exec(header)?.[0];
  const advice = 'What stands before the API writes its own Cache-Control: let that of the API pass.';
  if (reply.status !== 200) return unexpected(reply, '200');
  if (known === undefined) return fail('no Cache-Control of this API', advice, reply.ms);
  if (context.known.demandsToken && !/^(no-store|private)/.test(known)) {
    return fail(`${known}, though a token is demanded`, `Shared caches would show it to all. ${advice}`, reply.ms);
  }
  return pass(known, reply.ms);
}
