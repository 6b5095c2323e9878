import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../lib/errors.ts';
import { decodeBody, type ZegoRecord } from '../../lib/zego/body.ts';
import { parseEvent, type StreamClose, type StreamCreate } from '../../lib/zego/event.ts';
import type { Verified } from '../../lib/zego/signature.ts';

const EVENTS = ['stream_create', 'stream_close'] as const;
const TIMESTAMP_MS = 1_687_981_272_000;

const sample = (name: string) =>
  decodeBody(readFileSync(new URL(`../../lib/zego/samples/${name}.json`, import.meta.url), 'utf8'), false);
const SAMPLES = { stream_create: sample('stream_create'), stream_close: sample('stream_close') };

/** ZEGO's sample with some fields changed (undefined: absent), as it comes out of a body. */
const changed = (event: (typeof EVENTS)[number], changes: ZegoRecord) =>
  decodeBody(JSON.stringify({ ...SAMPLES[event], ...changes }), false);

const parse = (record: ZegoRecord, verified: Partial<Verified> = {}, appids: readonly string[] = []) =>
  parseEvent(
    record,
    { event: String(record.event), timestampMs: TIMESTAMP_MS, pascalCase: false, secret: 1, ...verified },
    appids,
  );
const create = (changes: ZegoRecord) => parse(changed('stream_create', changes));
const close = (changes: ZegoRecord, verified: Partial<Verified> = {}) =>
  parse(changed('stream_close', changes), verified);

const invalid = (field: string) =>
  expect.objectContaining({
    name: 'Problem',
    code: 'invalid-field',
    status: 400,
    message: expect.stringMatching(new RegExp(`\\b${field}\\b`)),
  });

const NO_TEXT: readonly (readonly [string, unknown])[] = [
  ['absent', undefined],
  ['empty', ''],
  ['null', null],
  ['a boolean', false],
  ['an object', { a: '1' }],
  ['an array', ['1']],
];
const NO_INTEGER: readonly (readonly [string, unknown])[] = [
  ...NO_TEXT,
  ...[-1, 1.5, '-1', '1.5', '+1', ' 1', '1 ', '0x10', '1e3', 'abc', '９', '9007199254740992', '9'.repeat(400)].map(
    (value) => [JSON.stringify(value).slice(0, 24), value] as const,
  ),
];
const NO_TIME_MS = [...NO_INTEGER, ['of 14 digits', '10000000000000'] as const];

describe('the documented samples', () => {
  it('stream_create', () => {
    expect(parse(SAMPLES.stream_create)).toEqual({
      event: 'stream_create',
      appid: '1',
      stream_id: 'stream_id',
      stream_sid: 's-115205136669740000000000104',
      stream_seq: 1,
      room_id: 'room1',
      room_session_id: '1234567',
      user_id: 'user1',
      user_name: 'user1_name',
      channel_id: '0xb-0x1',
      stream_alias: 'aaa',
      publish_id: 'publish',
      publish_name: 'publish_name',
      title: 'title',
      stream_attr: '{"cid":0}',
      codec: 'H.264',
      extra_info: 'extra',
      recreate: 0,
      create_time: 1687981272,
      create_time_ms: 1687981272742,
      rtmp_url: ['rtmp://rtmp.wsdemo.zego.im/zegodemo/aaa', 'rtmp://testplay.aliyun.zego.im/livestream/aaa'],
      hls_url: [
        'http://hls.wsdemo.zego.im/zegodemo/aaa/playlist.m3u8',
        'http://testplay.aliyun.zego.im/livestream/aaa.m3u8',
      ],
      hdl_url: ['http://hdl.wsdemo.zego.im/zegodemo/aaa.flv', 'http://testplay.aliyun.zego.im/livestream/aaa.flv'],
      pic_url: ['http://pic.wsdemo.zego.im/zegodemo/aaa.jpg'],
    } satisfies StreamCreate);
  });

  it('stream_close', () => {
    expect(parse(SAMPLES.stream_close)).toEqual({
      event: 'stream_close',
      appid: '1',
      stream_id: 'stream_id',
      stream_sid: 's-115205136669740000000000104',
      stream_seq: 700,
      room_id: 'room1',
      room_session_id: '123456789',
      user_id: 'user1',
      user_name: 'user1_name',
      channel_id: '0xb-0x1',
      stream_alias: 'aaa',
      publish_id: null,
      publish_name: null,
      title: null,
      stream_attr: null,
      codec: null,
      extra_info: null,
      recreate: null,
      create_time: null,
      create_time_ms: 1666786067353,
      rtmp_url: [],
      hls_url: [],
      hdl_url: [],
      pic_url: [],
      end_reason: 'stopped',
      end_time_ms: 1666986067248,
    } satisfies StreamClose);
  });

  it('a close from before 2024 has neither session nor times of its own', () => {
    expect(close({ room_session_id: undefined, create_time_ms: undefined, destroy_timemillis: undefined })).toEqual({
      ...parse(SAMPLES.stream_close),
      room_session_id: null,
      create_time_ms: null,
      end_time_ms: TIMESTAMP_MS,
    });
  });
});

