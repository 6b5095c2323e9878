import { randomBytes } from 'node:crypto';
import { MAX_BODY_BYTES } from '../../limits.ts';
import { type Reply, resultOf } from '../client.ts';
import { weaknessOf } from '../weak-secrets.ts';
import { RETRY_MS } from '../zego/delivery.ts';
import { describe, type Finding, fail, learning, pass, skip, unexpected, warn, without } from './check.ts';
import type { DoctorContext } from './context.ts';
import { variantsOf } from './secret-variants.ts';

/** What a deployment must not take. It is sent with an event of which nothing is ever stored. */
export async function wrongSignature(context: DoctorContext): Promise<Finding> {
  const reply = await context.send(context.harmless(), { secret: randomBytes(16).toString('hex') });
  if (resultOf(reply) === 'bad-signature') return pass(describe(reply), reply.ms);
  if (reply.status < 300) {
    const advice =
      'Anybody can put streams on the list and take them off. Deploy this version, with ZEGO_CALLBACK_SECRET set.';
    return learning(fail(`${describe(reply)}: signatures are not checked`, advice, reply.ms), { unchecked: true });
  }
  return unexpected(reply, '401 bad-signature');
}

/** Whether the deployment has the secret that is given; and if not, which mistake was made. */
export async function signature(context: DoctorContext): Promise<Finding> {
  if (context.known.unchecked) return skip('the deployment takes any');
  const reply = await context.send(context.harmless());
  if (resultOf(reply) === 'ignored') {
    const weakness = weaknessOf('ZEGO_CALLBACK_SECRET', context.known.secret);
    if (weakness === undefined) return pass('a signed callback is taken', reply.ms);
    return fail('a callback signed with a well-known secret is taken', `ZEGO_CALLBACK_SECRET ${weakness}.`, reply.ms);
  }
  if (resultOf(reply) === 'bad-signature') return { ...(await diagnose(context)), ms: reply.ms };
  if (resultOf(reply) === 'timestamp-outside-window') return { ...(await otherClock(context)), ms: reply.ms };
  return without('secret', 'no signed callback is taken', unexpected(reply, '200 ignored'));
}

async function diagnose(context: DoctorContext): Promise<Finding> {
  const { secret = '', serverSecret, secretFrom } = context.options;
  for (const { secret: variant, words, advice } of variantsOf({ secret, serverSecret, secretFrom })) {
    const reply = await context.send(context.harmless(), { secret: variant });
    if (resultOf(reply) !== 'bad-signature' && reply.status < 500) {
      return learning(fail(`401 bad-signature; taken ${words}`, advice), { secret: variant });
    }
  }
  const hint = serverSecret === undefined ? ' --server-secret tests for the first.' : '';
  const finding = fail(
    '401 bad-signature',
    `The deployment has another secret than ${secretFrom}. Usual mistakes: the ServerSecret instead of the CallbackSecret (both are 32 hex digits in ZEGO's console), white space in it, another project's, a deployment that was not deployed again since ZEGO_CALLBACK_SECRET changed. Compare both with the console.${hint}`,
  );
  return without('secret', "the secret is not the deployment's", finding);
}

/** The clock that the functions go by may be another than that of the `Date` header. */
async function otherClock(context: DoctorContext): Promise<Finding> {
  const reply = await context.send(context.harmless(), { nowMs: context.now() });
  if (resultOf(reply) === 'ignored' && context.known.aheadMs !== 0) {
    const finding = fail(
      "401 timestamp-outside-window by the deployment's Date header, taken by this machine's clock",
      'What stands before the API writes a wrong Date: set its clock. Until then the clock cannot be checked.',
    );
    return learning(finding, { aheadMs: 0 });
  }
  const finding = fail(
    '401 timestamp-outside-window',
    "The functions' clock is off, or SIGNATURE_WINDOW_SECONDS is very small: ZEGO's callbacks are refused too. Set it to 600 and deploy.",
  );
  return without('secret', 'no callback is taken in time', finding);
}

/** Whether the ServerSecret signs as well, which ZEGO uses for other things. */
export async function serverSecret(context: DoctorContext): Promise<Finding> {
  const { serverSecret: secret = '' } = context.options;
  if (context.known.unchecked) return skip('the deployment takes any signature');
  if (context.known.secret === secret) return skip('taken: see signature');
  const reply = await context.send(context.harmless(), { secret });
  if (resultOf(reply) === 'bad-signature') return pass(`${describe(reply)}: it signs nothing`, reply.ms);
  if (reply.status < 300) {
    return fail(
      `${describe(reply)}: the deployment holds the ServerSecret`,
      'Take the ServerSecret out of ZEGO_CALLBACK_SECRET, which holds CallbackSecrets only, and deploy.',
      reply.ms,
    );
  }
  return unexpected(reply, '401 bad-signature');
}

