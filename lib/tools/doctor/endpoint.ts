import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { jsonOf } from '../client.ts';
import { probe } from './address.ts';
import { describe, type Finding, fail, learning, pass, skip, unexpected, warn } from './check.ts';
import type { DoctorContext } from './context.ts';

const DAY_MS = 86_400_000;

/** That the certificate is valid is known by now, or nothing had answered. */
export async function certificate({ url, timeoutMs, now }: DoctorContext): Promise<Finding> {
  const { protocol, hostname, port } = new URL(url);
  if (protocol === 'http:') return skip('http, on this machine only');
  const startMs = performance.now();
  const validTo = await certificateEnd(hostname.replace(/^\[|\]$/g, ''), Number(port || 443), timeoutMs);
  const ms = performance.now() - startMs;
  if (validTo === undefined) return pass('trusted', ms);
  const days = Math.floor((Date.parse(validTo) - now()) / DAY_MS);
  const until = `trusted, until ${new Date(validTo).toISOString().slice(0, 10)}`;
  if (days >= 14) return pass(until, ms);
  return warn(until, `The certificate ends in ${days} days: see that it is renewed. ZEGO refuses an expired one.`, ms);
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
const FAIL_MS = 300_000;
const WARN_MS = 5000;

/** How far the clocks are apart, as the `Date` header tells; from now on callbacks are signed by the deployment's. */
export async function clock(context: DoctorContext): Promise<Finding> {
  const reply = await probe(context, context.url);
  const dateMs = Date.parse(reply.headers.get('date') ?? '');
  if (Number.isNaN(dateMs)) return skip('the answers have no Date header');
  // The header has whole seconds: half a second is its mean error. It was written within the round trip.
  const aheadMs = dateMs + 500 - (context.now() - reply.ms / 2);
  const doubtMs = 500 + reply.ms / 2;
  const apartMs = Math.max(0, Math.abs(aheadMs) - doubtMs);
  const learned = apartMs > 1000 ? { aheadMs } : {};
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const apart = `the deployment's is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's`;
  const which = `Either may be wrong: AWS sets its own, so look at this machine's first (its time service).`;
  if (apartMs > FAIL_MS) {
    const refused = 'with timestamp-outside-window';
    return learning(
      fail(apart, `${which} If it is the deployment's, ZEGO's callbacks are refused ${refused}.`, reply.ms),
      learned,
    );
  }
  if (apartMs > WARN_MS) return learning(warn(apart, which, reply.ms), learned);
  return learning(pass(`within ${Math.max(1, Math.ceil(apartMs / 1000))} s of this machine's`, reply.ms), learned);
}

/** Whether the document that describes the API is there. */
export async function openApi(context: DoctorContext): Promise<Finding> {
  const reply = await context.get('/openapi.json');
  const { info, paths } = (jsonOf(reply) ?? {}) as { info?: { title?: unknown }; paths?: object };
  const isOurs = info?.title === 'zego-live-list' && paths !== undefined && '/callbacks/zego' in paths;
  if (reply.status === 200 && isOurs) return pass('describes this API', reply.ms);
  return unexpected(
    reply,
    'the OpenAPI document',
    'The deployment is another program or an older version, or what stands before it lets some paths through only.',
  );
}

/** Whether what is no route is not found. */
export async function unknownRoute(context: DoctorContext): Promise<Finding> {
  const reply = await context.get(`/${context.run}`);
  if (reply.status === 404) return pass(describe(reply), reply.ms);
  return unexpected(reply, '404', 'What stands before the API answers every path: let it pass answers on as they are.');
}
