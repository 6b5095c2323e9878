import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Environment, isMissing, readConfig } from '../config.ts';
import { sign } from '../zego/signature.ts';

/** A few rooms in which hosts go on air and off again, for ever. */
const ROOMS = ['music', 'cooking', 'chess', 'morning-run'];
const HOSTS = { mei: '小梅', arjun: 'Arjun', lucia: 'Lucía', noah: 'Noah', fatima: 'فاطمة', yuki: 'ゆき' };
const AT_MOST = 5;
const PAUSE_MS = 1500;

/** The encodings in which ZEGO sends a callback. */
const ENCODINGS = [
  (fields: Fields) => ({ type: 'application/json', body: JSON.stringify(fields) }),
  (fields: Fields) => ({ type: 'application/json', body: encodeURIComponent(JSON.stringify(fields)) }),
  (fields: Fields) => ({ type: 'application/x-www-form-urlencoded', body: new URLSearchParams(formEntries(fields)) }),
];

type Fields = Record<string, string | string[]>;

interface Stream {
  room_id: string;
  user_id: string;
  user_name: string;
  stream_id: string;
  stream_sid: string;
  create_time_ms: string;
}

/** The demo needs no variable: it makes a secret up. */
export function demoEnvironment(environment: Environment): Environment {
  if (!isMissing('ZEGO_CALLBACK_SECRET', environment)) return environment;
  return { ...environment, ZEGO_CALLBACK_SECRET: randomBytes(16).toString('hex') };
}

/**
 * Plays ZEGO: signed callbacks over HTTP, until it is closed.
 * @param url where the API listens
 * @param write gets a line for each event
 */
export function playDemo(url: string, environment: Environment, write: (line: string) => void) {
  const { ZEGO_CALLBACK_SECRET, ZEGO_APP_ID } = readConfig(['ZEGO_CALLBACK_SECRET', 'ZEGO_APP_ID'], environment);
  const [secret = ''] = ZEGO_CALLBACK_SECRET;
  const [appid = '1234567890'] = ZEGO_APP_ID;
  const stop = new AbortController();
  const seqs = new Map<string, number>();
  const sessions = new Map(ROOMS.map((room) => [room, `9${randomInt(2 ** 47)}`.padEnd(19, '7')]));
  let live: Stream[] = [];

  async function send(event: 'stream_create' | 'stream_close', stream: Stream, more: Fields): Promise<void> {
    const seq = (seqs.get(stream.room_id) ?? 0) + 1;
    seqs.set(stream.room_id, seq);
    const timestamp = String(Math.floor(Date.now() / 1000));
    const nonce = String(randomInt(2 ** 47));
    const { type, body } = pick(ENCODINGS)({
      event,
      appid,
      timestamp,
      nonce,
      signature: sign({ secret, timestamp, nonce }),
      ...stream,
      room_session_id: sessions.get(stream.room_id) ?? '',
      channel_id: stream.room_id,
      stream_alias: stream.stream_id,
      stream_seq: String(seq),
      ...more,
    });
    const answer = await fetch(`${url}/callbacks/zego`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
      signal: stop.signal,
    });
    const { result, detail } = (await answer.json()) as { result?: string; detail?: string };
    const told = `${event.padEnd(13)}  ${stream.room_id.padEnd(11)}  ${stream.stream_id.padEnd(18)}`;
    write(
      `${new Date().toISOString().slice(11, 19)}  ${told}  ${answer.status} ${result ?? detail}, ${live.length} live`,
    );
  }

  async function begin(): Promise<void> {
    const idle = ROOMS.flatMap((room_id) =>
      Object.entries(HOSTS).map(([user_id, user_name]) => ({ room_id, user_id, user_name })),
    ).filter(({ user_id }) => !live.some((stream) => stream.user_id === user_id));
    const host = pick(idle);
    const create_time_ms = Date.now();
    const stream_id = `${host.room_id}-${host.user_id}`;
    const stream = {
      ...host,
      stream_id,
      stream_sid: `s-${appid}${create_time_ms}${randomInt(1000)}`,
      create_time_ms: String(create_time_ms),
    };
    live.push(stream);
    await send('stream_create', stream, {
      title: `${host.user_name} · ${host.room_id} 100% live`,
      stream_attr: '{"cid":0}',
      create_time: String(Math.floor(create_time_ms / 1000)),
      recreate: '0',
      extra_info: '',
      rtmp_url: [`rtmp://rtmp.example.com/live/${stream_id}`],
      hls_url: [`http://hls.example.com/live/${stream_id}/playlist.m3u8`],
      hdl_url: [`http://hdl.example.com/live/${stream_id}.flv`],
      pic_url: [`http://pic.example.com/live/${stream_id}.jpg`],
    });
  }

  async function end(): Promise<void> {
    const stream = pick(live);
    live = live.filter((other) => other !== stream);
    await send('stream_close', stream, { type: '0', destroy_timemillis: String(Date.now()) });
  }

  async function play(): Promise<void> {
    for (let i = 0; i < 3; i++) await begin();
    while (!stop.signal.aborted) {
      await wait(PAUSE_MS, undefined, { signal: stop.signal });
      await (live.length < 2 || (live.length < AT_MOST && Math.random() < 0.5) ? begin() : end());
    }
  }

  const played = play().catch((error: Error) => {
    if (!stop.signal.aborted) write(`The demo stopped: ${error.message}`);
  });
  return {
    close: async () => {
      stop.abort();
      await played;
    },
  };
}

/** Arrays as `rtmp_url[0]`, as in ZEGO's form encoding. */
function formEntries(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : value.map((entry, i) => [`${name}[${i}]`, entry]),
  );
}

function pick<T>(from: readonly T[]): T {
  return from[randomInt(from.length)] as T;
}
