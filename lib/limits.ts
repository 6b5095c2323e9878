/** Longest ids in bytes of UTF-8, so that every key built of them fits DynamoDB's. ZEGO documents shorter ones. */
export const MAX_BYTES = { stream_id: 256, stream_sid: 512, room_id: 512, room_session_id: 64 } as const;

/** An AppID is 1 to 20 digits: an unsigned 64-bit integer has no more. */
export const APPID_PATTERN = '^[0-9]{1,20}$';
const APPID = new RegExp(APPID_PATTERN);

export function isAppid(text: string): boolean {
  return APPID.test(text);
}

/** Digits of a Unix time in ms: until the year 2286. Keys that sort by time are padded to them. */
export const TIME_MS_DIGITS = 13;
export const MAX_TIME_MS = 10 ** TIME_MS_DIGITS - 1;
/** The same of a Unix time in s. */
export const TIME_SECONDS_DIGITS = TIME_MS_DIGITS - 3;
export const MAX_TIME_SECONDS = 10 ** TIME_SECONDS_DIGITS - 1;

/** Largest body of a callback in bytes, after base64. A `stream_create` has about 2 kB. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Longest sort key of an index in bytes: DynamoDB's limit, and so the longest position of a page. */
export const MAX_SORT_KEY_BYTES = 1024;
