/** One line of the product, broken. */
export interface Mutation {
  name: string;
  file: string;
  /** Stands there once. */
  from: string;
  to: string;
  /** What has to be changed with it: also `from` and `to`. */
  and?: [string, string];
}

const APPLY = 'lib/streams/apply.ts';
const CACHE = 'lib/http/cache.ts';
const CURSOR = 'lib/streams/cursor.ts';
const ENGINE = 'lib/dynamodb/engine.ts';
const KEYS = 'lib/dynamodb/keys.ts';
const LIVE = 'lib/streams/list.ts';
const LOOKUP = 'lib/streams/lookup.ts';
const PARTITIONS = 'lib/dynamodb/partitions.ts';
const READING = 'lib/streams/view.ts';
const REQUESTS = 'lib/dynamodb/requests.ts';
const RULES = 'lib/streams/rules.ts';
const SECRETS = 'lib/runtime/secrets.ts';
const SESSION = 'lib/streams/session.ts';
const STORE = 'lib/dynamodb/store.ts';

const NO_FAST_PATH_CLAUSE = [
  ['the create is not newer', '#create_seq <= :close_seq AND (', 'attribute_exists(#create_seq) AND ('],
  ['the close is news', '(attribute_not_exists(#close_seq) OR #close_seq < :close_seq) AND #expires_at', '#expires_at'],
  [
    'no close is known yet',
    '(attribute_not_exists(#close_seq) OR #close_seq < :close_seq)',
    '(#close_seq < :close_seq)',
  ],
  [
    'a close that is known is older',
    '(attribute_not_exists(#close_seq) OR #close_seq < :close_seq)',
    'attribute_not_exists(#close_seq)',
  ],
  ['of the same seq is news', '#close_seq < :close_seq)', '#close_seq <= :close_seq)'],
  ['the item is not past its time', '#expires_at > :now', '#expires_at <> :now'],
].map(([name, from, to]) => ({ name: `fast close, without: ${name}`, file: REQUESTS, from, to }) as Mutation);

