import { Problem } from '../errors.ts';
import type { Page, Reading } from '../streams/view.ts';

/** A page of the live list. */
export function pageAnswer({ readings, next_cursor }: Page) {
  return { streams: readings.map(sessionAnswer), next_cursor };
}

/**
 * One stream.
 * @throws Problem `stream-not-found`
 */
export function streamAnswer(reading: Reading | undefined) {
  if (reading === undefined) throw new Problem('stream-not-found', 'Nothing is known of this stream (any more).');
  return sessionAnswer(reading);
}

/**
 * A session as readers get it: ZEGO's fields under ZEGO's names. Each field that ZEGO documents as equal to another is
 * filled from it; what no event told is null, or an empty array of URLs. Fields come from the create, and while none
 * is known from the close.
 */
export function sessionAnswer({ session, ending }: Reading) {
  const told = session.create ?? session.close;
  return {
    stream_id: session.stream_id,
    stream_sid: session.stream_sid,
    state: ending === null ? 'live' : 'ended',
    appid: session.appid,
    room_id: session.room_id,
    room_session_id: session.room_session_id,
    channel_id: told?.channel_id ?? session.room_id,
    user_id: told?.user_id ?? null,
    user_name: told?.user_name ?? null,
    publish_id: told?.publish_id ?? told?.user_id ?? null,
    publish_name: told?.publish_name ?? told?.user_name ?? null,
    title: told?.title ?? null,
    stream_alias: told?.stream_alias ?? session.stream_id,
    stream_attr: told?.stream_attr ?? null,
    codec: told?.codec ?? null,
    extra_info: told?.extra_info ?? null,
    stream_seq: session.create_seq ?? session.close_seq,
    recreate: told?.recreate ?? null,
    create_time: told?.create_time ?? null,
    create_time_ms: told?.create_time_ms ?? null,
    rtmp_url: told?.rtmp_url ?? [],
    hls_url: told?.hls_url ?? [],
    hdl_url: told?.hdl_url ?? [],
    pic_url: told?.pic_url ?? [],
    ...(ending ?? {}),
  };
}
