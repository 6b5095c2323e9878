import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { knock } from './address.ts';
import { describe, jsonOf } from './exchange.ts';
import { type Finding, fault, fine, remark, skipped, unexpected } from './finding.ts';
import type { Visit } from './visit.ts';

const DAY_MS = 86_400_000;

/** That the certificate is valid is known by now, or nothing had answered. */
export async function certificate({ url, timeoutMs, now }: Visit): Promise<Finding> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'http:') return skipped('http, on this machine only');
  const startMs = performance.now();
  const validTo = await certificateEnd(hostname.replace(/^\[|\]$/g, ''), Number(port || 443), timeoutMs);
  const ms = performance.now() - startMs;
  if (validTo === undefined) return fine('trusted', ms);
  const days = Math.floor((Date.parse(validTo) - now()) / DAY_MS);
  const until = `trusted, until ${new Date(validTo).toISOString().slice(0, 10)}`;
  if (days >= 14) return fine(until, ms);
  return remark(
    until,
    `The certificate ends in ${days} days: see that it is renewed. ZEGO refuses an expired one.`,
    ms,
  );
}

function certificateEnd(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: isIP(host) > 0 ? '' : host, timeout: timeoutMs });
    const end = (validTo?: string) => {
      socket.destroy();
      resolve(validTo);
    };
    socket.once('secureConnect', () => end(socket.getPeerCertificate().valid_to));
    socket.once('timeout', () => end());
    socket.once('error', () => end());
  });
}

/** Half the default window: what ZEGO's retries and a slow network add must still fit. */
const FAULT_MS = 300_000;
const REMARK_MS = 5000;

/** How far the clocks are apart, as the `Date` header tells; from now on callbacks are signed by the deployment's. */
export async function clock(visit: Visit): Promise<Finding> {
  const reply = await knock(visit, visit.url);
  const dateMs = Date.parse(reply.headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return skipped('the answers have no Date header');
  // The header has whole seconds: half a second is its mean error. It was written within the round trip.
  const aheadMs = dateMs + 500 - (visit.now() - reply.ms / 2);
  const doubtMs = 500 + reply.ms / 2;
  const apartMs = Math.max(0, Math.abs(aheadMs) - doubtMs);
  if (apartMs > 1000) visit.aheadMs = aheadMs;
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const apart = `the deployment's is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  const which = `Either may be wrong: AWS sets its own, so look at this machine's first (its time service).`;
  if (apartMs > FAULT_MS) {
    const refused = 'with timestamp-outside-window';
    return fault(apart, `${which} If it is the deployment's, ZEGO's callbacks are refused ${refused}.`, reply.ms);
  }
  if (apartMs > REMARK_MS) return remark(apart, which, reply.ms);
  return fine(`within ${Math.max(1, Math.ceil(apartMs / 1000))} s of this machine's`, reply.ms);
}

/** Whether the document that describes the API is there. */
export async function openApi(visit: Visit): Promise<Finding> {
  const reply = await visit.get('/openapi.json');
  const { info, paths } = (jsonOf(reply) ?? {}) as { info?: { title?: unknown }; paths?: object };
  const isOurs = info?.title === 'zego-live-list' && paths !== undefined && '/callbacks/zego' in paths;
  if (reply.status === 200 && isOurs) return fine('describes this API', reply.ms);
  return unexpected(
    reply,
    'the OpenAPI document',
    'The deployment is another program or an older version, or what stands before it lets some paths through only.',
  );
}

/** Whether what is no route is not found. */
export async function unknownRoute(visit: Visit): Promise<Finding> {
  const reply = await visit.get(`/${visit.run}`);
  if (reply.status === 404) return fine(describe(reply), reply.ms);
  return unexpected(reply, '404', 'What stands before the API answers every path: let it pass answers on as they are.');
}
