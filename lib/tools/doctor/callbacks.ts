import { randomBytes } from 'node:crypto';
import { MAX_BODY_BYTES } from '../../limits.ts';
import { weaknessOf } from '../weak-secrets.ts';
import { RETRY_MS } from '../zego/delivery.ts';
import { describe, told } from './exchange.ts';
import { type Finding, fault, fine, remark, skipped, unexpected } from './finding.ts';
import { variantsOf } from './secrets.ts';
import type { Visit } from './visit.ts';

/** What a deployment must not take. It is sent with an event of which nothing is ever stored. */
export async function wrongSignature(visit: Visit): Promise<Finding> {
  const reply = await visit.tell(visit.harmless(), { secret: randomBytes(16).toString('hex') });
  if (told(reply) === 'bad-signature') return fine(describe(reply), reply.ms);
  if (reply.status < 300) {
    visit.unchecked = true;
    return fault(
      `${describe(reply)}: signatures are not checked`,
      'Anybody can put streams on the list and take them off. Deploy this version, with ZEGO_CALLBACK_SECRET set.',
      reply.ms,
    );
  }
  return unexpected(reply, '401 bad-signature');
}

/** Whether the deployment has the secret that is given; and if not, which mistake was made. */
export async function signature(visit: Visit): Promise<Finding> {
  if (visit.unchecked) return skipped('the deployment takes any');
  const reply = await visit.tell(visit.harmless());
  if (told(reply) === 'ignored') {
    const weakness = weaknessOf('ZEGO_CALLBACK_SECRET', visit.secret);
    if (weakness === undefined) return fine('a signed callback is taken', reply.ms);
    return fault('a callback signed with a well-known secret is taken', `ZEGO_CALLBACK_SECRET ${weakness}.`, reply.ms);
  }
  if (told(reply) === 'bad-signature') return { ...(await diagnose(visit)), ms: reply.ms };
  if (told(reply) === 'timestamp-outside-window') return { ...(await otherClock(visit)), ms: reply.ms };
  visit.without.secret = 'no signed callback is taken';
  return unexpected(reply, '200 ignored');
}

async function diagnose(visit: Visit): Promise<Finding> {
  const { secret = '', serverSecret, secretFrom } = visit.args;
  for (const { secret: variant, words, advice } of variantsOf({ secret, serverSecret, secretFrom })) {
    const reply = await visit.tell(visit.harmless(), { secret: variant });
    if (told(reply) !== 'bad-signature' && reply.status < 500) {
      visit.secret = variant;
      return fault(`401 bad-signature; taken ${words}`, advice);
    }
  }
  visit.without.secret = "the secret is not the deployment's";
  const hint = serverSecret === undefined ? ' --server-secret tests for the first.' : '';
  return fault(
    '401 bad-signature',
    `The deployment has another secret than ${secretFrom}. Usual mistakes: the ServerSecret instead of the CallbackSecret (both are 32 hex digits in ZEGO's console), white space in it, another project's, a deployment that was not deployed again since ZEGO_CALLBACK_SECRET changed. Compare both with the console.${hint}`,
  );
}

/** The clock that the functions go by may be another than that of the `Date` header. */
async function otherClock(visit: Visit): Promise<Finding> {
  const reply = await visit.tell(visit.harmless(), { nowMs: visit.now() });
  if (told(reply) === 'ignored' && visit.aheadMs !== 0) {
    visit.aheadMs = 0;
    return fault(
      "401 timestamp-outside-window by the deployment's Date header, taken by this machine's clock",
      'What stands before the API writes a wrong Date: set its clock. Until then the clock cannot be checked.',
    );
  }
  visit.without.secret = 'no callback is taken in time';
  return fault(
    '401 timestamp-outside-window',
    "The functions' clock is off, or SIGNATURE_WINDOW_SECONDS is very small: ZEGO's callbacks are refused too. Set it to 600 and deploy.",
  );
}