describe.each(EVENTS)('%s needs', (event) => {
  describe.each([
    ['stream_id', 'stream_alias'],
    ['stream_sid', undefined],
    ['room_id', 'channel_id'],
  ])('%s (or %s)', (field, fallback) => {
    it.each(NO_TEXT)('%s', (_, value) => {
      const changes = fallback === undefined ? { [field]: value } : { [field]: value, [fallback]: value };
      expect(() => parse(changed(event, changes))).toThrow(invalid(field));
    });
  });

  it.each(NO_INTEGER)('stream_seq: %s', (_, value) => {
    expect(() => parse(changed(event, { stream_seq: value }))).toThrow(invalid('stream_seq'));
  });

  it.each([
    ['01', 1],
    ['0', 0],
    [7, 7],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('stream_seq, and takes %j', (value, stream_seq) => {
    expect(parse(changed(event, { stream_seq: value }))).toMatchObject({ stream_seq });
  });
});

describe('the first readable of two counts', () => {
  it.each(NO_TEXT)('stream_alias when stream_id is %s', (_, stream_id) => {
    expect(create({ stream_id, stream_alias: 'b' })).toMatchObject({ stream_id: 'b', stream_alias: null });
  });

  it.each(NO_TEXT)('channel_id when room_id is %s', (_, room_id) => {
    expect(close({ room_id, channel_id: 'b' })).toMatchObject({ room_id: 'b', channel_id: null });
  });

  it('stream_alias and channel_id when the others are too long for a key', () => {
    expect(create({ stream_id: 'x'.repeat(257), room_id: 'x'.repeat(513) })).toMatchObject({
      stream_id: 'aaa',
      room_id: '0xb-0x1',
    });
  });

  it.each(NO_TIME_MS)('create_time when create_time_ms is %s', (_, create_time_ms) => {
    expect(create({ create_time_ms, create_time: '1687981273' })).toMatchObject({
      create_time: 1687981273,
      create_time_ms: 1687981273000,
    });
  });

  it.each([...NO_INTEGER, ['over 13 digits in ms', '10000000000'] as const])(
    'create_time is null when it is %s and create_time_ms is told',
    (_, create_time) => {
      expect(create({ create_time })).toMatchObject({ create_time: null, create_time_ms: 1687981272742 });
    },
  );

  it.each(NO_TIME_MS)('of two times that are %s, create_time_ms is named', (_, time) => {
    expect(() => create({ create_time_ms: time, create_time: time })).toThrow(invalid('create_time_ms'));
  });

  it.each(NO_TIME_MS)('timestamp when destroy_timemillis is %s', (_, destroy_timemillis) => {
    expect(close({ destroy_timemillis }, { timestampMs: 5000 })).toMatchObject({ end_time_ms: 5000 });
  });
});

describe('times', () => {
  it('have up to 13 digits in ms', () => {
    expect(create({ create_time: '9999999999', create_time_ms: undefined })).toMatchObject({
      create_time: 9999999999,
      create_time_ms: 9999999999000,
    });
    expect(create({ create_time_ms: '9999999999999' })).toMatchObject({ create_time_ms: 9999999999999 });
    expect(close({ destroy_timemillis: '9999999999999' })).toMatchObject({ end_time_ms: 9999999999999 });
  });

  it('may be 0', () => {
    expect(create({ create_time: '0', create_time_ms: '0' })).toMatchObject({ create_time: 0, create_time_ms: 0 });
    expect(close({ destroy_timemillis: 0 })).toMatchObject({ end_time_ms: 0 });
  });

  it('are numbers also when ZEGO sends numbers', () => {
    expect(create({ create_time: 1687981273, create_time_ms: 1687981273001 })).toMatchObject({
      create_time: 1687981273,
      create_time_ms: 1687981273001,
    });
    expect(close({ destroy_timemillis: 1687981273001 })).toMatchObject({ end_time_ms: 1687981273001 });
  });

  it.each(NO_TIME_MS)('of a close may miss: a create_time_ms that is %s is null', (_, create_time_ms) => {
    expect(close({ create_time_ms })).toMatchObject({ create_time_ms: null });
  });

  it.each([10_000_000_000_000, Number.POSITIVE_INFINITY])(
    'a timestamp of %d ms ends no stream: destroy_timemillis is named',
    (timestampMs) => {
      expect(() => close({ destroy_timemillis: undefined }, { timestampMs })).toThrow(invalid('destroy_timemillis'));
      expect(close({}, { timestampMs })).toMatchObject({ end_time_ms: 1666986067248 });
    },
  );
});

/** A text of exactly so many bytes, most of them in characters of several bytes. */
const ofBytes = (bytes: number, char: string) =>
  char.repeat(Math.floor(bytes / Buffer.byteLength(char))) + 'x'.repeat(bytes % Buffer.byteLength(char));

describe.each(EVENTS)('%s limits keys in bytes', (event) => {
  describe.each(['x', 'é', '直', '🎥'])('of %s', (char) => {
    it.each([
      ['stream_id', 256, { stream_alias: '' }],
      ['stream_sid', 512, {}],
      ['room_id', 512, { channel_id: '' }],
    ])('%s: %i', (field, limit, others) => {
      const value = ofBytes(limit, char);
      expect(parse(changed(event, { ...others, [field]: value }))).toMatchObject({ [field]: value });
      const longer = ofBytes(limit + 1, char);
      expect(() => parse(changed(event, { ...others, [field]: longer }))).toThrow(invalid(field));
    });

    it('the fallbacks like the fields themselves', () => {
      const fits = { stream_id: '', stream_alias: ofBytes(256, char), room_id: '', channel_id: ofBytes(512, char) };
      expect(parse(changed(event, fits))).toMatchObject({ stream_id: fits.stream_alias, room_id: fits.channel_id });
      expect(() => parse(changed(event, { ...fits, stream_alias: ofBytes(257, char) }))).toThrow(invalid('stream_id'));
      expect(() => parse(changed(event, { ...fits, channel_id: ofBytes(513, char) }))).toThrow(invalid('room_id'));
    });

    it('room_session_id: 64, and a longer one counts as absent', () => {
      const value = ofBytes(64, char);
      expect(parse(changed(event, { room_session_id: value }))).toMatchObject({ room_session_id: value });
      expect(parse(changed(event, { room_session_id: ofBytes(65, char) }))).toMatchObject({ room_session_id: null });
    });
  });
});

it.each(['8.58012925204410368E+17', '858012925204410368.0', '85801292520441036800e-2'])(
  'room_session_id "%s" in a string or a form is 858012925204410368',
  (room_session_id) => {
    const room_id = 'room1';
    const bodies = [
      JSON.stringify({ ...SAMPLES.stream_create, room_session_id }),
      String(new URLSearchParams({ ...SAMPLES.stream_create, room_session_id, rtmp_url: '' } as never)),
      JSON.stringify({ ...sample('room_close'), room_id, room_session_id }),
    ];
    for (const body of bodies) {
      expect(parse(decodeBody(body, false))).toMatchObject({ room_session_id: '858012925204410368' });
    }
  },
);

it.each(['858012925204410368', '18446744073709551615'])('room_session_id %s is the same as string or number', (id) => {
  const quoted = JSON.stringify({ ...SAMPLES.stream_create, room_session_id: id });
  for (const body of [quoted, quoted.replace(`"${id}"`, id)]) {
    expect(parse(decodeBody(body, false))).toMatchObject({ room_session_id: id });
  }
});

it('scalars may be numbers', () => {
  const fields = ['stream_id', 'stream_sid', 'room_id', 'user_id', 'user_name', 'title', 'extra_info'];
  expect(create(Object.fromEntries(fields.map((field) => [field, 42])))).toMatchObject(
    Object.fromEntries(fields.map((field) => [field, '42'])),
  );
});

describe('end_reason', () => {
  it.each([
    ['0', 'stopped'],
    ['1', 'heartbeat_timeout'],
    ['2', 'relogin'],
    ['3', 'kicked'],
    ['4', 'disconnected'],
    ['5', 'room_cleared'],
    ['100', 'deleted'],
    ['6', 'close_type_6'],
    ['99', 'close_type_99'],
    ['101', 'close_type_101'],
    ['9007199254740991', 'close_type_9007199254740991'],
  ])('type %s is %s', (type, end_reason) => {
    expect(close({ type })).toMatchObject({ end_reason });
    expect(close({ type: Number(type) })).toMatchObject({ end_reason });
  });

  it.each([...NO_INTEGER, ['constructor', 'constructor'] as const])('type %s is null', (_, type) => {
    expect(close({ type })).toMatchObject({ end_reason: null });
  });
});

describe('codec', () => {
  it.each([
    ['{"cid":0}', 'H.264'],
    ['{"cid":1}', 'H.264 SVC'],
    ['{"cid":2}', 'VP8'],
    ['{"cid":3}', 'H.265'],
    ['{"cid":"3"}', 'H.265'],
    [' { "other" : [1], "cid" : 2 } ', 'VP8'],
  ])('%s is %s', (stream_attr, codec) => {
    expect(create({ stream_attr })).toMatchObject({ stream_attr, codec });
  });

  it.each([
    '{"cid":9}',
    '{"cid":4}',
    '{"cid":-1}',
    '{"cid":0.5}',
    '{"cid":""}',
    '{"cid":"constructor"}',
    '{"cid":"length"}',
    '{"cid":null}',
    '{"cid":true}',
    '{"cid":[0]}',
    '{"cid":{"toString":0}}',
    '{"CID":0}',
    '{}',
    '[]',
    '[0]',
    'null',
    '0',
    '"cid"',
    '{',
    'cid',
  ])('%s has none, and is kept as it is', (stream_attr) => {
    expect(create({ stream_attr })).toMatchObject({ stream_attr, codec: null });
  });

  it('deep nesting has none', () => {
    expect(create({ stream_attr: '['.repeat(30_000) })).toMatchObject({ codec: null });
  });

  it.each(NO_TEXT)('a stream_attr that is %s has none', (_, stream_attr) => {
    expect(create({ stream_attr })).toMatchObject({ stream_attr: null, codec: null });
  });
});

describe.each(['rtmp_url', 'hls_url', 'hdl_url', 'pic_url'])('%s is an array of URLs', (field) => {
  const url = 'http://hls.example/a%2Fb.m3u8?auth_key=1-0-0-3f%2Bb%3D&t=a+b';
  const [a, b] = ['rtmp://a.example/x', 'RTMPS://B.Example:1935/X?k=%2f#f'];
  it.each<[string, unknown, string[]]>([
    ['of one', [url], [url]],
    ['in the order sent', [b, url, a, b], [b, url, a, b]],
    ['of a single text', url, [url]],
    ['without what is no text', [a, '', null, true, {}, [b], 7, url], [a, url]],
    ['without nested arrays and objects', [[a], { 0: a }, [[b]]], []],
    ['absent', undefined, []],
    ['empty', [], []],
    ['an empty text', '', []],
    ['null', null, []],
    ['a boolean', true, []],
    ['a number', 7, []],
    ['an object', { 0: a }, []],
    ['of a JSON text', JSON.stringify([a, b]), [a, b]],
    ['of a JSON text with white space', ` \n[ "${a}" ,\t"${b}" ] `, [a, b]],
    ['of a JSON text with escapes', '["rtmp:\\/\\/a.example\\/x"]', [a]],
    ['of an empty JSON text', '[]', []],
    ['of a JSON text as an entry', [JSON.stringify([a, b])], [a, b]],
    ['of JSON texts among URLs', [url, JSON.stringify([a]), '[]', b], [url, a, b]],
    ['of a JSON text, URLs only', `["${a}",7,null,"abc",["${b}"],{"a":"${b}"}]`, [a]],
    ['of a broken JSON text', `["${a}","${b}"`, []],
    ['of a text in brackets', '[object Object]', []],
  ])('%s', (_, value, expected) => {
    expect(create({ [field]: value })).toMatchObject({ [field]: expected });
    expect(close({ [field]: value })).toMatchObject({ [field]: expected });
  });

  it.each([
    'abc',
    'null',
    'undefined',
    '7',
    '-',
    '{}',
    '"rtmp://a.example/x"',
    'a.example/x',
    '//a.example/x',
    'rtmp:/a.example/x',
    'rtmp:a.example',
    'mailto:a@b.example',
    'javascript:alert(1)',
    'rtmp://',
    'http:///x',
    'http://?a=b',
    'http://[object Object]',
    'http://a.example:x/',
    '://a.example/x',
    '1rtmp://a.example/x',
    'see http://a.example/x',
  ])('drops text that is not a URL: %s', (value) => {
    expect(create({ [field]: value })).toMatchObject({ [field]: [] });
    expect(create({ [field]: [a, value, b] })).toMatchObject({ [field]: [a, b] });
  });

  it.each(['rtmp', 'rtmps', 'http', 'https', 'webrtc', 'srt', 'HTTP', 'x-a.b+c1'])(
    'keeps %s:// byte for byte',
    (scheme) => {
      for (const rest of [
        'a.example',
        'a_b.example:80/直播/%E7%9B%B4%2F..//c d?e=%&f=a+b&g[]=/',
        '10.0.0.1/live',
        '[::1]/x',
      ]) {
        expect(create({ [field]: `${scheme}://${rest}` })).toMatchObject({ [field]: [`${scheme}://${rest}`] });
      }
    },
  );

  it.each(['[]', '[0]', '%5B%5D', '%5B0%5D', ''])('reads JSON text in a form, under a key with "%s"', (index) => {
    const { [field]: _sent, ...rest } = SAMPLES.stream_create;
    const others = new URLSearchParams(
      Object.entries(rest).map(([name, value]): [string, string] => [name, String(value)]),
    );
    const urls = [a, 'rtmp://b.example/x'];
    for (const value of [JSON.stringify(urls), encodeURIComponent(JSON.stringify(urls))]) {
      expect(parse(decodeBody(`${field}${index}=${value}&${others}`, false))).toMatchObject({ [field]: urls });
    }
    expect(parse(decodeBody(`${others}&${field}${index}=[]`, false))).toMatchObject({ [field]: [] });
  });

  it.each([
    '['.repeat(65_536),
    '['.repeat(32_768) + ']'.repeat(32_768),
    `[${'"["'.repeat(16_000)}]`,
    `[${'["rtmp://a"],'.repeat(4_000)}0]`,
    ' '.repeat(65_536),
    `${'a'.repeat(65_000)}:/`,
    `${'a.'.repeat(30_000)}://`,
  ])('drops hostile text of 64 KiB: %#', (value) => {
    const urlsOf = (sent: unknown) => parse({ ...SAMPLES.stream_create, [field]: sent });
    expect(urlsOf(value)).toMatchObject({ [field]: [] });
    expect(urlsOf([value, a])).toMatchObject({ [field]: [a] });
    expect(urlsOf(Array.from({ length: 16_000 }, () => value.slice(0, 4)))).toMatchObject({ [field]: [] });
  });
});

describe('what is optional is null when it is', () => {
  const OPTIONAL = [
    'room_session_id',
    'user_id',
    'user_name',
    'channel_id',
    'stream_alias',
    'publish_id',
    'publish_name',
    'title',
    'stream_attr',
    'extra_info',
    'recreate',
    'create_time',
  ];
  it.each(NO_TEXT)('%s', (_, value) => {
    const broken = Object.fromEntries(OPTIONAL.map((field) => [field, value]));
    const nulls = Object.fromEntries(OPTIONAL.map((field) => [field, null]));
    expect(create(broken)).toEqual({ ...parse(SAMPLES.stream_create), ...nulls, codec: null });
    expect(close({ ...broken, type: value, create_time_ms: value })).toEqual({
      ...parse(SAMPLES.stream_close),
      ...nulls,
      end_reason: null,
      create_time_ms: null,
    });
  });

  it.each(NO_INTEGER)('recreate: %s', (_, recreate) => {
    expect(create({ recreate })).toMatchObject({ recreate: null });
  });

  it.each([
    ['0', 0],
    [1, 1],
  ])('recreate %j is a number', (value, recreate) => {
    expect(create({ recreate: value })).toMatchObject({ recreate });
  });
});

describe('twins', () => {
  it.each([
    ['channel_id', 'room_id'],
    ['stream_alias', 'stream_id'],
    ['publish_id', 'user_id'],
    ['publish_name', 'user_name'],
  ])('%s is null when it equals %s, and kept when not', (twin, field) => {
    expect(create({ [field]: 'a', [twin]: 'a' })).toMatchObject({ [field]: 'a', [twin]: null });
    expect(create({ [field]: 'a', [twin]: 'A' })).toMatchObject({ [field]: 'a', [twin]: 'A' });
  });

  it('user_id and user_name are told by their twins alone', () => {
    expect(create({ user_id: '', user_name: undefined })).toMatchObject({
      user_id: 'publish',
      publish_id: null,
      user_name: 'publish_name',
      publish_name: null,
    });
  });
});

it('a lone surrogate becomes U+FFFD', () => {
  const broken = [
    'stream_id',
    'stream_sid',
    'room_id',
    'room_session_id',
    'user_id',
    'user_name',
    'title',
    'extra_info',
  ];
  const record = Object.fromEntries(broken.map((field) => [field, '\ud83ca\udfa5🎥']));
  const expected = Object.fromEntries(broken.map((field) => [field, '\ufffda\ufffd🎥']));
  const url = 'rtmp://a.example/';
  const urls = { hls_url: [`${url}\ud800`], rtmp_url: `["${url}\\ud800"]` };
  expect(create({ ...record, ...urls })).toMatchObject({
    ...expected,
    hls_url: [`${url}\ufffd`],
    rtmp_url: [`${url}\ufffd`],
  });
});

it('fields that are not known change nothing', () => {
  const unknown = JSON.parse('{"__proto__":{"title":"x"},"constructor":1,"toString":null,"new_field":[{}]}');
  expect(create({ ...unknown, 'rtmp_url[a]': 'x' })).toEqual(parse(SAMPLES.stream_create));
});

describe('appid', () => {
  it.each([
    ['1', ['1']],
    ['1', ['2', '1']],
    ['1', []],
    ['12345678901234567890', []],
    [1, ['1']],
  ])('%s is accepted among %j', (appid, appids) => {
    for (const event of EVENTS) {
      expect(parse(changed(event, { appid }), {}, appids)).toMatchObject({ event, appid: String(appid) });
    }
  });

  it.each([
    ...NO_TEXT,
    ...['abc', '-1', '1.5', ' 1', '1e3', '１', '1,2', '1'.repeat(21)].map((appid) => [`'${appid}'`, appid] as const),
    ['-1', -1] as const,
  ])('%s is invalid, before every other field', (_, appid) => {
    for (const event of EVENTS) {
      for (const appids of [[], ['1']]) {
        expect(() => parse(changed(event, { appid, stream_id: '', stream_sid: '' }), {}, appids)).toThrow(
          invalid('appid'),
        );
      }
    }
  });

  it.each([[['2']], [['11', '01', '2']]])('1 is unknown among %j, before every other field', (appids) => {
    const unknown = expect.objectContaining({ name: 'Problem', code: 'unknown-appid', status: 401 });
    for (const event of EVENTS) {
      expect(() => parse(changed(event, { stream_id: '', stream_alias: '' }), {}, appids)).toThrow(unknown);
    }
  });
});

describe('an event that is not kept is a value, whatever its appid and fields', () => {
  const notKept = { event: 'not-kept' };
  it.each([
    'room_login',
    'room_logout',
    'mix_start',
    'mix_stop',
    'stream_created',
    'STREAM_CREATE',
    ' stream_create',
    'AgentJoined',
    '__proto__',
    'constructor',
    'not-kept',
  ])('%s', (event) => {
    expect(parse({ event }, {}, ['9'])).toEqual(notKept);
    expect(parse({ ...SAMPLES.stream_create, event }, {}, ['9'])).toEqual(notKept);
  });

  it.each(['room_create', 'room_close'])("%s without a room_session_id: ZIM's", (name) => {
    for (const room_session_id of [undefined, null, '']) {
      const zim = decodeBody(JSON.stringify({ ...sample(name), room_session_id, room_create_time: 'x' }), false);
      expect(parse(zim, {}, ['9'])).toEqual(notKept);
    }
  });

  it.each(EVENTS)('%s in a PascalCase envelope', (event) => {
    expect(parse({ Event: event, AppId: '1' }, { event, pascalCase: true }, ['9'])).toEqual(notKept);
  });
});

it('no detail repeats a value', () => {
  const value = 'live-key-3f2b'.repeat(50);
  for (const field of ['appid', 'stream_sid', 'stream_seq']) {
    expect(() => create({ [field]: value })).toThrow(invalid(field));
    expect(() => create({ [field]: value })).not.toThrow(/3f2b/);
  }
});

describe('any record gives an event or a problem', () => {
  const FIELDS = [...new Set(Object.values(SAMPLES).flatMap(Object.keys))].filter((field) => field !== 'event');
  const halfPairs = fc.string({
    unit: fc.integer({ min: 0xd7f0, max: 0xe00f }).map((unit) => String.fromCharCode(unit)),
  });
  const value = fc.oneof(
    fc.jsonValue(),
    fc.string({ unit: 'binary', maxLength: 300 }),
    halfPairs,
    fc.maxSafeNat(),
    fc.maxSafeNat().map(String),
    fc.bigInt({ min: 0n, max: 2n ** 64n }).map(String),
    fc.array(fc.oneof(fc.webUrl(), halfPairs), { maxLength: 3 }),
    fc.jsonValue().map((json) => JSON.stringify({ cid: json })),
  );
  const event = fc.constantFrom(...EVENTS);
  const randomRecord = fc.dictionary(fc.oneof(fc.constantFrom(...FIELDS), fc.string()), value, { maxKeys: 30 });
  const changes = fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 4 });

  function expectEventOrProblem(record: ZegoRecord, timestampMs: number) {
    let parsed: ReturnType<typeof parse>;
    try {
      parsed = parse(record, { timestampMs });
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      expect((error as Problem).code).toBe('invalid-field');
      return;
    }
    if (!('stream_id' in parsed)) throw new Error('a stream event that is not kept');
    const { appid, stream_id, stream_sid, room_id, room_session_id, stream_seq, create_time_ms } = parsed;
    expect(appid).toMatch(/^\d{1,20}$/);
    expectBytes(stream_id, 256);
    expectBytes(stream_sid, 512);
    expectBytes(room_id, 512);
    expectBytes(room_session_id ?? 'x', 64);
    expectInteger(stream_seq, Number.MAX_SAFE_INTEGER);
    expectInteger(create_time_ms ?? 0, 9_999_999_999_999);
    if (parsed.event === 'stream_create') expect(create_time_ms).not.toBeNull();
    else expectInteger(parsed.end_time_ms, 9_999_999_999_999);
    for (const text of Object.values(parsed).flat()) {
      if (typeof text === 'string') expect(text).toBe(text.toWellFormed());
      else if (text !== null) expectInteger(text, Number.MAX_SAFE_INTEGER);
    }
  }

  function expectBytes(text: string, limit: number) {
    expect(Buffer.byteLength(text)).toBeGreaterThan(0);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(limit);
  }

  function expectInteger(number: number, limit: number) {
    expect(Number.isSafeInteger(number)).toBe(true);
    expect(number).toBeGreaterThanOrEqual(0);
    expect(number).toBeLessThanOrEqual(limit);
  }

  const timestampMs = fc.oneof(fc.maxSafeNat(), fc.constant(TIMESTAMP_MS));

  it('of random fields', () => {
    fc.assert(
      fc.property(event, randomRecord, timestampMs, (name, record, ms) => {
        expectEventOrProblem(decodeBody(JSON.stringify({ ...record, event: name }), false), ms);
      }),
      { numRuns: 500 },
    );
  });

  it('of a sample with random changes', () => {
    fc.assert(
      fc.property(event, changes, timestampMs, (name, record, ms) => {
        expectEventOrProblem(changed(name, record), ms);
        expectEventOrProblem({ ...SAMPLES[name], ...record }, ms);
      }),
      { numRuns: 500 },
    );
  });
});

