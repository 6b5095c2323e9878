import { type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { apply } from '../../lib/streams/apply.ts';
import { readPage } from '../../lib/streams/list.ts';
import { readStream } from '../../lib/streams/lookup.ts';
import type { RoomEvent, StreamEvent } from '../../lib/zego/event.ts';
import { closeEvent, createEvent, roomCloseEvent, roomCreateEvent } from '../support/callback.ts';
import { freshTable, type TestTable } from '../support/engine.ts';

const NOW = 1_700_000_000_000;
const LIFETIMES = { maxLiveMs: 1e8, retentionMs: 1e8 };

type Event = StreamEvent | RoomEvent;

let db: TestTable;
let rooms = 0;
beforeAll(async () => {
  db = await freshTable();
});

/** The events of one story, told of a room of its own. */
type Story = (room: ReturnType<typeof newRoom>) => Event[];

function newRoom() {
  const room_id = `room-${++rooms}`;
  const stream = (stream_sid: string, seq: number, began: number, session = '1') => ({
    ...{ room_id, stream_id: `stream-${room_id}`, stream_sid, stream_seq: String(seq), room_session_id: session },
    create_time_ms: String(1e12 + began),
  });
  return {
    room_id,
    create: (...of: Parameters<typeof stream>) => createEvent(stream(...of)),
    close: (...of: Parameters<typeof stream>) => closeEvent({ ...stream(...of), type: '0' }),
    /** The same sid, in another room. */
    moved: (...of: Parameters<typeof stream>) => createEvent({ ...stream(...of), room_id: `${room_id}-b` }),
    opens: (room_session_id: string, ms: number) =>
      roomCreateEvent({ room_id, room_session_id, room_create_time: String(1e12 + ms) }),
    closes: (room_session_id: string, ms: number) =>
      roomCloseEvent({ room_id, room_session_id, room_close_time: String(1e12 + ms) }),
  };
}

/** Each ends with the callback that is cut short. */
const STORIES: [string, Story][] = [
  ['a create', ({ create }) => [create('s-1', 1, 0)]],
  ['a repeated create', ({ create }) => [create('s-1', 1, 0), create('s-1', 1, 0)]],
  ['a create that supersedes', ({ create }) => [create('s-1', 1, 0), create('s-2', 2, 9)]],
  [
    'a create that supersedes two',
    ({ create }) => [create('s-1', 1, 0), create('s-3', 3, 0, '2'), create('s-2', 2, 9)],
  ],
  ['a late create', ({ create }) => [create('s-2', 2, 9), create('s-1', 1, 0)]],
  ['a recreate', ({ create, close }) => [create('s-1', 1, 0), close('s-1', 2, 0), create('s-1', 3, 0)]],
  ['a recreate that supersedes', ({ create }) => [create('s-1', 1, 0), create('s-2', 2, 5), create('s-1', 3, 9)]],
  ['a recreate in another room', ({ create, moved }) => [create('s-1', 1, 0), create('s-2', 2, 5), moved('s-2', 3, 5)]],
  ['a close', ({ create, close }) => [create('s-1', 1, 0), close('s-1', 2, 0)]],
  ['a close that comes first', ({ close }) => [close('s-1', 2, 0)]],
  ['a close that supersedes', ({ create, close }) => [create('s-1', 1, 0), close('s-2', 3, 9)]],
  [
    'a close in another room than its create',
    ({ create, close, moved }) => [create('s-1', 1, 0), close('s-2', 3, 9), moved('s-2', 2, 9)],
  ],
  ['a create in a closed room', ({ create, closes }) => [closes('1', 5), create('s-1', 1, 0)]],
  ['a room that closes', ({ create, closes }) => [create('s-1', 1, 0), closes('1', 5)]],
  [
    'a room that closes under a restart',
    ({ create, closes }) => [create('s-1', 1, 0), create('s-2', 1, 5, '2'), closes('2', 9)],
  ],
  ['a room that opens again', ({ create, opens }) => [create('s-1', 1, 0), opens('2', 5000)]],
];

/** As the SDK reports a connection that broke. */
const cutOff = () => Object.assign(new Error('crashed'), { code: 'ECONNRESET' });

type Send = (command: Parameters<DynamoDBDocumentClient['send']>[0]) => Promise<unknown>;

/** The client of the tests, with something between it and the engine. */
function through(between: (command: object, send: () => Promise<unknown>) => Promise<unknown>): DynamoDBDocumentClient {
  const send: Send = (command) => between(command, () => db.client.send(command));
  return { send } as unknown as DynamoDBDocumentClient;
}

async function send(event: Event, client = db.client) {
  return apply(event, { store: db.store(NOW, { client }), nowMs: NOW, ...LIFETIMES });
}

/** What readers see, and what is stored, of every session that was told, without the room's name. */
async function outcome(room_id: string): Promise<unknown> {
  const options = { store: db.store(NOW), nowMs: NOW, ...LIFETIMES };
  const lists = ['', '-b'].map(async (b) => {
    const query = {
      kind: 'page',
      room_id: room_id + b,
      appid: undefined,
      order: 'oldest',
      limit: 100,
      cursor: undefined,
    } as const;
    return (await readPage(query, options)).readings.map(({ session }) => session.stream_sid);
  });
  const stream_id = `stream-${room_id}`;
  const { Items = [] } = await db.client.send(
    new QueryCommand({
      TableName: db.table,
      KeyConditionExpression: 'stream_id = :id',
      ExpressionAttributeValues: { ':id': stream_id },
    }),
  );
  const sessions = Items.map(async ({ stream_sid }) => {
    const reading = await readStream({ kind: 'stream', stream_id, stream_sid, appid: undefined }, options);
    const { version, ...session } = reading?.session ?? { version: 0 };
    return { session, ending: reading?.ending };
  });
  const all = { lists: await Promise.all(lists), sessions: await Promise.all(sessions) };
  return JSON.parse(JSON.stringify(all).replaceAll(room_id, 'room'));
}

/** What the story leaves when nothing goes wrong, and how many requests its last callback makes. */
async function undisturbed(story: Story): Promise<{ expected: unknown; requests: number }> {
  const room = newRoom();
  const events = story(room);
  for (const event of events.slice(0, -1)) await send(event);
  db.requests.length = 0;
  for (const event of events.slice(-1)) await send(event);
  const requests = db.requests.length;
  return { expected: await outcome(room.room_id), requests };
}

describe.each(STORIES)('%s', (_, story) => {
  it("that is cut short before or after any of its requests is completed by ZEGO's retry", async () => {
    const { expected, requests } = await undisturbed(story);
    for (let cut = 1; cut <= requests; cut++) {
      for (const when of ['before', 'after']) {
        const room = newRoom();
        const events = story(room);
        for (const event of events.slice(0, -1)) await send(event);
        let count = 0;
        const crash = through(async (__, forward) => {
          count += 1;
          // What was sent beside it may still land; nothing is sent after it.
          if (count > cut || (count === cut && when === 'before')) throw cutOff();
          const answer = await forward();
          if (count >= cut) throw cutOff();
          return answer;
        });
        const [last] = events.slice(-1) as [Event];
        await expect(send(last, crash)).rejects.toMatchObject({ code: 'store-unavailable' });
        await send(last);
        expect(await outcome(room.room_id)).toEqual(expected);
      }
    }
  });

  it('each of whose writes lands a second time, at once or at the end, leaves the same', async () => {
    const { expected } = await undisturbed(story);
    for (const late of [false, true]) {
      const room = newRoom();
      const writes: UpdateCommand[] = [];
      const again = async (command: UpdateCommand) => {
        await db.client.send(new UpdateCommand(command.input)).catch(({ name }) => {
          expect(name).toBe('ConditionalCheckFailedException');
        });
      };
      const echoing = through(async (command, forward) => {
        if (!(command instanceof UpdateCommand)) return forward();
        writes.push(command);
        const answer = await forward();
        if (!late) await again(command);
        return answer;
      });
      for (const event of story(room)) await send(event, echoing);
      if (late) for (const write of writes) await again(write);
      expect(writes.length).toBeGreaterThan(0);
      expect(await outcome(room.room_id)).toEqual(expected);
    }
  });
});
