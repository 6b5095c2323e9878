import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Environment, isMissing, isParameter, NOT_BUILT, readConfig } from '../../config.ts';
import { DEFAULT_APPID } from '../target.ts';
import { type Callback, CLOSE } from '../zego/callbacks.ts';
import { createDelivery, describeAnswer } from '../zego/delivery.ts';
import { createRandom } from '../zego/random.ts';
import { World } from '../zego/world.ts';

/** A few rooms in which hosts go on air and off again, for ever. */
const ROOMS = ['music', 'cooking', 'chess', 'morning-run'];
const HOSTS = { mei: '小梅', arjun: 'Arjun', lucia: 'Lucía', noah: 'Noah', fatima: 'فاطمة', yuki: 'ゆき' };
const AT_MOST = 5;
const PAUSE_MS = 1500;
/** A killed app's session times out after 15 s or some more. */
const SPEED = 6;

/** By `type` of a `stream_close`. */
const ENDS: Readonly<Record<string, string>> = {
  [CLOSE.stop]: 'stopped',
  [CLOSE.heartbeat]: 'heartbeat_timeout',
  [CLOSE.relogin]: 'relogin',
  [CLOSE.kick]: 'kicked',
  [CLOSE.disconnect]: 'disconnected',
  [CLOSE.cleared]: 'room_cleared',
};

/** The demo needs no variable: it makes up a secret. What stands in Parameter Store is not read. */
export function demoEnvironment(environment: Environment): Environment {
  const shell: Environment = { ...environment, ...Object.fromEntries(NOT_BUILT.map((name) => [name, undefined])) };
  const isSet = (name: 'ZEGO_CALLBACK_SECRET' | 'LIST_TOKEN') =>
    !isMissing(name, shell) && !isParameter(readConfig([name], shell)[name]);
  return {
    ...shell,
    ...(isSet('ZEGO_CALLBACK_SECRET') ? {} : { ZEGO_CALLBACK_SECRET: randomBytes(16).toString('hex') }),
    ...(isSet('LIST_TOKEN') ? {} : { LIST_TOKEN: 'public' }),
  };
}

/**
 * Plays ZEGO: signed callbacks over HTTP, until it is closed.
 * @param url where the API listens
 * @param write gets a line for each event
 */
export function playDemo(url: string, environment: Environment, write: (line: string) => void) {
  const { ZEGO_CALLBACK_SECRET, ZEGO_APP_ID } = readConfig(['ZEGO_CALLBACK_SECRET', 'ZEGO_APP_ID'], environment);
  const [secret = ''] = isParameter(ZEGO_CALLBACK_SECRET) ? [] : ZEGO_CALLBACK_SECRET;
  const [appid = DEFAULT_APPID] = ZEGO_APP_ID;
  const stop = new AbortController();
  const { signal } = stop;
  const random = createRandom(randomBytes(4).readInt32LE());
  const world = new World({
    appid,
    run: randomBytes(4).toString('hex'),
    rooms: ROOMS,
    hosts: Object.entries(HOSTS).map(([user_id, user_name]) => ({ user_id, user_name })),
    streamId: ({ user_id }, room_id) => `${room_id}-${user_id}`,
    atMost: AT_MOST,
    sessions: Infinity,
    crash: 0.15,
    speed: SPEED,
    random,
  });
  const sent = { encoding: 'mixed', speed: SPEED, duplicate: 0, delay: 0, lose: 0 } as const;
  const deliver = createDelivery({ ...sent, url, secret, random, signal });
  /** The session that is live, by stream. */
  const live = new Map<string, string>();

  async function tell(callbacks: readonly Callback[]): Promise<void> {
    for (const callback of callbacks) {
      const { answers } = await deliver(callback);
      const { event, fields } = callback;
      const { stream_id = '', stream_sid } = callback.kind === 'stream' ? callback.publishing : {};
      // A killed app that is back: its old session is still there.
      const restarted = event === 'stream_create' && live.has(stream_id);
      if (event === 'stream_create') live.set(stream_id, stream_sid ?? '');
      if (event === 'stream_close' && live.get(stream_id) === stream_sid) live.delete(stream_id);
      const told = `${event.padEnd(13)}  ${fields.room_id.padEnd(11)}  ${stream_id.padEnd(18)}`;
      const answered = answers.map(describeAnswer).at(-1);
      const begins = fields.recreate === '1' ? '  (recreate)' : restarted ? '  (restart)' : '';
      const why = event === 'stream_close' ? `  (${ENDS[String(fields.type)]})` : begins;
      write(`${new Date().toISOString().slice(11, 19)}  ${told}  ${answered}, ${live.size} live${why}`);
    }
  }

  let announce = () => {};
  const ready = new Promise<void>((resolve) => {
    announce = resolve;
  });

  async function play(): Promise<void> {
    while (world.onAir().length < 3) await tell(world.begin(Date.now()));
    announce();
    while (!signal.aborted) {
      await wait(PAUSE_MS, undefined, { signal });
      await tell(world.advance(Date.now()));
      const onAir = world.onAir().length;
      const begins = onAir < 2 || (onAir < AT_MOST && random.chance(0.4));
      await tell(begins ? world.begin(Date.now()) : world.change(Date.now()));
    }
  }

  const played = play().catch((error: Error) => {
    if (!signal.aborted) write(`The demo stopped: ${error.message}`);
    announce();
  });
  return {
    /** Fulfilled when the first streams are on air, or when nothing more will come. */
    ready,
    close: async () => {
      stop.abort();
      await played;
    },
  };
}