describe('events of rooms', () => {
  const ROOM_SAMPLES = { room_create: sample('room_create'), room_close: sample('room_close') };
  const room = (event: keyof typeof ROOM_SAMPLES, changes: ZegoRecord = {}, verified: Partial<Verified> = {}) =>
    parse(decodeBody(JSON.stringify({ ...ROOM_SAMPLES[event], ...changes }), false), verified);

  it("are kept: ZEGO's samples, whose numbers have 64 bits", () => {
    const told = { appid: '1', room_id: 'rid_1242649', room_session_id: '858012925204410400' };
    expect(room('room_create')).toEqual({ event: 'room_create', ...told, room_create_time: 1_499_676_978_027 });
    expect(room('room_close')).toEqual({ event: 'room_close', ...told, room_close_time: 1_499_676_989_909 });
  });

  describe.each(['room_create', 'room_close'] as const)('%s', (event) => {
    it.each(['858012925204410368', '18446744073709551615'])('room_session_id %s, as a number or a string', (id) => {
      const quoted = JSON.stringify({ ...ROOM_SAMPLES[event], room_session_id: id });
      for (const body of [quoted, quoted.replace(`"${id}"`, id)]) {
        expect(parse(decodeBody(body, false))).toMatchObject({ room_session_id: id });
      }
    });

    it.each([
      '8.58012925204410368E+17',
      '858012925204410368.0',
      '858012925204410368000e-3',
      '0.0858012925204410368E19',
    ])('room_session_id %s is the session that a stream_create names in a string', (literal) => {
      const id = '858012925204410368';
      const body = JSON.stringify({ ...ROOM_SAMPLES[event], room_session_id: id }).replace(`"${id}"`, literal);
      expect(body).toContain(`"room_session_id":${literal}`);
      const { room_session_id } = create({ room_session_id: id }) as StreamCreate;
      expect(parse(decodeBody(body, false))).toMatchObject({ event, room_session_id });
    });

    it.each(NO_TEXT)('room_id %s is refused', (_, room_id) => {
      expect(() => room(event, { room_id, channel_id: 'no-fallback' })).toThrow(invalid('room_id'));
    });

    it.each([
      ['an object', { a: '1' }],
      ['an array', ['1']],
      ['a boolean', false],
      ['over 64 bytes', '直'.repeat(22)],
    ])('room_session_id that is %s is refused', (_, room_session_id) => {
      expect(() => room(event, { room_session_id })).toThrow(invalid('room_session_id'));
    });

    it('room_id of 512 bytes is kept, and one of 513 refused', () => {
      expect(room(event, { room_id: ofBytes(512, 'é') })).toMatchObject({ room_id: ofBytes(512, 'é') });
      expect(() => room(event, { room_id: ofBytes(513, 'é') })).toThrow(invalid('room_id'));
    });

    it("an appid that is not ours is refused, but not ZIM's namesake", () => {
      const record = { ...ROOM_SAMPLES[event] };
      expect(() => parse(record, {}, ['9'])).toThrow(expect.objectContaining({ code: 'unknown-appid' }));
      expect(() => room(event, { appid: '' })).toThrow(invalid('appid'));
      expect(parse({ ...record, room_session_id: '' }, {}, ['9'])).toEqual({ event: 'not-kept' });
    });
  });

  it.each(NO_TIME_MS)('room_create_time %s is refused', (_, room_create_time) => {
    expect(() => room('room_create', { room_create_time })).toThrow(invalid('room_create_time'));
  });

  it.each(NO_TIME_MS)('room_close_time %s: the time of the callback counts', (_, room_close_time) => {
    expect(room('room_close', { room_close_time })).toMatchObject({ room_close_time: TIMESTAMP_MS });
    expect(() => room('room_close', { room_close_time }, { timestampMs: 1e13 })).toThrow(invalid('room_close_time'));
  });
});
