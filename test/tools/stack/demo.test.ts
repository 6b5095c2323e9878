import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { demoEnvironment, playDemo } from '../../../lib/tools/stack/demo.ts';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { decodeBody } from '../../../lib/zego/body.ts';
import { parseEvent, type RoomEvent, type StreamEvent } from '../../../lib/zego/event.ts';
import { readEnvelope, verify } from '../../../lib/zego/signature.ts';

const SECRET = 'a-secret';

interface Sent {
  encoding: string;
  event: StreamEvent | RoomEvent;
}

/** A form, plain JSON, or JSON URL-encoded as a whole. */
function encodingOf(type: string | undefined, body: string): string {
  if (type?.startsWith('application/x-www-form-urlencoded')) return 'form';
  return body.startsWith('{') ? 'json' : 'encoded json';
}

describe('the simulated ZEGO', () => {
  const sent: Sent[] = [];
  const lines: string[] = [];
  const errors: unknown[] = [];
  const complete = () => sent.some(({ event }) => event.event === 'stream_close') && encodings().size === 3;
  const streams = () => sent.flatMap(({ event }) => ('stream_sid' in event ? [event] : []));
  const encodings = () => new Set(sent.map(({ encoding }) => encoding));

  let close: () => Promise<void>;
  beforeAll(async () => {
    let finished = () => {};
    const done = new Promise<void>((resolve) => {
      finished = resolve;
    });
    const server = createServer(async (request, response) => {
      try {
        const body = await text(request);
        const record = decodeBody(body, false);
        const verified = verify(readEnvelope(record), { secrets: [SECRET], windowSeconds: 60, nowMs: Date.now() });
        const event = parseEvent(record, verified, ['7']);
        if (event.event === 'not-kept' || request.url !== '/callbacks/zego') throw new Error(`odd request ${body}`);
        sent.push({ encoding: encodingOf(request.headers['content-type'], body), event });
      } catch (error) {
        errors.push(error);
      }
      response.end('{"result":"applied"}');
      if (complete() || errors.length > 0) finished();
    });
    const listening = await listen(server, 0, '');
    const environment = { ZEGO_CALLBACK_SECRET: `${SECRET},old`, ZEGO_APP_ID: '7' };
    const demo = playDemo(listening.url, environment, (line) => lines.push(line));
    close = async () => {
      await demo.close();
      await listening.close();
    };
    await done;
  });
  afterAll(() => close());

  it('sends nothing but callbacks that are signed afresh and complete', () => {
    expect(errors).toEqual([]);
    for (const { event } of sent) {
      expect(event).toMatchObject({ appid: '7', room_session_id: expect.stringMatching(/^\d{16,20}$/) });
    }
    for (const stream of streams()) expect(stream.channel_id).toBe(null);
  });

  it('sends them in every encoding that ZEGO has', () => {
    expect([...encodings()].sort()).toEqual(['encoded json', 'form', 'json']);
  });

  it('starts with three streams, and opens each room first', () => {
    expect(
      streams()
        .slice(0, 3)
        .map(({ event }) => event),
    ).toEqual(Array.from({ length: 3 }, () => 'stream_create'));
    const open = new Set<string>();
    for (const { event } of sent) {
      if (event.event === 'room_create') open.add(event.room_session_id);
      else expect(open).toContain(event.room_session_id);
    }
  });

  it('closes only what is live', () => {
    const live = new Set<string>();
    for (const { event, stream_sid } of streams()) {
      if (event === 'stream_create') live.add(stream_sid);
      else expect(live.delete(stream_sid)).toBe(true);
    }
  });

  it('keeps names, percent signs and URLs through every encoding', () => {
    for (const stream of streams()) {
      if (stream.event === 'stream_close') continue;
      expect(stream.title).toMatch(/ · .* 100% live$/);
      expect(stream.title?.startsWith(`${stream.user_name} `)).toBe(true);
      expect(stream.rtmp_url).toEqual([`rtmp://rtmp.example.com/live/${stream.stream_id}`]);
    }
  });

  it('tells a line for each, and behind it how a stream ended or that it is there again', () => {
    expect(lines.length).toBeGreaterThanOrEqual(sent.length - 1);
    for (const [i, line] of lines.entries()) {
      const [, word] = /^\d\d:\d\d:\d\d {2}\w+_\w+ .* 200 applied, \d live(?: {2}\((\w+)\))?$/.exec(line) ?? [line];
      const event = sent[i]?.event;
      expect(line.slice(10).split(' ')[0]).toBe(event?.event);
      if (event?.event === 'stream_close') expect(word).toBe(event.end_reason);
      else if (event?.event === 'stream_create' && event.recreate === 1) expect(word).toBe('recreate');
      else if (event?.event === 'stream_create') expect([undefined, 'restart']).toContain(word);
      else expect(word).toBe(undefined);
    }
  });
});

it('the demo makes a secret up where none is set on this machine, another one each time', () => {
  const made = () => demoEnvironment({ PORT: '0' }).ZEGO_CALLBACK_SECRET;
  expect(made()).toMatch(/^[0-9a-f]{32}$/);
  expect(made()).not.toBe(made());
  expect(demoEnvironment({ ZEGO_CALLBACK_SECRET: ' , ' }).ZEGO_CALLBACK_SECRET).toMatch(/^[0-9a-f]{32}$/);
  expect(demoEnvironment({ ZEGO_CALLBACK_SECRET: 'ssm:/a' }).ZEGO_CALLBACK_SECRET).toMatch(/^[0-9a-f]{32}$/);
  expect(demoEnvironment({ ZEGO_CALLBACK_SECRET: ' mine ', LIST_TOKEN: 'token' })).toEqual({
    ZEGO_CALLBACK_SECRET: ' mine ',
    LIST_TOKEN: 'token',
  });
});

it.each([{}, { LIST_TOKEN: ' , ' }, { LIST_TOKEN: 'ssm:/zego/token' }])('with %j its list is open', (environment) => {
  expect(demoEnvironment(environment).LIST_TOKEN).toBe('public');
});
