import type { Reply } from '../client.ts';
import { type Finding, fail, pass, skip, unexpected, warn } from './check.ts';
import type { DoctorContext } from './context.ts';
import { exchange } from './exchange.ts';

const ANY_ORIGIN = 'https://example.com';

/** Whether pages of another site may read the answers. */
export async function cors(context: DoctorContext): Promise<Finding> {
  const origin = context.options.origin ?? ANY_ORIGIN;
  const reply = await context.get(context.freshQuery(), { headers: { origin } });
  const allowed = reply.headers.get('access-control-allow-origin');
  const exposed = listed(reply, 'access-control-expose-headers');
  if (allowed !== '*' && allowed !== origin) return notAllowed(context, reply);
  if (!exposed.includes('etag') && !exposed.includes('*')) {
    const advice = 'Pages cannot read the ETag: deploy again, or let what stands before the API pass CORS headers on.';
    return fail('etag is not exposed', advice, reply.ms);
  }
  return pass(allowed === '*' ? 'every origin may read' : `${origin} may read`, reply.ms);
}

/** API Gateway answers preflights wherever CORS is on, with nothing in them for an origin that may not read. */
async function notAllowed(context: DoctorContext, { ms }: Reply): Promise<Finding> {
  const { origin } = context.options;
  const how = 'CORS_ORIGINS lists the origins that may read';
  if (origin !== undefined) {
    return fail(
      `${origin} may not read`,
      `${how}: add ${origin} to it (no path, no slash at the end) and deploy. What stands before the API must let Origin pass.`,
      ms,
    );
  }
  if ((await sendPreflight(context, ANY_ORIGIN)).status < 300) {
    return warn(
      `some origins only: ${ANY_ORIGIN} may not read`,
      `${how}. Check yours with --origin https://your-site.example; if all should be denied, nothing is wrong.`,
      ms,
    );
  }
  return fail(
    `no CORS: ${ANY_ORIGIN} may not read`,
    `No page of another site can read the list. ${how} (--origin https://your-site.example checks yours), and what stands before the API must let Origin and OPTIONS pass.`,
    ms,
  );
}

/** Browsers ask before they show a token, and show none while they ask. */
export async function preflight(context: DoctorContext): Promise<Finding> {
  const origin = context.options.origin ?? ANY_ORIGIN;
  const reply = await sendPreflight(context, origin);
  const allowed = reply.headers.get('access-control-allow-origin');
  const headers = listed(reply, 'access-control-allow-headers');
  if (reply.status >= 300) {
    const advice =
      'A preflight must be answered without a token: let OPTIONS pass to API Gateway, and put no authorizer on it.';
    return unexpected(reply, '204', advice);
  }
  if (allowed !== '*' && allowed !== origin) {
    const what = `${origin} is not allowed`;
    if (context.options.origin === undefined) return skip(`${what}: see CORS`);
    return fail(what, 'See CORS.', reply.ms);
  }
  const missing = ASKED.filter((name) => !headers.includes(name));
  if (missing.length > 0) {
    const advice = 'Pages cannot send these: deploy again, or let what stands before the API pass CORS headers on.';
    return fail(`${missing.join(' and ')} not allowed`, advice, reply.ms);
  }
  return pass(`${ASKED.join(' and ')} allowed`, reply.ms);
}

const ASKED = ['authorization', 'if-none-match'];

function sendPreflight({ url, timeoutMs, signal }: DoctorContext, origin: string): Promise<Reply> {
  const headers = {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': ASKED.join(','),
  };
  return exchange(`${url}/streams`, { method: 'OPTIONS', headers, timeoutMs, signal });
}

/** The entries of a header that is a list, in lower case. */
function listed({ headers }: Reply, name: string): string[] {
  return (headers.get(name) ?? '').split(',').map((entry) => entry.trim().toLowerCase());
}