/** After the first attempt. */
const LAST_RETRY_MS = RETRY_MS.reduce((sum, ms) => sum + ms, 0);

/** A callback of 1970, one of 2100, and one that is as old as ZEGO's last retry. */
export async function timestampWindow(context: DoctorContext): Promise<Finding> {
  const old = await context.send(context.harmless(), { nowMs: 1000 });
  if (resultOf(old) === 'ignored') {
    return warn(
      `${describe(old)}: however old a callback is, it is taken`,
      'Whoever has seen one signed callback can send what he likes, for ever. Unless SIGNATURE_WINDOW_SECONDS=0 is meant, set it to 600 and deploy.',
      old.ms,
    );
  }
  if (resultOf(old) !== 'timestamp-outside-window') return unexpected(old, '401 timestamp-outside-window');
  const early = await context.send(context.harmless(), { nowMs: 4_102_444_800_000 });
  if (resultOf(early) !== 'timestamp-outside-window') {
    return unexpected(early, '401 timestamp-outside-window, for a callback of the future');
  }
  // By a clock that is off, nobody knows how old it is.
  if (context.known.aheadMs !== 0) return pass(`${describe(old)}, either way`, old.ms);
  const retry = await context.send(context.harmless(), { nowMs: context.theirMs() - LAST_RETRY_MS });
  if (resultOf(retry) === 'ignored') return pass(`${describe(old)}, either way`, old.ms);
  return warn(
    `${describe(retry)} for a callback of a minute ago`,
    "ZEGO's last retry comes 62 s after the first attempt, perhaps with its timestamp: set SIGNATURE_WINDOW_SECONDS to 600 and deploy.",
    retry.ms,
  );
}

/** A create that lacks all else is refused, but not before its appid was looked at. */
export async function appid(context: DoctorContext): Promise<Finding> {
  const reply = await context.send({ event: 'stream_create', fields: { appid: context.options.appid } });
  if (resultOf(reply) === 'unknown-appid') {
    return context.options.appidGiven ? otherAppid(reply) : noAppid();
  }
  if (resultOf(reply) !== 'invalid-field') return unexpected(reply, '400 invalid-field');
  return pass('taken', reply.ms);
}

function otherAppid(reply: Reply): Finding {
  const advice =
    "The appid is that of another project, or the deployment's ZEGO_APP_ID does not list it: compare both with ZEGO's console.";
  return without('appid', 'the appid is not taken', fail(describe(reply), advice, reply.ms));
}

function noAppid(): Finding {
  const finding = skip('the deployment takes certain appids only', 'Give one of its ZEGO_APP_ID with --appid.');
  return without('appid', 'give --appid', finding);
}

/** One of more than 64 KiB, and one of just less: unsigned, so that neither is stored. */
export async function largeBody(context: DoctorContext): Promise<Finding> {
  const body = (bytes: number) => `{"title":"${'x'.repeat(bytes - '{"title":""}'.length)}"}`;
  const large = await context.post(body(MAX_BODY_BYTES + 1));
  if (resultOf(large) !== 'body-too-large') return unexpected(large, '413 body-too-large');
  const allowed = await context.post(body(MAX_BODY_BYTES));
  if (resultOf(allowed) === 'invalid-field') return pass(`${describe(large)}, and 64 KiB are taken`, large.ms);
  return unexpected(
    allowed,
    '400 invalid-field',
    'What stands before the API takes no body of 64 KiB: raise its limit.',
  );
}

const WARN_MS = 1000;
const FAIL_MS = 5000;

/** Nobody knows how long ZEGO waits. */
export async function latency({ sent: { callbackMs } }: Pick<DoctorContext, 'sent'>): Promise<Finding> {
  if (callbackMs.length === 0) return skip('no callback was sent');
  const median = callbackMs.toSorted((a, b) => a - b)[Math.floor(callbackMs.length / 2)] ?? 0;
  const note = `half of ${callbackMs.length} callbacks within ${Math.ceil(median)} ms`;
  const advice =
    'ZEGO may give up and come again. Look for a far region, and for throttling in the log and the metrics.';
  if (median > FAIL_MS) return fail(note, advice, median);
  return median > WARN_MS ? warn(note, advice, median) : pass(note, median);
}