export const MUTATIONS: Mutation[] = [
  ...NO_FAST_PATH_CLAUSE,
  {
    name: 'fast close: does not take the session off the list',
    file: REQUESTS,
    from: 'expires_at, ...UNLISTED }',
    to: 'expires_at, live_key: undefined, live_room: undefined }',
  },
  {
    name: 'fast close: does not exist',
    file: APPLY,
    from: "if (event.event === 'stream_close' && (",
    to: 'if (event.event !== event.event && (',
  },
  {
    name: 'fast close: serves a close that does not end the session',
    file: REQUESTS,
    from: '#create_seq <= :close_seq',
    to: '#create_seq <> :close_seq',
  },
  {
    name: 'write: rests on no version',
    file: REQUESTS,
    from: "{ expression: '#version = :read', values: { ':read': version } }",
    to: "{ expression: '#version >= :read', values: { ':read': 0 } }",
  },
  {
    name: 'write: of a new item rests on nothing',
    file: REQUESTS,
    from: "{ expression: 'attribute_not_exists(#version)', values: {} }",
    to: "{ expression: 'attribute_not_exists(#version) OR #version > :read', values: { ':read': 0 } }",
  },
  {
    name: 'write: does not raise the version',
    file: REQUESTS,
    from: "':one': 1 }",
    to: "':one': 0 }",
  },
  {
    name: 'write: a close does not raise the version',
    file: REQUESTS,
    from: "ExpressionAttributeValues: { ...ExpressionAttributeValues, ':one': 1 }",
    to: "ExpressionAttributeValues: { ...ExpressionAttributeValues, ':one': 'live_room' in attributes && !('appid' in attributes) && 'close' in attributes ? 0 : 1 }",
  },
  {
    name: 'write: the view of a sibling rests on no version',
    file: REQUESTS,
    from: 'listingAttributes(standing, liveShards), condition',
    to: "listingAttributes(standing, liveShards), { expression: 'attribute_exists(stream_id)', values: {} }",
  },
  {
    name: 'room: of two closes the last counts',
    file: REQUESTS,
    from: '#room_close_time > :room_close_time',
    to: '#room_close_time <> :room_close_time',
  },
  {
    name: 'room: a close that is known is never news',
    file: REQUESTS,
    from: ' OR #room_close_time > :room_close_time',
    to: '',
  },
  {
    name: 'room: a close past its time counts as known',
    file: REQUESTS,
    from: '#room_close_time > :room_close_time OR #expires_at <= :now',
    to: '#room_close_time > :room_close_time OR (#expires_at <= :now AND #expires_at > :now)',
  },
  {
    name: 'room: the newest head does not count',
    file: REQUESTS,
    from: '#rank < :rank OR',
    to: '#rank <> :rank OR',
  },
  {
    name: 'room: a head that is known is never replaced',
    file: REQUESTS,
    from: '#rank < :rank OR',
    to: '',
  },
  {
    name: 'room: a head past its time counts as known',
    file: REQUESTS,
    from: '#rank < :rank OR #expires_at <= :now',
    to: '#rank < :rank OR (#expires_at <= :now AND #expires_at > :now)',
  },
  {
    name: 'room: ids of heads compare as text',
    file: KEYS,
    from: "room_session_id.padStart(64, '0')",
    to: 'room_session_id',
  },
  {
    name: 'room: tombstones are kept by room alone',
    file: KEYS,
    from: 'fact: CLOSED + room_session_id }',
    to: "fact: `${CLOSED}1${''.slice(room_session_id.length)}` }",
  },
  {
    name: 'room: is the same in every app',
    file: KEYS,
    from: 'room: `${appid}#${room_id}`',
    to: 'room: `${appid.slice(0, 0)}#${room_id}`',
  },
  {
    name: 'keys: an event that nothing could hold is not refused before it is written',
    file: APPLY,
    from: '  store.checkIds(event);\n',
    to: '',
  },
  {
    name: 'list: a session moves when LIVE_SHARDS is raised',
    file: REQUESTS,
    from: '`#${name} = if_not_exists(#${name}, :${name})`',
    to: '`#${name} = :${name}`',
  },
  {
    name: 'list: a session that was forgotten stays in its partition',
    file: REQUESTS,
    from: 'keepsShard: before.listed',
    to: 'keepsShard: true',
  },
  {
    name: 'list: a session that began at 0 is none',
    file: LIVE,
    from: '(session.create_time_ms ?? 0) === (entry.create_time_ms ?? 0)',
    to: 'session.create_time_ms === entry.create_time_ms',
  },
  {
    name: 'room: the fact is written after the index was read',
    file: APPLY,
    from: '    const entries = await store.liveEntries(query, LIVE_PAGE);\n',
    to: '    const entries = after === undefined ? early : await store.liveEntries(query, LIVE_PAGE);\n',
    and: [
      '  const applied = await store.saveRoomFact(',
      `  const early = await store.liveEntries(
    { order: 'oldest', room_id: event.room_id, appid: event.appid, storedSinceMs: 0, after: undefined },
    LIVE_PAGE,
  );
  const applied = await store.saveRoomFact(`,
    ],
  },
  {
    name: 'room: one page of the index is enough',
    file: APPLY,
    from: 'entries.length < LIVE_PAGE ? undefined : entries.at(-1)?.position',
    to: 'undefined',
  },
  {
    name: 'room: an unchanged fact ends nothing',
    file: APPLY,
    from: '  const { appid, room_id } = event;\n',
    to: "  if (!applied) return 'unchanged';\n  const { appid, room_id } = event;\n",
  },
  { name: 'room: what was asked is not asked of the facts', file: APPLY, from: 'ask(asked, event);', to: '' },
  {
    name: 'room: the room session of a newer create is not asked',
    file: APPLY,
    from: 'isToldLive(merged) && ask(asked, merged)',
    to: 'isToldLive(merged) === null',
  },
  {
    name: 'room: siblings of a room session that was not asked count as live',
    file: APPLY,
    from: 'if (live && sibling.room_session_id !== null && !asked.has(sibling.room_session_id)) unread.push(sibling);',
    to: 'if (asked.size < 0) unread.push(sibling);',
  },
  {
    name: 'room: siblings of a room session that was not asked stay as they are',
    file: APPLY,
    from: 'unread.push(sibling);',
    to: 'unread.pop();',
  },
  {
    name: 'loop: reads only before it writes',
    file: APPLY,
    from: '    await saveListings(changed, options);\n    for (const sibling of unread) ask(asked, sibling);\n  }\n  if (left',
    to: '    await saveListings(changed, options);\n    for (const sibling of unread) ask(asked, sibling);\n    break;\n  }\n  if (left',
  },
  {
    name: 'loop: what a room event ends is written once, and not looked at again',
    file: APPLY,
    from: '    await saveListings(changed, options);\n    for (const sibling of unread) ask(asked, sibling);\n  }\n}',
    to: '    await saveListings(changed, options);\n    for (const sibling of unread) ask(asked, sibling);\n    if (unread.length === 0) return;\n  }\n}',
  },
  {
    name: 'loop: an inferred ending is written as a close',
    file: SESSION,
    from: '  return { ...merged, listed: false, expires_at',
    to: '  return { ...merged, close_seq: merged.close_seq ?? merged.create_seq, listed: false, expires_at',
  },
  {
    name: 'loop: stops at unchanged',
    file: APPLY,
    from: 'if (after === before && changed.length === 0 && unread.length === 0) break;',
    to: 'if (merged === before) break;',
  },
  {
    name: 'loop: siblings are written before the own session',
    file: APPLY,
    from: '    own = after;\n    if (after !== before) {',
    to: '    await saveListings(changed, options);\n    own = after;\n    if (after !== before) {',
  },
  {
    name: 'loop: the own session alone is written',
    file: APPLY,
    from: '    await saveListings(changed, options);\n    for (const sibling of unread) ask(asked, sibling);\n  }\n  if (left',
    to: '    if (after === before) break;\n  }\n  if (left',
  },
  {
    name: 'loop: a refused write is taken as made',
    file: APPLY,
    from: '      if (!(await store.save(after, before))) {\n        options.onConflict?.();\n        own = undefined;\n        continue;\n      }\n',
    to: '      await store.save(after, before);\n',
  },
  {
    name: 'loop: a row that is newer than the item is not noticed',
    file: APPLY,
    from: ': row.version !== before.version',
    to: ': row.version < 0',
  },
  {
    name: 'loop: a session that was moved has its siblings where the event says',
    file: APPLY,
    from: '    if (!isSameRoom(merged, room)) {',
    to: '    if (!isSameRoom(merged, merged)) {',
  },
  {
    name: 'loop: a session that was moved by another callback is not noticed',
    file: APPLY,
    from: 'own !== undefined && siblings.length < SIBLINGS :',
    to: 'siblings.length < 0 :',
  },
  {
    name: 'loop: the room that the event tells is not settled where a newer create tells another',
    file: APPLY,
    from: '[own, left, room] = [before, room, merged];',
    to: '[own, room] = [before, merged];',
  },
  {
    name: 'loop: the room that a session leaves is not settled before',
    file: APPLY,
    from: '        await settle(stream_id, left, options, { without: stream_sid });\n',
    to: '',
  },
  {
    name: 'loop: the room that a session has left is not settled after',
    file: APPLY,
    from: '  if (left !== undefined) await settle(stream_id, left, options);\n',
    to: '',
  },
  {
    name: 'loop: a late create of a superseded session goes through the list',
    file: APPLY,
    from: "const after = withView(before, merged, verdict === 'live', options);",
    to: "const after = withView(before, merged, verdict === 'live' || (merged !== before && verdict !== 'told'), options);",
  },
  {
    name: 'merge: a create that comes after its close is dropped',
    file: SESSION,
    from: 'if (session.create_seq !== null && session.create_seq >= stream_seq) return session;',
    to: 'if (Math.max(session.create_seq ?? -1, session.close_seq ?? -1) >= stream_seq) return session;',
  },
  {
    name: 'merge: an older create counts',
    file: SESSION,
    from: 'session.create_seq >= stream_seq',
    to: 'session.create_seq === stream_seq',
  },
  {
    name: 'merge: an older close counts',
    file: SESSION,
    from: 'session.close_seq > stream_seq',
    to: 'session.close_seq > Number.MAX_SAFE_INTEGER',
  },
  {
    name: 'merge: of equal closes the last counts',
    file: SESSION,
    from: '(session.close?.end_time_ms ?? 0) <= event.end_time_ms',
    to: '(session.close?.end_time_ms ?? 0) === event.end_time_ms',
  },
  {
    name: 'merge: room and time come from the close',
    file: SESSION,
    from: 'return session.create === null ? { ...session, ...top, ...close } : { ...session, ...close };',
    to: 'return { ...session, ...top, ...close };',
  },
  {
    name: 'view: a told ending is the only one',
    file: APPLY,
    from: "    const live = verdicts[i] === 'live';",
    to: "    const live = verdicts[i] !== 'told';",
  },
  {
    name: 'rules: nothing is superseded',
    file: RULES,
    from: '&& isNewer(other, session)',
    to: '&& isNewer(other, other)',
  },
  {
    name: 'rules: only what is live supersedes',
    file: RULES,
    from: '&& isNewer(other, session)',
    to: '&& isToldLive(other) && isNewer(other, session)',
  },
  {
    name: 'rules: what only a close told of supersedes nothing',
    file: RULES,
    from: '&& isNewer(other, session)',
    to: '&& other.create_seq !== null && isNewer(other, session)',
  },
  {
    name: 'rules: the larger seq supersedes, whatever the times',
    file: RULES,
    from: 'if (theirs !== ours) return theirs > ours;',
    to: '',
  },
  {
    name: 'rules: no tie is decided',
    file: RULES,
    from: 'if (theirs !== ours) return theirs > ours;',
    to: 'if (ours > -1) return theirs > ours;',
  },
  {
    name: 'rules: seqs of two room sessions compare',
    file: RULES,
    from: 'other.room_session_id === session.room_session_id && ',
    to: '',
  },
  {
    name: 'rules: at a tie what only a close told of is newer',
    file: RULES,
    from: '(other.create_seq ?? -1)',
    to: '(other.create_seq ?? other.close_seq ?? -1)',
  },
  {
    name: 'rules: an equal seq is newer',
    file: RULES,
    from: '(other.create_seq ?? -1) > (session',
    to: '(other.create_seq ?? -1) >= (session',
  },
  {
    name: 'rules: a told ending is no ending',
    file: RULES,
    from: "if (!isToldLive(session)) return 'told';",
    to: "if (session.create_seq === null) return 'told';",
  },
  {
    name: 'rules: an equal close ends nothing',
    file: RULES,
    from: 'create_seq > (close_seq ?? -1)',
    to: 'create_seq >= (close_seq ?? -1)',
  },
  {
    name: 'rules: the last ending counts',
    file: RULES,
    from: 'a.end_time_ms - b.end_time_ms',
    to: 'b.end_time_ms - a.end_time_ms',
  },
  {
    name: 'rules: at equal times the room counts',
    file: RULES,
    from: '[...supersededBy(session, sessions), ...closedWith(session, room)]',
    to: '[...closedWith(session, room), ...supersededBy(session, sessions)]',
  },
  { name: 'rules: no room closes', file: RULES, from: 'if (closeTime !== undefined) times.push(closeTime);', to: '' },
  {
    name: 'rules: a room that opens again ends nothing',
    file: RULES,
    from: 'times.push(opened);',
    to: 'times.slice(opened);',
  },
  {
    name: 'rules: a room that opens again ends its own sessions',
    file: RULES,
    from: 'head !== null && head.room_session_id !== room_session_id',
    to: 'head !== null',
  },
  {
    name: 'rules: exactly 2 s is too long',
    file: RULES,
    from: '(create_time_ms ?? 0) < opened',
    to: '(create_time_ms ?? 0) <= opened',
  },
  { name: 'rules: no 2 s', file: RULES, from: 'opened - ROOM_OPENS_WITHIN_MS', to: 'opened' },
  {
    name: 'rules: a room session that was not told is another one',
    file: RULES,
    from: 'if (room_session_id === null) return [];',
    to: '',
  },
  {
    name: 'store: keys left unprocessed are absent',
    file: ENGINE,
    from: 'left = [...unprocessed, ...left.slice(BATCH)];',
    to: 'left = left.slice(BATCH);',
  },
  {
    name: 'store: 25 siblings at the most',
    file: STORE,
    from: 'siblingKeyOf(last) === siblingKeyOf(known(found)[0]) ||',
    to: '',
  },
  {
    name: 'store: what is past its time hides the others',
    file: STORE,
    from: ' || known(found).length === 0)',
    to: ')',
  },
  {
    name: 'store: facts past their time count',
    file: STORE,
    from: 'return toRoomFacts(known(rooms));',
    to: 'return toRoomFacts(rooms);',
  },
  {
    name: 'store: items past their time are known',
    file: STORE,
    from: 'item === undefined || isPast(item, nowMs) ?',
    to: 'item === undefined ?',
  },
  {
    name: 'reading: an inferred ending has no reason',
    file: READING,
    from: "if (typeof verdict === 'object') return verdict;",
    to: '',
  },
  {
    name: 'reading: expired comes first',
    file: READING,
    from: "if (typeof verdict === 'object') return verdict;",
    to: "if (typeof verdict === 'object' && !isExpired(session, options)) return verdict;",
  },
  {
    name: 'reading: newer siblings are not read',
    file: READING,
    from: 'judge([session, ...newer], facts)',
    to: 'judge([session, ...newer.slice(newer.length)], facts)',
  },
  {
    name: 'list: what has ended since the index was written',
    file: LIVE,
    from: 'isAt(session, entry, query) && isLive(session, options)',
    to: 'isAt(session, entry, query)',
  },
  {
    name: 'list: a session in the place that it has left',
    file: LIVE,
    from: 'session && isAt(session, entry, query) && ',
    to: 'session && ',
  },
  {
    name: 'list: a session that is in two shards',
    file: PARTITIONS,
    from: '.filter(({ position }, i, sorted) => position !== sorted[i - 1]?.position)',
    to: '',
  },
  {
    name: 'list: the last full page is not the last',
    file: LIVE,
    from: 'const last = i + 1 === entries.length;',
    to: 'const last = false;',
  },
  {
    name: 'list: a page is short where much has ended',
    file: LIVE,
    from: 'if (entries.length <= size) return { readings, next_cursor: null };',
    to: 'return { readings, next_cursor: after === undefined || entries.length <= size ? null : encodeCursor(after, query) };',
  },
  {
    name: 'list: after a page the next one begins a session too late',
    file: LIVE,
    from: '      after = entry.position;',
    to: '      after = entries[i + 1]?.position ?? entry.position;',
  },
  {
    name: 'list: some streams are not looked for again',
    file: LOOKUP,
    from: 'left = [...ended];',
    to: 'left = [];',
  },
  {
    name: 'list: some streams of any app',
    file: LOOKUP,
    from: '!isLive(session, options) || !isOf(appid, session)',
    to: '!isLive(session, options)',
  },
  {
    name: 'list: some streams in any order',
    file: LOOKUP,
    from: 'live.get(stream_id)?.sort(byNewest)',
    to: 'live.get(stream_id)',
  },
  {
    name: 'list: a cursor of another query',
    file: CURSOR,
    from: 'if (!queryDigest(query).equals(sealed.subarray(1, 1 + QUERY_BYTES))) {',
    to: 'if (sealed.length === 0) {',
  },
  {
    name: 'list: a cursor that is no key',
    file: CURSOR,
    from: ' && Buffer.byteLength(position) <= MAX_SORT_KEY_BYTES',
    to: '',
  },
  {
    name: 'list: an answer that is past is kept',
    file: CACHE,
    from: 'known !== undefined && ageMs < maxAgeMs',
    to: 'known !== undefined',
  },
  {
    name: 'list: the clock is set back',
    file: CACHE,
    from: 'if (nowMs < latestMs) for (const key of entries.keys()) drop(key);',
    to: '',
  },
  {
    name: 'list: the cache has no bound',
    file: CACHE,
    from: 'characters <= maxCharacters',
    to: 'true',
  },
  {
    name: 'secret: is kept for ever',
    file: SECRETS,
    from: 'isWithin(KEPT_MS, readMs, nowMs)',
    to: 'readMs > 0',
  },
  {
    name: 'secret: is read for every request',
    file: SECRETS,
    from: 'known !== undefined && isFresh ? known',
    to: 'known === null ? known',
  },
  {
    name: 'secret: every refusal makes it be read',
    file: SECRETS,
    from: 'if (!refused || isWithin(AGAIN_MS, triedMs, nowMs)) throw error;',
    to: 'if (!refused) throw error;',
  },
  {
    name: 'secret: no refusal makes it be read',
    file: SECRETS,
    from: 'if (!refused || isWithin(AGAIN_MS, triedMs, nowMs)) throw error;',
    to: 'throw error;',
  },
  {
    name: 'secret: any fault makes it be read',
    file: SECRETS,
    from: 'REFUSALS.includes(error.reason)',
    to: 'true',
  },
  {
    name: 'secret: what was read last is forgotten',
    file: SECRETS,
    from: 'if (known !== undefined) return known;',
    to: '',
  },
  {
    name: 'secret: one that was deleted goes on to count',
    file: SECRETS,
    from: "if ((error as Error).name === 'ParameterNotFound') known = undefined;",
    to: '',
  },
  {
    name: 'secret: a malformed one leaves the one before',
    file: SECRETS,
    from: '    known = undefined;\n    known = entriesOf',
    to: '    known = entriesOf',
  },
  {
    name: 'secret: public in a parameter',
    file: SECRETS,
    from: "entries !== 'public' && ",
    to: '',
  },
  {
    name: 'secret: an empty one is a list of nobody',
    file: SECRETS,
    from: ' && entries.length > 0',
    to: '',
  },
  {
    name: 'secret: a clock that is set back',
    file: SECRETS,
    from: 'Math.abs(nowMs - sinceMs) < ms',
    to: 'nowMs - sinceMs < ms',
  },
  {
    name: 'secret: an answer that never comes is awaited',
    file: SECRETS,
    from: 'await withDeadline(READ_MS, (signal) => readParameter(parameter, signal), timeout)',
    to: 'await readParameter(parameter)',
  },
];