/** Whether the ServerSecret signs as well, which ZEGO uses for other things. */
export async function serverSecret(visit: Visit): Promise<Finding> {
  const { serverSecret: secret = '' } = visit.args;
  if (visit.unchecked) return skipped('the deployment takes any signature');
  if (visit.secret === secret) return skipped('taken: see signature');
  const reply = await visit.tell(visit.harmless(), { secret });
  if (told(reply) === 'bad-signature') return fine(`${describe(reply)}: it signs nothing`, reply.ms);
  if (reply.status < 300) {
    return fault(
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
export async function timestampWindow(visit: Visit): Promise<Finding> {
  const old = await visit.tell(visit.harmless(), { nowMs: 1000 });
  if (told(old) === 'ignored') {
    return remark(
      `${describe(old)}: however old a callback is, it is taken`,
      'Whoever has seen one signed callback can send what he likes, for ever. Unless SIGNATURE_WINDOW_SECONDS=0 is meant, set it to 600 and deploy.',
      old.ms,
    );
  }
  if (told(old) !== 'timestamp-outside-window') return unexpected(old, '401 timestamp-outside-window');
  const early = await visit.tell(visit.harmless(), { nowMs: 4_102_444_800_000 });
  if (told(early) !== 'timestamp-outside-window') {
    return unexpected(early, '401 timestamp-outside-window, for a callback of the future');
  }
  // By a clock that is off, nobody knows how old it is.
  if (visit.aheadMs !== 0) return fine(`${describe(old)}, either way`, old.ms);
  const retry = await visit.tell(visit.harmless(), { nowMs: visit.theirMs() - LAST_RETRY_MS });
  if (told(retry) === 'ignored') return fine(`${describe(old)}, either way`, old.ms);
  return remark(
    `${describe(retry)} for a callback of a minute ago`,
    "ZEGO's last retry comes 62 s after the first attempt, perhaps with its timestamp: set SIGNATURE_WINDOW_SECONDS to 600 and deploy.",
    retry.ms,
  );
}

/** A create that lacks all else is refused, but not before its appid was looked at. */
export async function appid(visit: Visit): Promise<Finding> {
  const reply = await visit.tell({ event: 'stream_create', fields: { appid: visit.args.appid } });
  if (told(reply) === 'unknown-appid') {
    visit.without.appid = 'the appid is not taken';
    if (visit.args.appidGiven) {
      return fault(
        describe(reply),
        "The appid is that of another project, or the deployment's ZEGO_APP_ID does not list it: compare both with ZEGO's console.",
        reply.ms,
      );
    }
    visit.without.appid = 'give --appid';
    return skipped('the deployment takes certain appids only', 'Give one of its ZEGO_APP_ID with --appid.');
  }
  if (told(reply) !== 'invalid-field') return unexpected(reply, '400 invalid-field');
  return fine('taken', reply.ms);
}

/** One of more than 64 KiB, and one of just less: unsigned, so that neither is stored. */
export async function largeBody(visit: Visit): Promise<Finding> {
  const body = (bytes: number) => `{"title":"${'x'.repeat(bytes - '{"title":""}'.length)}"}`;
  const large = await visit.post(body(MAX_BODY_BYTES + 1));
  if (told(large) !== 'body-too-large') return unexpected(large, '413 body-too-large');
  const allowed = await visit.post(body(MAX_BODY_BYTES));
  if (told(allowed) === 'invalid-field') return fine(`${describe(large)}, and 64 KiB are taken`, large.ms);
  return unexpected(
    allowed,
    '400 invalid-field',
    'What stands before the API takes no body of 64 KiB: raise its limit.',
  );
}

const REMARK_MS = 1000;
const FAULT_MS = 5000;

/** Nobody knows how long ZEGO waits. */
export async function latency({ callbackMs }: Visit): Promise<Finding> {
  if (callbackMs.length === 0) return skipped('no callback was sent');
  const median = callbackMs.toSorted((a, b) => a - b)[Math.floor(callbackMs.length / 2)] ?? 0;
  const note = `half of ${callbackMs.length} callbacks within ${Math.ceil(median)} ms`;
  const advice =
    'ZEGO may give up and come again. Look for a far region, and for throttling in the log and the metrics.';
  if (median > FAULT_MS) return fault(note, advice, median);
  return median > REMARK_MS ? remark(note, advice, median) : fine(note, median);
}
