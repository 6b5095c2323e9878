/**
 * Types of the API, for programs that read it: copy this file. `npm run types` makes it, do not change it by hand.
 */

export interface paths {
    "/callbacks/zego": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Receives a callback
         * @description One URL for every event group of ZEGO. A 2XX means that the event is stored, or is none that is kept. After any other answer ZEGO sends the callback again.
         *
         *     Needed is a right `signature` and a `timestamp` that is not too far from now. A body of more than 64 KiB is refused, and one that is nested deeper than 64 levels may be refused.
         *
         *     The body may be JSON, JSON that was URL-encoded as a whole, or a form with arrays as `rtmp_url[]=…` or `rtmp_url[0]=…`, whatever the Content-Type says. What begins with `{`, `[` or a quotation mark is taken for JSON.
         *
         *     Lengths count bytes of UTF-8. An id that is almost too long and has many characters from U+0000 to `$` may be refused.
         */
        post: operations["receiveCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Lists live streams
         * @description A page of the live list: use `limit`, `cursor`, `order`, `room_id` and `appid`.
         *
         *     Or what is live of up to 50 streams: repeat `stream_id`, alone or with `appid`. Each stream is answered once, in the order asked, and those that are not live are left out.
         */
        get: operations["listStreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/streams/{stream_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Shows one stream, live or ended
         * @description The newest live session of the stream, else its newest ended one. An ended session is kept for some time, 24 hours by default.
         */
        get: operations["getStream"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shows this document */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A session that is live. */
        LiveSession: {
            /**
             * @description The id of the stream.
             * @example stream_id
             */
            stream_id: string;
            /**
             * @description ZEGO's id of this publishing of the stream.
             * @example s-115205136669740000000000104
             */
            stream_sid: string;
            /**
             * @description Whether the session is live or has ended.
             * @constant
             */
            state: "live";
            /**
             * @description The AppID of the ZEGO project.
             * @example 1
             */
            appid: string;
            /**
             * @description The room that the stream is published in.
             * @example room1
             */
            room_id: string;
            /**
             * @description The session of the room. An integer of 64 bits, so it is a string. Null when ZEGO told none.
             * @example 1234567
             */
            room_session_id: string | null;
            /**
             * @description As ZEGO told it, else equal to `room_id`.
             * @example 0xb-0x1
             */
            channel_id: string;
            /**
             * @description Who publishes the stream. Null when ZEGO told nobody.
             * @example user1
             */
            user_id: string | null;
            /**
             * @description The name of who publishes the stream, or null.
             * @example user1_name
             */
            user_name: string | null;
            /**
             * @description As ZEGO told it, else equal to `user_id`.
             * @example publish
             */
            publish_id: string | null;
            /**
             * @description As ZEGO told it, else equal to `user_name`.
             * @example publish_name
             */
            publish_name: string | null;
            /**
             * @description The title of the stream, or null.
             * @example title
             */
            title: string | null;
            /**
             * @description As ZEGO told it, else equal to `stream_id`.
             * @example aaa
             */
            stream_alias: string;
            /**
             * @description Attributes of the stream: JSON in a string, as ZEGO told it, or null.
             * @example {"cid":0}
             */
            stream_attr: string | null;
            /**
             * @description The video codec, read out of `stream_attr`. Null when it is not known.
             * @example H.264
             * @enum {string|null}
             */
            codec: "H.264" | "H.264 SVC" | "VP8" | "H.265" | null;
            /**
             * @description What the publisher added to the stream, or null.
             * @example extra
             */
            extra_info: string | null;
            /**
             * @description Counts the changes of the room's streams.
             * @example 1
             */
            stream_seq: number;
            /**
             * @description 1 when ZEGO tells of a stream again that it told of before, else 0 or null.
             * @example 0
             */
            recreate: number | null;
            /**
             * @description When the stream started. Unix time in seconds, or null.
             * @example 1687981272
             */
            create_time: number | null;
            /**
             * @description When the stream started. Unix time in milliseconds.
             * @example 1687981272742
             */
            create_time_ms: number;
            /**
             * @description RTMP URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "rtmp://rtmp.wsdemo.zego.im/zegodemo/aaa",
             *       "rtmp://testplay.aliyun.zego.im/livestream/aaa"
             *     ]
             */
            rtmp_url: string[];
            /**
             * @description HLS URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "http://hls.wsdemo.zego.im/zegodemo/aaa/playlist.m3u8",
             *       "http://testplay.aliyun.zego.im/livestream/aaa.m3u8"
             *     ]
             */
            hls_url: string[];
            /**
             * @description HTTP-FLV URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "http://hdl.wsdemo.zego.im/zegodemo/aaa.flv",
             *       "http://testplay.aliyun.zego.im/livestream/aaa.flv"
             *     ]
             */
            hdl_url: string[];
            /**
             * @description Snapshot URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "http://pic.wsdemo.zego.im/zegodemo/aaa.jpg"
             *     ]
             */
            pic_url: string[];
        };
        /** @description A session that has ended. */
        EndedSession: {
            /**
             * @description The id of the stream.
             * @example stream_id
             */
            stream_id: string;
            /**
             * @description ZEGO's id of this publishing of the stream.
             * @example s-115205136669740000000000104
             */
            stream_sid: string;
            /**
             * @description Whether the session is live or has ended.
             * @constant
             */
            state: "ended";
            /**
             * @description The AppID of the ZEGO project.
             * @example 1
             */
            appid: string;
            /**
             * @description The room that the stream is published in.
             * @example room1
             */
            room_id: string;
            /**
             * @description The session of the room. An integer of 64 bits, so it is a string. Null when ZEGO told none.
             * @example 1234567
             */
            room_session_id: string | null;
            /**
             * @description As ZEGO told it, else equal to `room_id`.
             * @example 0xb-0x1
             */
            channel_id: string;
            /**
             * @description Who publishes the stream. Null when ZEGO told nobody.
             * @example user1
             */
            user_id: string | null;
            /**
             * @description The name of who publishes the stream, or null.
             * @example user1_name
             */
            user_name: string | null;
            /**
             * @description As ZEGO told it, else equal to `user_id`.
             * @example publish
             */
            publish_id: string | null;
            /**
             * @description As ZEGO told it, else equal to `user_name`.
             * @example publish_name
             */
            publish_name: string | null;
            /**
             * @description The title of the stream, or null.
             * @example title
             */
            title: string | null;
            /**
             * @description As ZEGO told it, else equal to `stream_id`.
             * @example aaa
             */
            stream_alias: string;
            /**
             * @description Attributes of the stream: JSON in a string, as ZEGO told it, or null.
             * @example {"cid":0}
             */
            stream_attr: string | null;
            /**
             * @description The video codec, read out of `stream_attr`. Null when it is not known.
             * @example H.264
             * @enum {string|null}
             */
            codec: "H.264" | "H.264 SVC" | "VP8" | "H.265" | null;
            /**
             * @description What the publisher added to the stream, or null.
             * @example extra
             */
            extra_info: string | null;
            /**
             * @description Counts the changes of the room's streams.
             * @example 1
             */
            stream_seq: number;
            /**
             * @description 1 when ZEGO tells of a stream again that it told of before, else 0 or null.
             * @example 0
             */
            recreate: number | null;
            /**
             * @description When the stream started. Unix time in seconds, or null.
             * @example 1687981272
             */
            create_time: number | null;
            /**
             * @description When the stream started. Unix time in milliseconds. Null only when no create is known, but a close that tells no time.
             * @example 1687981272742
             */
            create_time_ms: number | null;
            /**
             * @description RTMP URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "rtmp://rtmp.wsdemo.zego.im/zegodemo/aaa",
             *       "rtmp://testplay.aliyun.zego.im/livestream/aaa"
             *     ]
             */
            rtmp_url: string[];
            /**
             * @description HLS URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "http://hls.wsdemo.zego.im/zegodemo/aaa/playlist.m3u8",
             *       "http://testplay.aliyun.zego.im/livestream/aaa.m3u8"
             *     ]
             */
            hls_url: string[];
            /**
             * @description HTTP-FLV URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "http://hdl.wsdemo.zego.im/zegodemo/aaa.flv",
             *       "http://testplay.aliyun.zego.im/livestream/aaa.flv"
             *     ]
             */
            hdl_url: string[];
            /**
             * @description Snapshot URLs to play or show the stream. Empty when ZEGO told none.
             * @example [
             *       "http://pic.wsdemo.zego.im/zegodemo/aaa.jpg"
             *     ]
             */
            pic_url: string[];
            /**
             * @description `stopped`, `heartbeat_timeout`, `relogin`, `kicked`, `disconnected`, `room_cleared` or `deleted`: a close of ZEGO told it. `close_type_N`: a close told another `type` N. `superseded`: a newer session of the stream is known. `room_closed`: its room closed. `expired`: nothing more came. Null: a close told no `type`, or the reason is no longer kept. Other values may come.
             * @example stopped
             */
            end_reason: string | null;
            /**
             * @description When the session ended. Unix time in milliseconds. Null when it is no longer kept.
             * @example 1666986067248
             */
            end_time_ms: number | null;
        };
        /** @description One publishing of a stream, named by `stream_id` and `stream_sid`. */
        Session: components["schemas"]["LiveSession"] | components["schemas"]["EndedSession"];
        /** @description A page of the live list, or what is live of some streams. */
        StreamList: {
            /** @description Live sessions, in order. */
            streams: components["schemas"]["LiveSession"][];
            /** @description Send it back as `cursor` to get the next page. Null on the last page. */
            next_cursor: string | null;
        };
        /**
         * @description What became of a callback.
         * @example {
         *       "result": "applied"
         *     }
         */
        Result: {
            /**
             * @description `applied`: stored. `unchanged`: a repeat, or what is stored is newer. `ignored`: an event that is not kept.
             * @enum {string}
             */
            result: "applied" | "unchanged" | "ignored";
        };
        /**
         * @description Why a request was refused or failed (RFC 9457).
         * @example {
         *       "type": "urn:zego-live-list:problem:invalid-parameter",
         *       "title": "A query parameter is unknown, repeated or out of range",
         *       "status": 400,
         *       "detail": "limit must be a whole number from 1 to 100."
         *     }
         */
        Problem: {
            /**
             * @description Which problem it is.
             * @enum {string}
             */
            type: "urn:zego-live-list:problem:body-too-large" | "urn:zego-live-list:problem:unreadable-body" | "urn:zego-live-list:problem:invalid-field" | "urn:zego-live-list:problem:bad-signature" | "urn:zego-live-list:problem:timestamp-outside-window" | "urn:zego-live-list:problem:unknown-appid" | "urn:zego-live-list:problem:store-unavailable" | "urn:zego-live-list:problem:internal-error" | "urn:zego-live-list:problem:token-required" | "urn:zego-live-list:problem:invalid-parameter" | "urn:zego-live-list:problem:invalid-cursor" | "urn:zego-live-list:problem:stream-not-found";
            /** @description The problem in a few words. */
            title: string;
            /**
             * @description The status of the answer.
             * @enum {integer}
             */
            status: 400 | 401 | 404 | 413 | 500 | 503;
            /** @description What is wrong here. It names fields and parameters, never values. */
            detail: string;
        };
        /**
         * @description API Gateway's own answer, when no function was reached or one broke off.
         * @example {
         *       "message": "Internal Server Error"
         *     }
         */
        GatewayMessage: {
            message?: string;
        };
        /** @description An OpenAPI document. */
        OpenApi: {
            openapi: string;
            info: {
                [key: string]: unknown;
            };
            paths: {
                [key: string]: unknown;
            };
        };
        /** @description A string or a number. */
        Text: string | number;
        /** @description SHA-1 in hexadecimal digits of the CallbackSecret, `timestamp` and `nonce`, sorted as bytes and joined. */
        Signature: string | number;
        /** @description The AppID of the ZEGO project: 1 to 20 digits. 401 when it is none of those configured here. */
        AppId: string | number;
        /** @description The id of the stream. At most 256 bytes of UTF-8. */
        StreamId: string | number;
        /** @description ZEGO's id of this publishing of the stream. At most 512 bytes of UTF-8. */
        StreamSid: string | number;
        /** @description The room. At most 512 bytes of UTF-8. */
        RoomId: string | number;
        /** @description The session of the room: an unsigned integer of 64 bits. At most 64 bytes of UTF-8. */
        RoomSessionId: string | number;
        /** @description Counts the changes of the room's streams. Up to 2^53-1. */
        StreamSeq: string | number;
        /** @description Unix time in milliseconds, up to 13 digits. */
        TimeMs: string | number;
        /** @description Unix time in seconds, up to 10 digits. */
        TimeSeconds: string | number;
        /** @description Unix time in seconds, or in milliseconds when it has 13 digits. 401 when it is further from now than the window that is configured, 600 seconds by default. */
        Timestamp: string | number;
        /** @description A callback of ZEGO: its envelope, and what the event tells. */
        Callback: {
            [key: string]: unknown;
        } & (components["schemas"]["Envelope"] & (components["schemas"]["StreamCreate"] | components["schemas"]["StreamClose"] | components["schemas"]["RoomCreate"] | components["schemas"]["RoomClose"] | components["schemas"]["OtherEvent"]));
        /** @description A callback as a form, which has no null. */
        CallbackForm: ({
            event?: string | number;
            timestamp?: string | number;
            nonce?: string | number;
            signature?: string | number;
            room_session_id?: string | number;
        } & {
            [key: string]: unknown;
        }) & components["schemas"]["Callback"];
        /** @description What every callback carries. `signature` covers `timestamp` and `nonce`, and no other field. */
        Envelope: {
            [key: string]: unknown;
        } & (({
            event: components["schemas"]["Text"];
        } | {
            event?: null;
            Event: components["schemas"]["Text"];
        }) & ({
            timestamp: components["schemas"]["Timestamp"];
        } | {
            timestamp?: null;
            Timestamp: components["schemas"]["Timestamp"];
        }) & ({
            nonce: components["schemas"]["Text"];
        } | {
            nonce?: null;
            Nonce: components["schemas"]["Text"];
        }) & ({
            signature: components["schemas"]["Signature"];
        } | {
            signature?: null;
            Signature: components["schemas"]["Signature"];
        }));
        /** @description A stream started, or ZEGO tells of it again. */
        StreamCreate: ({
            /** @constant */
            event: "stream_create";
            appid: components["schemas"]["AppId"];
            stream_sid: components["schemas"]["StreamSid"];
            stream_seq: components["schemas"]["StreamSeq"];
            /**
             * @description The room. Without a readable one, `channel_id` is needed.
             * @example room1
             */
            room_id?: unknown;
            /**
             * @description The session of the room, an unsigned integer of 64 bits.
             * @example 1234567
             */
            room_session_id?: unknown;
            /**
             * @description Who publishes the stream.
             * @example user1
             */
            user_id?: unknown;
            /**
             * @description The name of who publishes the stream.
             * @example user1_name
             */
            user_name?: unknown;
            /**
             * @description Equal to `room_id`, as ZEGO documents it.
             * @example 0xb-0x1
             */
            channel_id?: unknown;
            /**
             * @description The id of the stream. Without a readable one, `stream_alias` is needed.
             * @example stream_id
             */
            stream_id?: unknown;
            /**
             * @description The title of the stream.
             * @example title
             */
            title?: unknown;
            /**
             * @description Equal to `stream_id`, as ZEGO documents it.
             * @example aaa
             */
            stream_alias?: unknown;
            /**
             * @description JSON in a string. `cid` in it is the codec: 0 H.264, 1 H.264 SVC, 2 VP8, 3 H.265.
             * @example {"cid":0}
             */
            stream_attr?: unknown;
            /**
             * @description When the stream started. Unix time in seconds.
             * @example 1687981272
             */
            create_time?: unknown;
            /**
             * @description When the stream started. Unix time in milliseconds.
             * @example 1687981272742
             */
            create_time_ms?: unknown;
            /**
             * @description What the publisher added to the stream.
             * @example extra
             */
            extra_info?: unknown;
            /**
             * @description 1 when ZEGO tells of a stream again that it told of before.
             * @example 0
             */
            recreate?: unknown;
            /**
             * @description Equal to `user_id`, as ZEGO documents it.
             * @example publish
             */
            publish_id?: unknown;
            /**
             * @description Equal to `user_name`, as ZEGO documents it.
             * @example publish_name
             */
            publish_name?: unknown;
            /**
             * @description RTMP URLs: an array, or one URL.
             * @example [
             *       "rtmp://rtmp.wsdemo.zego.im/zegodemo/aaa",
             *       "rtmp://testplay.aliyun.zego.im/livestream/aaa"
             *     ]
             */
            rtmp_url?: unknown;
            /**
             * @description HLS URLs: an array, or one URL.
             * @example [
             *       "http://hls.wsdemo.zego.im/zegodemo/aaa/playlist.m3u8",
             *       "http://testplay.aliyun.zego.im/livestream/aaa.m3u8"
             *     ]
             */
            hls_url?: unknown;
            /**
             * @description HTTP-FLV URLs: an array, or one URL.
             * @example [
             *       "http://hdl.wsdemo.zego.im/zegodemo/aaa.flv",
             *       "http://testplay.aliyun.zego.im/livestream/aaa.flv"
             *     ]
             */
            hdl_url?: unknown;
            /**
             * @description Snapshot URLs: an array, or one URL.
             * @example [
             *       "http://pic.wsdemo.zego.im/zegodemo/aaa.jpg"
             *     ]
             */
            pic_url?: unknown;
        } & {
            [key: string]: unknown;
        }) & (({
            stream_id: components["schemas"]["StreamId"];
        } | {
            stream_alias: components["schemas"]["StreamId"];
        }) & ({
            room_id: components["schemas"]["RoomId"];
        } | {
            channel_id: components["schemas"]["RoomId"];
        }) & ({
            create_time_ms: components["schemas"]["TimeMs"];
        } | {
            create_time: components["schemas"]["TimeSeconds"];
        }));
        /** @description A stream ended. */
        StreamClose: ({
            /** @constant */
            event: "stream_close";
            appid: components["schemas"]["AppId"];
            stream_sid: components["schemas"]["StreamSid"];
            stream_seq: components["schemas"]["StreamSeq"];
            /**
             * @description The room. Without a readable one, `channel_id` is needed.
             * @example room1
             */
            room_id?: unknown;
            /**
             * @description The session of the room, an unsigned integer of 64 bits.
             * @example 123456789
             */
            room_session_id?: unknown;
            /**
             * @description Who publishes the stream.
             * @example user1
             */
            user_id?: unknown;
            /**
             * @description The name of who publishes the stream.
             * @example user1_name
             */
            user_name?: unknown;
            /**
             * @description Equal to `room_id`, as ZEGO documents it.
             * @example 0xb-0x1
             */
            channel_id?: unknown;
            /**
             * @description Why the stream ended: 0 stopped, 1 heartbeat timeout, 2 logged in again, 3 kicked out, 4 disconnected, 5 room cleared, 100 deleted.
             * @example 0
             */
            type?: unknown;
            /**
             * @description Equal to `stream_id`, as ZEGO documents it.
             * @example aaa
             */
            stream_alias?: unknown;
            /**
             * @description The id of the stream. Without a readable one, `stream_alias` is needed.
             * @example stream_id
             */
            stream_id?: unknown;
            /**
             * @description Not kept.
             * @example {"u":"S1lxOUxMN2tRZ3lIY0JMSUs3VlMxZz09"}
             */
            third_define_data?: unknown;
            /**
             * @description When the stream started. Unix time in milliseconds.
             * @example 1666786067353
             */
            create_time_ms?: unknown;
            /**
             * @description When the stream ended. Unix time in milliseconds. Without a readable one, `timestamp` counts.
             * @example 1666986067248
             */
            destroy_timemillis?: unknown;
        } & {
            [key: string]: unknown;
        }) & (({
            stream_id: components["schemas"]["StreamId"];
        } | {
            stream_alias: components["schemas"]["StreamId"];
        }) & ({
            room_id: components["schemas"]["RoomId"];
        } | {
            channel_id: components["schemas"]["RoomId"];
        }));
        /** @description A room opened. */
        RoomCreate: {
            /** @constant */
            event: "room_create";
            appid: components["schemas"]["AppId"];
            room_id: components["schemas"]["RoomId"];
            room_session_id: components["schemas"]["RoomSessionId"];
            room_create_time: components["schemas"]["TimeMs"];
            /**
             * @description Not kept.
             * @example id123
             */
            id_name?: unknown;
        } & {
            [key: string]: unknown;
        };
        /** @description A room closed. Its streams end. */
        RoomClose: {
            /** @constant */
            event: "room_close";
            appid: components["schemas"]["AppId"];
            room_id: components["schemas"]["RoomId"];
            room_session_id: components["schemas"]["RoomSessionId"];
            /**
             * @description Not kept.
             * @example 1
             */
            close_reason?: unknown;
            /**
             * @description When the room closed. Unix time in milliseconds. Without a readable one, `timestamp` counts.
             * @example 1499676989909
             */
            room_close_time?: unknown;
        } & {
            [key: string]: unknown;
        };
        /** @description An event that is not kept, also one of another product of ZEGO. */
        OtherEvent: ({
            event: components["schemas"]["Text"];
        } & {
            [key: string]: unknown;
        }) | ({
            /** @enum {string} */
            event: "room_create" | "room_close";
            /** @enum {unknown} */
            room_session_id?: null | "";
        } & {
            [key: string]: unknown;
        }) | ({
            event?: null;
            Event: components["schemas"]["Text"];
        } & {
            [key: string]: unknown;
        });
    };
    responses: {
        /** @description You have this answer already */
        NotModified: {
            headers: {
                ETag: components["headers"]["ETag"];
                "Cache-Control": components["headers"]["CacheControl"];
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description No bearer token, or a wrong one */
        TokenRequired: {
            headers: {
                "Cache-Control": components["headers"]["NoStore"];
                "WWW-Authenticate": components["headers"]["Challenge"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @enum {string} */
                    type?: "urn:zego-live-list:problem:token-required";
                } & components["schemas"]["Problem"];
            };
        };
        /** @description API Gateway takes no more requests at the moment */
        TooManyRequests: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "message": "Too Many Requests"
                 *     }
                 */
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
        /** @description API Gateway takes no URL and headers of more than 10,240 bytes together */
        RequestTooLong: {
            headers: {
                [name: string]: unknown;
            };
            content?: never;
        };
        /** @description This service has failed, or a function broke off: then API Gateway answers by itself */
        Failed: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @enum {string} */
                    type?: "urn:zego-live-list:problem:internal-error";
                } & components["schemas"]["Problem"];
                /**
                 * @example {
                 *       "message": "Internal Server Error"
                 *     }
                 */
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
        /** @description The store did not answer, or no function did: then API Gateway answers by itself */
        Unavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": {
                    /** @enum {string} */
                    type?: "urn:zego-live-list:problem:store-unavailable";
                } & components["schemas"]["Problem"];
                /**
                 * @example {
                 *       "message": "Service Unavailable"
                 *     }
                 */
                "application/json": components["schemas"]["GatewayMessage"];
            };
        };
    };
    parameters: {
        /**
         * @description How many sessions a page has.
         * @example 20
         */
        Limit: number;
        /** @description The `next_cursor` of the page before, with the same `order`, `room_id` and `appid`. It is opaque: do not build one. */
        Cursor: string;
        /**
         * @description Which sessions come first, by `create_time_ms`.
         * @example oldest
         */
        Order: "newest" | "oldest";
        /**
         * @description Only sessions of this room. At most 512 bytes of UTF-8.
         * @example room1
         */
        RoomId: string;
        /**
         * @description Only sessions of this AppID.
         * @example 1
         */
        AppId: string;
        /** @description Only live sessions of these streams, each id in a parameter of its own. At most 256 bytes of UTF-8 each. It goes with `appid`, and with no other parameter. */
        StreamIds: string[];
        /**
         * @description The stream. At most 256 bytes of UTF-8, percent-encoded.
         * @example stream_id
         */
        StreamId: string;
        /**
         * @description Just this session of the stream. At most 512 bytes of UTF-8.
         * @example s-115205136669740000000000104
         */
        StreamSid: string;
        /** @description The `ETag` of an answer that you have. When it is still right, the answer is 304 without a body. */
        IfNoneMatch: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description Names exactly this body. Send it back as `If-None-Match`. A proxy that compresses may make it a weak one.
         * @example "UWHs5c3v0eJ6CQM7eXvXNQg-VKBr-8E8oGSgKjcBmIc"
         */
        ETag: string;
        /**
         * @description How many seconds the answer may still be shown. `private` when a token is demanded.
         * @example private, max-age=2
         */
        CacheControl: string;
        /** @description Nobody may keep the answer. */
        NoStore: "no-store";
        /**
         * @description When to come again, in seconds. API Gateway does not send it.
         * @example 2
         */
        RetryAfter: string;
        /** @description How to show a token. */
        Challenge: "Bearer";
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    receiveCallback: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Callback"];
                "application/x-www-form-urlencoded": components["schemas"]["CallbackForm"];
            };
        };
        responses: {
            /** @description Stored, or an event that is not kept */
            200: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Result"];
                };
            };
            /** @description The body or a field cannot be read */
            400: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": {
                        /** @enum {string} */
                        type?: "urn:zego-live-list:problem:unreadable-body" | "urn:zego-live-list:problem:invalid-field";
                    } & components["schemas"]["Problem"];
                };
            };
            /** @description Not signed rightly, not in time, or of another app */
            401: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": {
                        /** @enum {string} */
                        type?: "urn:zego-live-list:problem:bad-signature" | "urn:zego-live-list:problem:timestamp-outside-window" | "urn:zego-live-list:problem:unknown-appid";
                    } & components["schemas"]["Problem"];
                };
            };
            /** @description The body is too large. Over 10 MB it is API Gateway that tells */
            413: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": {
                        /** @enum {string} */
                        type?: "urn:zego-live-list:problem:body-too-large";
                    } & components["schemas"]["Problem"];
                    /**
                     * @example {
                     *       "message": "Request Entity Too Large"
                     *     }
                     */
                    "application/json": components["schemas"]["GatewayMessage"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestTooLong"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    listStreams: {
        parameters: {
            query?: {
                /**
                 * @description How many sessions a page has.
                 * @example 20
                 */
                limit?: components["parameters"]["Limit"];
                /** @description The `next_cursor` of the page before, with the same `order`, `room_id` and `appid`. It is opaque: do not build one. */
                cursor?: components["parameters"]["Cursor"];
                /**
                 * @description Which sessions come first, by `create_time_ms`.
                 * @example oldest
                 */
                order?: components["parameters"]["Order"];
                /**
                 * @description Only sessions of this room. At most 512 bytes of UTF-8.
                 * @example room1
                 */
                room_id?: components["parameters"]["RoomId"];
                /**
                 * @description Only sessions of this AppID.
                 * @example 1
                 */
                appid?: components["parameters"]["AppId"];
                /** @description Only live sessions of these streams, each id in a parameter of its own. At most 256 bytes of UTF-8 each. It goes with `appid`, and with no other parameter. */
                stream_id?: components["parameters"]["StreamIds"];
            };
            header?: {
                /** @description The `ETag` of an answer that you have. When it is still right, the answer is 304 without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Live sessions */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["CacheControl"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StreamList"];
                };
            };
            304: components["responses"]["NotModified"];
            /** @description A parameter is refused */
            400: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": {
                        /** @enum {string} */
                        type?: "urn:zego-live-list:problem:invalid-parameter" | "urn:zego-live-list:problem:invalid-cursor";
                    } & components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRequired"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestTooLong"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    getStream: {
        parameters: {
            query?: {
                /**
                 * @description Just this session of the stream. At most 512 bytes of UTF-8.
                 * @example s-115205136669740000000000104
                 */
                stream_sid?: components["parameters"]["StreamSid"];
                /**
                 * @description Only sessions of this AppID.
                 * @example 1
                 */
                appid?: components["parameters"]["AppId"];
            };
            header?: {
                /** @description The `ETag` of an answer that you have. When it is still right, the answer is 304 without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /**
                 * @description The stream. At most 256 bytes of UTF-8, percent-encoded.
                 * @example stream_id
                 */
                stream_id: components["parameters"]["StreamId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A session of the stream */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["CacheControl"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            304: components["responses"]["NotModified"];
            /** @description A parameter is refused */
            400: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": {
                        /** @enum {string} */
                        type?: "urn:zego-live-list:problem:invalid-parameter";
                    } & components["schemas"]["Problem"];
                };
            };
            401: components["responses"]["TokenRequired"];
            /** @description Nothing is known of the stream, or not any more */
            404: {
                headers: {
                    "Cache-Control": components["headers"]["NoStore"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": {
                        /** @enum {string} */
                        type?: "urn:zego-live-list:problem:stream-not-found";
                    } & components["schemas"]["Problem"];
                };
            };
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestTooLong"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: {
                /** @description The `ETag` of an answer that you have. When it is still right, the answer is 304 without a body. */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description This document */
            200: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "Cache-Control": components["headers"]["CacheControl"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenApi"];
                };
            };
            304: components["responses"]["NotModified"];
            429: components["responses"]["TooManyRequests"];
            431: components["responses"]["RequestTooLong"];
            500: components["responses"]["Failed"];
            503: components["responses"]["Unavailable"];
        };
    };
}
