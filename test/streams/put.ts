import { BatchWriteCommand } from '@aws-sdk/lib-dynamodb';
import { sessionAttributes } from '../../lib/dynamodb/items.ts';
import { blankSession, merge, withView } from '../../lib/streams/session.ts';
import type { StreamClose, StreamCreate } from '../../lib/zego/event.ts';
import type { TestTable } from '../support/engine.ts';

export interface PutOptions {
  nowMs: number;
  liveShards?: number;
  maxLiveMs: number;
  retentionMs: number;
}

/** Puts sessions as one event each leaves them when it comes alone; without the callbacks' reads, as they are many. */
export async function putSessions(
  { client, table }: TestTable,
  events: readonly (StreamCreate | StreamClose)[],
  { liveShards = 1, ...lifetimes }: PutOptions,
): Promise<void> {
  const puts = events.map((event) => {
    const { stream_id, stream_sid } = event;
    const blank = blankSession(event);
    const merged = merge(blank, event, lifetimes.nowMs);
    const session = withView(blank, merged, event.event === 'stream_create', lifetimes);
    return {
      PutRequest: { Item: { stream_id, stream_sid, version: 1, ...defined(sessionAttributes(session, liveShards)) } },
    };
  });
  for (let i = 0; i < puts.length; i += 25) {
    await client.send(new BatchWriteCommand({ RequestItems: { [table]: puts.slice(i, i + 25) } }));
  }
}

function defined(attributes: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
