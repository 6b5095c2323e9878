import { isDeepStrictEqual } from 'node:util';
import type { Listed } from '../live-list.ts';
import { count } from '../terminal.ts';
import type { StreamCallback } from '../zego/callbacks.ts';
import { DEPLOY, type Finding, fail, pass, warn } from './check.ts';
import type { DoctorContext } from './context.ts';
import { wrongFields } from './encodings.ts';

// The checks of the live list, when there are streams.

/** So many of the whole list are read at most. */
const PAGES = 10;

/** The sids of what should be live, oldest first. */
const oldest = ({ known: { live } }: DoctorContext) => sidsOf(live.map(({ publishing }) => publishing));
const newest = (context: DoctorContext) => oldest(context).toReversed();

export async function roomList(context: DoctorContext): Promise<Finding> {
  const { live, changed } = context.known;
  const expected = newest(context);
  const seen = await context.until(
    () => context.ofRoom(),
    (listed) => isDeepStrictEqual(sidsOf(listed), expected),
  );
  if (seen === undefined) return fail('no list', DEPLOY);
  const missing = expected.filter((sid) => !sidsOf(seen).includes(sid));
  if (missing.length > 0) {
    return fail(
      `${missing.length} of ${live.length} live streams are missing`,
      'The index of the room lags behind, or a cache does not go by the whole query.',
    );
  }
  const strange = seen.length - live.length;
  if (strange !== 0) {
    const words = `${count(Math.abs(strange), 'stream', 'streams')} too ${strange > 0 ? 'many' : 'few'}`;
    return fail(`${words} for this room_id`, DEPLOY);
  }
  if (!isDeepStrictEqual(sidsOf(seen), expected)) return fail('not newest first', DEPLOY);
  const exact = live.filter(({ publishing }) => !changed.includes(publishing.stream_sid));
  const wrong = [...new Set(exact.flatMap((callback) => wrongFields(entryOf(seen, callback), callback)))];
  if (wrong.length > 0) return fail(`${wrong.join(', ')} changed`, DEPLOY);
  return pass(`all ${seen.length} streams, newest first`);
}

/** Among everybody's: it is read from another index than that of a room. */
export async function wholeList(context: DoctorContext): Promise<Finding> {
  const expected = newest(context);
  const seen = await context.until(
    () => ownOfNewest(context, expected),
    (found) => isDeepStrictEqual(found?.sids, expected),
  );
  if (seen === undefined) return fail('no list', DEPLOY);
  const { sids, isEnd } = seen;
  if (isDeepStrictEqual(sids, expected)) return pass(`all ${sids.length} streams among the others, newest first`);
  if (sids.length === expected.length) return fail('not newest first', DEPLOY);
  const missing = `${expected.length - sids.length} of ${expected.length} live streams are missing`;
  if (!isEnd) {
    return warn(`${missing} among the newest ${PAGES * 100}`, 'Very much begins at the moment: try again later.');
  }
  return fail(
    missing,
    'The list reads fewer LIVE_SHARDS than callbacks write, or its index lags behind: deploy all functions together, with npx serverless deploy.',
  );
}

async function ownOfNewest(
  context: DoctorContext,
  own: readonly string[],
): Promise<{ sids: string[]; isEnd: boolean } | undefined> {
  const { startMs } = context.sessions;
  const sids: string[] = [];
  let path = context.freshQuery({});
  for (let i = 0; i < PAGES && sids.length < own.length; i++) {
    const page = await context.page(path);
    if (page === undefined) return undefined;
    sids.push(...sidsOf(page.streams).filter((sid) => own.includes(sid)));
    // What is older comes after all of ours.
    const isPast = page.streams.some(({ create_time_ms }) => Number(create_time_ms) < startMs);
    if (page.next_cursor === null || isPast) return { sids, isEnd: true };
    path = `/streams?${new URLSearchParams({ cursor: page.next_cursor, limit: '100' })}`;
  }
  return { sids, isEnd: false };
}

export async function pages(context: DoctorContext): Promise<Finding> {
  const expected = newest(context);
  const seen = await context.until(
    () => pageByPage(context),
    (sids) => isDeepStrictEqual(sids, expected),
  );
  if (isDeepStrictEqual(seen, expected)) return pass(`${seen.length} pages of one stream each`);
  return fail(
    `${seen.length} streams, page by page, instead of ${expected.length}`,
    'What stands before the API changes queries or mixes up cached pages: its cache must go by the whole query.',
  );
}

async function pageByPage(context: DoctorContext): Promise<string[]> {
  const sids: string[] = [];
  let cursor: string | null = '';
  // One more than there should be: a list that never ends is none.
  for (let i = 0; i <= context.known.live.length && cursor !== null; i++) {
    const query = { room_id: context.run, limit: '1', ...(cursor === '' ? {} : { cursor }) };
    const page = await context.page(`/streams?${new URLSearchParams(query)}`);
    if (page === undefined) break;
    sids.push(...sidsOf(page.streams));
    cursor = page.next_cursor;
  }
  return sids;
}

export async function order(context: DoctorContext): Promise<Finding> {
  const expected = oldest(context);
  const seen = await context.until(
    () => context.ofRoom({ order: 'oldest' }),
    (listed) => isDeepStrictEqual(sidsOf(listed), expected),
  );
  if (isDeepStrictEqual(sidsOf(seen), expected)) return pass('oldest first');
  return fail('order=oldest is not the list turned round', DEPLOY);
}

export async function byStreamId(context: DoctorContext): Promise<Finding> {
  const { live } = context.known;
  const asked = [live.at(-1), live[0]].flatMap((one) => (one === undefined ? [] : [one.publishing]));
  const query = new URLSearchParams(asked.map(({ stream_id }): [string, string] => ['stream_id', stream_id]));
  const seen = await context.until(
    async () => sidsOf((await context.page(`/streams?${query}`))?.streams),
    (sids) => isDeepStrictEqual(sids, sidsOf(asked)),
  );
  if (isDeepStrictEqual(seen, sidsOf(asked))) return pass('those asked for, in the order asked');
  return fail('not the streams that were asked for', DEPLOY);
}

/** In the order of the list. */
export function sidsOf(listed: readonly { stream_sid: string }[] = []): string[] {
  return listed.map(({ stream_sid }) => stream_sid);
}

function entryOf(listed: readonly Listed[], { publishing }: StreamCallback): Listed | undefined {
  return listed.find(({ stream_sid }) => stream_sid === publishing.stream_sid);
}
