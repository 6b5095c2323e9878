import { expect, it } from 'vitest';
import { toRegister } from '../../lib/dynamodb/items.ts';
import { closeUpdate, listingUpdate, sessionUpdate } from '../../lib/dynamodb/requests.ts';
import { closeEvent } from '../support/callback.ts';
import { sessionOf } from '../support/session.ts';

const NOW = 1_700_000_000_000;
const live = sessionOf({}, null, NOW);
const ended = sessionOf({}, {}, NOW);

it('a write of a session rests on the item that was read', () => {
  expect(sessionUpdate(live, live, 1).ConditionExpression).toBe('attribute_not_exists(#version)');
  const read = sessionUpdate({ ...live, version: 7 }, live, 1);
  expect(read.ConditionExpression).toBe('#version = :read');
  expect(read.ExpressionAttributeValues).toMatchObject({ ':read': 7 });
});

it('a listed session stays in its partition; one that has ended leaves all of them', () => {
  const { UpdateExpression } = sessionUpdate(live, live, 8);
  expect(UpdateExpression).toContain('#live_shard = if_not_exists(#live_shard, :live_shard)');
  expect(sessionUpdate(live, ended, 8).UpdateExpression).toContain('#live_shard = :live_shard');
  expect(listingUpdate(live, 8).UpdateExpression).toContain('#live_shard = if_not_exists(#live_shard, :live_shard)');
  expect(sessionUpdate(ended, live, 8).UpdateExpression).toMatch(
    / REMOVE #live_shard, #live_key, #live_room ADD #version :one$/,
  );
});

it('a write of the listing leaves the facts alone', () => {
  const { ExpressionAttributeNames } = listingUpdate({ ...live, version: 7 }, 1);
  expect(Object.values(ExpressionAttributeNames).sort()).toEqual([
    'expires_at',
    'live_key',
    'live_room',
    'live_shard',
    'version',
  ]);
});

it('a close that needs no read writes the same register as one that was read', () => {
  const close = { room_id: 'another room', channel_id: 'another room' };
  const { ExpressionAttributeValues } = closeUpdate(closeEvent(close), NOW / 1000, NOW);
  expect(ExpressionAttributeValues[':close']).toEqual(toRegister(sessionOf({}, close, NOW).close));
});

it('requests name and fill every placeholder that they use, and no other', () => {
  for (const update of [
    sessionUpdate(ended, live, 1),
    listingUpdate(live, 1),
    closeUpdate(closeEvent(), NOW / 1000, NOW),
  ]) {
    const used = `${update.UpdateExpression} ${update.ConditionExpression}`;
    expect(new Set(used.match(/#\w+/g))).toEqual(new Set(Object.keys(update.ExpressionAttributeNames)));
    expect(new Set(used.match(/:\w+/g))).toEqual(new Set(Object.keys(update.ExpressionAttributeValues)));
  }
});
