import { NoAnswer, type Reply, resultOf } from '../client.ts';
import { describe, type Finding, fail, gatewayMessage, pass } from './check.ts';
import type { DoctorContext } from './context.ts';
import { exchange } from './exchange.ts';

/** What a stage or a mapping of a custom domain is mostly called. */
const STAGES = ['dev', 'prod', 'production', 'staging', 'stage', 'test', 'v1', 'api'];

type Endpoint = Pick<DoctorContext, 'url' | 'timeoutMs' | 'signal'>;

/** Whether the API answers at this URL: its callback route refuses an empty body in its own words. */
export async function address(context: DoctorContext): Promise<Finding> {
  const { pasted } = context.options;
  let reply: Reply;
  try {
    reply = await probe(context, context.url);
  } catch (error) {
    if (error instanceof NoAnswer) return fail(error.message, silenceAdvice(error.code, new URL(context.url).hostname));
    throw error;
  }
  if (isOurs(reply)) {
    const note = pasted === undefined ? '' : `, whose base URL is ${context.url}: it was given with ${pasted}`;
    return pass(`the API answers${note}`, reply.ms);
  }
  const found = await findElsewhere(context);
  return fail(`${describe(reply)} instead of the API`, found ?? adviceOn(reply, context.url), reply.ms);
}

/** A callback without a body: it needs no secret, and stores nothing anywhere. */
export function probe({ timeoutMs, signal }: Endpoint, url: string): Promise<Reply> {
  const headers = { 'content-type': 'application/json' };
  return exchange(`${url}/callbacks/zego`, { method: 'POST', headers, body: '', timeoutMs, signal });
}

function isOurs(reply: Reply): boolean {
  return reply.status === 400 && resultOf(reply) === 'unreadable-body';
}

/** @returns what to do when the API answers at a URL near this one */
async function findElsewhere(context: Endpoint): Promise<string | undefined> {
  const { origin, pathname } = new URL(context.url);
  const segments = pathname.split('/').filter((segment) => segment !== '');
  const paths = segments.map((_, i) => segments.slice(0, i));
  const shorter = paths.toReversed().map((path) => ({ path, mistake: tooMuch(segments.slice(path.length)) }));
  const longer = [segments, ...paths.toReversed()].flatMap((path) =>
    STAGES.map((stage) => ({ path: [...path, stage], mistake: tooLittle(stage, segments.slice(path.length)) })),
  );
  const candidates = [...shorter, ...longer].map(({ path, mistake }) => ({
    url: [origin, ...path].join('/'),
    mistake,
  }));
  const answers = await Promise.all(
    candidates.map(({ url }) => probe(context, url).then(isOurs, () => context.signal.throwIfAborted())),
  );
  const found = candidates.find((_, i) => answers[i]);
  return (
    found && `${found.mistake} The API answers at ${found.url}; ZEGO's callback URL is ${found.url}/callbacks/zego.`
  );
}

function tooMuch(dropped: readonly string[]): string {
  const path = `/${dropped.join('/')}`;
  const isStage = dropped.length === 1 && STAGES.includes(dropped[0] ?? '');
  if (isStage) return `The stage prefix ${path} is too much: this API has none.`;
  return `The path has a typo, or ${path} is too much.`;
}

function tooLittle(stage: string, dropped: readonly string[]): string {
  if (dropped.length === 0) return `The stage prefix /${stage} is missing.`;
  return `The path has a typo: it is /${stage}, not /${dropped.join('/')}.`;
}

function adviceOn(reply: Reply, url: string): string {
  const { origin, pathname } = new URL(url);
  const message = gatewayMessage(reply);
  const location = URL.parse(reply.headers.get('location') ?? '', url);
  if (reply.status >= 300 && reply.status < 400) {
    const where = location === null ? 'elsewhere' : `to ${location.origin}`;
    return `It sends callers ${where}, which ZEGO does not follow: give the URL at the end of the way, here and to ZEGO.`;
  }
  if (reply.status >= 500) {
    return 'The function fails before it reads a callback. Its log says why: npx serverless logs -f callback.';
  }
  if (/^CloudFront$/i.test(reply.headers.get('server') ?? '')) {
    return 'CloudFront answers, which shows the list alone: give the URL of the API behind it, here and to ZEGO.';
  }
  if (message !== undefined && [403, 404].includes(reply.status)) {
    const after = pathname === '/' ? 'behind the host' : `in ${pathname}`;
    return `An API Gateway answers, but has no such route: look for a typo in the path, a stage prefix too much ${after}, or one that is missing (such as ${origin}/dev; a custom domain has its mapping there). npx serverless info prints the URL.`;
  }
  return 'Another program answers there: look for a typo in the host or the path. npx serverless info prints the URL.';
}

/** Names the mistake behind a code of Node's. */
export function silenceAdvice(code: string, host: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `The name ${host} is not known (DNS): look for a typo, or for a custom domain without its DNS record.`;
    case 'ECONNREFUSED':
      return 'Nothing listens at this host and port: is the port right, and is the API up?';
    case 'TIMEOUT':
      return `${host} accepts nothing, or its answer hangs: look at its firewall and its log. ZEGO would give up too.`;
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return `The TLS certificate of ${host} is not valid now (${code === 'CERT_HAS_EXPIRED' ? 'it has expired' : 'it is valid only later'}): renew it, or set this machine's clock.`;
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `The TLS certificate is that of another host name than ${host}: use the name of the certificate, or add the custom domain to it.`;
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
      return `The TLS certificate of ${host} is self-signed: ZEGO will not trust it. Get one from a public authority.`;
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `The TLS certificate of ${host} lacks its chain, or its authority is not public: install the whole chain.`;
    default:
      if (/SSL|TLS|^EPROTO$/.test(code)) return `${host} speaks no TLS on this port, or one that is too old.`;
      return 'The connection broke: is the URL right, and is the API up?';
  }
}
