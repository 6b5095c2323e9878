import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { type Item, toRoomFacts } from '../../lib/dynamodb/items.ts';
import { headKey } from '../../lib/dynamodb/keys.ts';
import { closedUpdate, headUpdate } from '../../lib/dynamodb/requests.ts';
import { judge } from '../../lib/streams/rules.ts';
import { blankSession, merge, type Session } from '../../lib/streams/session.ts';
import { runUpdate } from '../dynamodb/memory-engine.ts';
import { history, LONG, orders, SEED, typed } from './histories.ts';
import { model, nameOf, type PlainEvent, type Seen } from './model.ts';

// Without a store: what the product merges and judges is what the model answers, whatever the order.

const ORDERS = 3;
const EXPIRES_AT = 1e9;

const ran = { histories: 0, orders: 0, live: 0, told: 0, superseded: 0, room_closed: 0 };
afterAll(() => {
  console.log(`histories: ${ran.histories}, orders: ${ran.orders}, seed ${SEED}, sessions: ${JSON.stringify(ran)}`);
});

/** What readers see once these callbacks have come, one after another. */
function product(events: readonly PlainEvent[]): Map<string, Seen> {
  const sessions = new Map<string, Session>();
  let rooms: ReadonlyMap<string, Item> = new Map();
  for (const event of events.map(typed)) {
    if (event.event === 'room_create') rooms = runUpdate(headUpdate(event, EXPIRES_AT, 0), rooms);
    else if (event.event === 'room_close') rooms = runUpdate(closedUpdate(event, EXPIRES_AT, 0), rooms);
    else sessions.set(nameOf(event), merge(sessions.get(nameOf(event)) ?? blankSession(event), event, 0));
  }
  return new Map(
    [...sessions].map(([name, session]): [string, Seen] => {
      const { room_id, create_time_ms, close } = session;
      const siblings = [...sessions.values()].filter(
        (one) => one.stream_id === session.stream_id && one.room_id === session.room_id && one.appid === session.appid,
      );
      const facts = [...rooms.values()].filter(({ room }) => room === headKey(session).room);
      const verdict = judge(siblings, toRoomFacts(facts))[siblings.indexOf(session)];
      const seen = { room_id, create_time_ms };
      if (verdict === 'live') return [name, { ...seen, state: 'live' }];
      if (verdict === undefined || (verdict === 'told' && close === null)) throw new Error(`no verdict for ${name}`);
      const { end_reason, end_time_ms } =
        verdict === 'told' && close !== null ? close : (verdict as Exclude<typeof verdict, string>);
      return [name, { ...seen, state: 'ended', end_reason, end_time_ms }];
    }),
  );
}

it.each([
  ['a history that ZEGO can tell', false, LONG ? 20_000 : 3000],
  ['one with sessions that change rooms, and ties in all that can tie', true, LONG ? 20_000 : 2000],
])('%s, in any order and with repeats: merged and judged as the model says', (_, odd, numRuns) => {
  const drawn = history({ odd }).chain((events) =>
    fc.tuple(fc.constant(events), ...Array.from({ length: ORDERS }, () => orders(events))),
  );
  fc.assert(
    fc.property(drawn, ([events, ...orderings]) => {
      const expected = model(events);
      ran.histories++;
      for (const seen of expected.values()) ran[kindOf(seen)]++;
      for (const order of orderings) {
        ran.orders++;
        const answered = product(order);
        expect(answered.size).toBe(expected.size);
        for (const [name, seen] of expected) expect(answered.get(name), name).toEqual(seen);
      }
    }),
    { numRuns, seed: SEED },
  );
  // Enough of what is rare to tell one rule from another.
  expect(ran.superseded).toBeGreaterThan(numRuns / 5);
  expect(ran.room_closed).toBeGreaterThan(numRuns / 50);
});

function kindOf(seen: Seen): 'live' | 'told' | 'superseded' | 'room_closed' {
  if (seen.state === 'live') return 'live';
  return seen.end_reason === 'superseded' || seen.end_reason === 'room_closed' ? seen.end_reason : 'told';
}
