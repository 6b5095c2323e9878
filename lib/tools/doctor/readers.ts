import { randomBytes } from 'node:crypto';
import { weaknessOf } from '../weak-secrets.ts';
import { describe, type Reply, told } from './exchange.ts';
import { type Finding, fault, fine, remark, skipped, unexpected } from './finding.ts';
import type { Visit } from './visit.ts';

/** Who may read the list; from now on it is read like that. */
export async function token(visit: Visit): Promise<Finding> {
  const { token: given, noToken } = visit.args;
  visit.without.list = 'the list does not answer';
  const fresh = () => visit.freshQuery({ room_id: visit.run });
  const list = (shown: string | null, path = fresh()) => visit.get(path, { token: shown });
  const open = await list(null);
  visit.demandsToken = told(open) === 'token-required';
  if (!visit.demandsToken) {
    return open.status === 200 ? openList(visit, open) : unexpected(open, '200, or 401 token-required');
  }
  if (given === undefined || given === 'public') {
    visit.without.list = noToken;
    if (given === undefined) return skipped('the list demands one', 'Give one of its LIST_TOKEN with --token.');
    return fault(
      'the list demands one, though it should be public',
      'Deploy with LIST_TOKEN=public, or give --token.',
      open.ms,
    );
  }
  const path = fresh();
  const reply = await list(given, path);
  if (told(reply) === 'token-required') {
    visit.without.list = 'the token is refused';
    return fault(
      '401 token-required: the token is refused',
      'The deployment has another LIST_TOKEN than was given: compare both, and deploy again if LIST_TOKEN has changed. What stands before the API must let Authorization pass.',
      reply.ms,
    );
  }
  if (reply.status !== 200) return unexpected(reply, '200');
  readable(visit, reply);
  const strange = await list(randomBytes(16).toString('hex'));
  const single = await visit.get(`/streams/${visit.run}`, { token: null });
  if (strange.status === 200) {
    return fault('any token opens the list', 'Deploy this version: it compares tokens with LIST_TOKEN.', strange.ms);
  }
  if (single.status === 200 || told(single) === 'stream-not-found') {
    return fault('single streams are open', 'Deploy this version: both routes demand the token.', single.ms);
  }
  const kept = await list(null, path);
  if (kept.status === 200) {
    return fault(
      'what was read with the token is shown without it',
      'A cache before the API keeps what is private: let it go by Cache-Control and Authorization, or keep nothing.',
      kept.ms,
    );
  }
  if (!/^Bearer\b/i.test(open.headers.get('www-authenticate') ?? '')) {
    const advice = 'What stands before the API drops this header: let it pass.';
    return fault('a 401 without WWW-Authenticate: Bearer', advice, open.ms);
  }
  const weakness = weaknessOf('LIST_TOKEN', given);
  if (weakness !== undefined) return remark('demanded, and yours is weak', `LIST_TOKEN ${weakness}.`, reply.ms);
  return fine('demanded, and yours is taken', reply.ms);
}

function openList(visit: Visit, reply: Reply): Finding {
  const { token: given } = visit.args;
  readable(visit, reply);
  if (given === 'public') return fine('none needed: the list is public, as it should be', reply.ms);
  if (given !== undefined) {
    return fault(
      'the list is open: it answers without a token',
      "Everybody sees user ids and pull URLs. The deployment's LIST_TOKEN is public, or what stands before it adds a token: set LIST_TOKEN to yours and deploy.",
      reply.ms,
    );
  }
  return remark(
    'the list is open to everybody',
    'It shows user ids and pull URLs. Unless that is meant, set LIST_TOKEN and deploy; if it is, --token public says so.',
    reply.ms,
  );
}

function readable(visit: Visit, { headers }: Reply): void {
  delete visit.without.list;
  const [, seconds = 0] = /\bmax-age=(\d+)/.exec(headers.get('cache-control') ?? '') ?? [];
  visit.freshMs = Number(seconds) * 1000;
}

/** A check of an answer that refuses a request. */
const refusal =
  (path: string, expected: string) =>
  async (visit: Visit): Promise<Finding> => {
    const reply = await visit.get(path.replace('RUN', visit.run));
    const advice = 'What stands before the API changes queries, or the deployment is another version: deploy again.';
    return describe(reply) === expected ? fine(expected, reply.ms) : unexpected(reply, expected, advice);
  };

/** Queries reach the function as they are. */
export const unknownParameter = refusal('/streams?doctor=1', '400 invalid-parameter');
/** Another one of those. */
export const brokenCursor = refusal('/streams?cursor=RUN', '400 invalid-cursor');
/** A stream that nobody has told of. */
export const unknownStream = refusal('/streams/RUN-nobody', '404 stream-not-found');

/** The same URL twice: nothing of ours changes meanwhile. */
export async function etag(visit: Visit): Promise<Finding> {
  const path = visit.freshQuery({ room_id: visit.run });
  const first = await visit.get(path);
  const tag = first.headers.get('etag');
  if (first.status !== 200) return unexpected(first, '200');
  if (tag === null) {
    return fault('the list has no ETag', 'What stands before the API drops it: let ETag pass.', first.ms);
  }
  const again = await visit.get(path, { headers: { 'if-none-match': tag } });
  if (again.status === 304 && again.text === '') return fine('304 when nothing changed', again.ms);
  return unexpected(
    again,
    '304 without a body',
    'What stands before the API must let If-None-Match pass, and the 304 as it is. Readers load the whole list each time.',
  );
}

/** How long an answer may be kept, and by whom. */
export async function caching(visit: Visit): Promise<Finding> {
  return cachingOf(visit, await visit.get(visit.freshQuery({ room_id: visit.run })));
}

/** Whether an answer of the API still has the API's own Cache-Control. */
export function cachingOf(visit: Visit, reply: Reply): Finding {
  const header = reply.headers.get('cache-control') ?? '';
  const known = /^(no-store|(private, )?max-age=\d+)$/.exec(header)?.[0];
  const advice = 'What stands before the API writes its own Cache-Control: let that of the API pass.';
  if (reply.status !== 200) return unexpected(reply, '200');
  if (known === undefined) return fault('no Cache-Control of this API', advice, reply.ms);
  if (visit.demandsToken && !/^(no-store|private)/.test(known)) {
    return fault(`${known}, though a token is demanded`, `Shared caches would show it to all. ${advice}`, reply.ms);
  }
  return fine(known, reply.ms);
}
