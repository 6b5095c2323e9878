import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../lib/errors.ts';
import { decodeBody, type ZegoRecord } from '../../lib/zego/body.ts';

type Fields = readonly (readonly [key: string, value: string | readonly string[]])[];

const json = (fields: Fields) => JSON.stringify(Object.fromEntries(fields));
const ascii = (text: string) =>
  text.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
const plus = (text: string) => text.replaceAll('%20', '+');
const pairs = (fields: Fields, key: (name: string, index: number) => string) =>
  fields.flatMap(([name, value]) =>
    typeof value === 'string'
      ? [`${name}=${encodeURIComponent(value)}`]
      : value.map((entry, index) => `${key(name, index)}=${encodeURIComponent(entry)}`),
  );

const ENCODINGS: Readonly<Record<string, (fields: Fields) => string>> = {
  'plain JSON': json,
  'plain JSON, escaped to ASCII': (fields) => ascii(json(fields)),
  'indented JSON': (fields) => JSON.stringify(Object.fromEntries(fields), null, '\t'),
  'URL-encoded JSON': (fields) => encodeURIComponent(json(fields)),
  'URL-encoded JSON, space as +': (fields) => plus(encodeURIComponent(json(fields))),
  'URL-encoded JSON, lower-case hex': (fields) =>
    encodeURIComponent(json(fields)).replace(/%../g, (escaped) => escaped.toLowerCase()),
  'form, k[]': (fields) => pairs(fields, (name) => `${name}[]`).join('&'),
  'form, k[], space as +': (fields) => plus(pairs(fields, (name) => `${name}[]`).join('&')),
  'form, k%5B%5D': (fields) => pairs(fields, (name) => `${name}%5B%5D`).join('&'),
  'form, k[0]': (fields) => pairs(fields, (name, index) => `${name}[${index}]`).join('&'),
  'form, k%5B0%5D': (fields) => pairs(fields, (name, index) => `${name}%5B${index}%5D`).join('&'),
  'form, k%5b0%5d': (fields) => pairs(fields, (name, index) => `${name}%5b${index}%5d`).join('&'),
  'form, k[0] out of order': (fields) =>
    pairs(fields, (name, index) => `${name}[${index}]`)
      .reverse()
      .join('&'),
};

const base64 = (body: string | Uint8Array) => Buffer.from(body).toString('base64');
const unreadable = expect.objectContaining({ name: 'Problem', code: 'unreadable-body', status: 400 });
const tooLarge = expect.objectContaining({ name: 'Problem', code: 'body-too-large', status: 413 });

function expectBoth(body: string, expected: ZegoRecord) {
  expect(decodeBody(body, false)).toEqual(expected);
  expect(decodeBody(base64(body), true)).toEqual(expected);
}

describe('reads', () => {
  it.each<[rule: string, body: string, expected: ZegoRecord]>([
    ['plain JSON', '{"event":"stream_create","rtmp_url":["a","b"]}', { event: 'stream_create', rtmp_url: ['a', 'b'] }],
    ['numbers as their digits', '{"room_session_id":858012925204410368}', { room_session_id: '858012925204410368' }],
    ['values of other types as they are', '{"a":null,"b":true,"c":{"d":[]}}', { a: null, b: true, c: { d: [] } }],
    ['the last of a repeated key', '{"a":"1","a":"2"}', { a: '2' }],
    ['an empty object', '{}', {}],
    ['URL-encoded JSON', '%7B%22event%22%3A%22stream_create%22%7D', { event: 'stream_create' }],
    ['+ as a space in URL-encoded JSON', '%7B%22title%22%3A+%22a+b%2Bc%22%7D', { title: 'a b+c' }],
    ['a form', 'event=stream_create&title=a+b%20c%2Bd', { event: 'stream_create', title: 'a b c+d' }],
    ['an empty value of a form', 'title=&extra_info&event=x', { title: '', extra_info: '', event: 'x' }],
    ['= in a value of a form', 'title=a=b&event=x', { title: 'a=b', event: 'x' }],
    ['the last of a repeated field of a form', 'a=1&b=2&a=3', { a: '3', b: '2' }],
    ['k[]', 'rtmp_url[]=a&event=x&rtmp_url[]=b', { rtmp_url: ['a', 'b'], event: 'x' }],
    ['one k[]', 'rtmp_url[]=a', { rtmp_url: ['a'] }],
    ['k[0]', 'rtmp_url[0]=a&rtmp_url[1]=b', { rtmp_url: ['a', 'b'] }],
    ['k[0] out of order', 'u[2]=c&event=x&u[0]=a&u[1]=b', { u: ['a', 'b', 'c'], event: 'x' }],
    ['k[10] after k[9]', 'u[10]=b&u[9]=a', { u: ['a', 'b'] }],
    ['k%5B%5D', 'rtmp_url%5B%5D=a&rtmp_url%5B%5D=b', { rtmp_url: ['a', 'b'] }],
    ['k%5B0%5D', 'rtmp_url%5B1%5D=b&rtmp_url%5B0%5D=a', { rtmp_url: ['a', 'b'] }],
    ['a name that is percent-encoded', '%65vent=x&title=y', { event: 'x', title: 'y' }],
    [
      'unknown fields, also as the first',
      '%E7%94%A8%E6%88%B7=1&x%3Ay=2&event=x',
      { 用户: '1', 'x:y': '2', event: 'x' },
    ],
    ['encoded special characters in the first name', '%29%2C%3C%2F%23=1&event=x', { '),</#': '1', event: 'x' }],
    ['unknown fields of other names', 'a.b~c*d!=1&event=x&e f=2', { 'a.b~c*d!': '1', event: 'x', 'e f': '2' }],
    ['an array as the first field', 'u%5B%5D=a&event=x', { u: ['a'], event: 'x' }],
    ['an empty name before a field', '=y&event=x', { '': 'y', event: 'x' }],
    ['a form without an event', 'a=b', { a: 'b' }],
    ['line breaks that are encoded', 'title=a%0D%0Ab&event=x', { title: 'a\r\nb', event: 'x' }],
    ['values that are not encoded', 'event=x&u=["http://x/a b","<c>"]', { event: 'x', u: '["http://x/a b","<c>"]' }],
    ['& in a value that is not encoded', 'event=x&u=http://x/?a=1&b=2', { event: 'x', u: 'http://x/?a=1', b: '2' }],
    ['JSON in a value of a form', 'stream_attr=%7B%22cid%22%3A0%7D', { stream_attr: '{"cid":0}' }],
    ['a byte order mark', '\ufeff{"a":"1"}', { a: '1' }],
    ['a byte order mark before URL-encoded JSON', '\ufeff%7B%22a%22%3A%221%22%7D', { a: '1' }],
    ['a URL-encoded byte order mark', '%EF%BB%BF%7B%22a%22%3A%221%22%7D', { a: '1' }],
    ['a byte order mark before a form', '\ufeffa=1', { a: '1' }],
    ['white space around JSON', ' \r\n\t{"a":"1"}\n ', { a: '1' }],
    ['white space around URL-encoded JSON', '\n+%0A%7B%22a%22%3A%221%22%7D%20\r\n', { a: '1' }],
    ['white space around a form', ' a=1&b=2\r\n', { a: '1', b: '2' }],
  ])('%s', (_, body, expected) => {
    expectBoth(body, expected);
  });

  it('bytes that are no UTF-8 as U+FFFD', () => {
    const cut = Buffer.from('{"user_name":"直"}').filter((_, index) => index !== 16);
    expect(decodeBody(base64(cut), true)).toEqual({ user_name: '\ufffd' });
    expect(decodeBody('%7B%22user_name%22%3A%22%E7%9B%22%7D', false)).toEqual({ user_name: '\ufffd' });
    expect(decodeBody('user_name=%E7%9B', false)).toEqual({ user_name: '\ufffd' });
  });
});

describe.each(Object.entries(ENCODINGS))('%s keeps every byte of', (_, encode) => {
  it.each([
    '100% live',
    '%',
    '%zz %4 %41',
    'a+b',
    ' a  b ',
    '',
    'http://hdl.example/live%2Faaa.flv?auth_key=1687981272-0-0-3f%2Bb%3D&t=a+b',
    '🎥 👩‍👩‍👧 🇨🇳',
    '一号直播间',
    `"it's" & <b> = ; # ? / \\ \\u0041`,
    '{"cid":0}',
    '[0]',
    'a\r\n\tb\u0000\u007f\u2028',
    '\ufeffa\ufeff',
  ])('%j', (value) => {
    expectBoth(encode([['title', value]]), { title: value });
    expectBoth(
      encode([
        ['event', 'stream_create'],
        ['hls_url', [value, 'x', value]],
      ]),
      { event: 'stream_create', hls_url: [value, 'x', value] },
    );
  });
});

const unusualKeys = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '0',
  'a.b-c',
);
const value = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'%+&=[]{}"\'\\/ 2Fu0\n') }),
);
const fields: fc.Arbitrary<Fields> = fc.uniqueArray(
  fc.tuple(
    fc.oneof(fc.stringMatching(/^\w{1,12}$/), unusualKeys),
    fc.oneof(value, fc.array(value, { minLength: 1, maxLength: 4 })),
  ),
  { selector: ([key]) => key, minLength: 1, maxLength: 8 },
);

describe('a round trip changes nothing', () => {
  it.each(Object.entries(ENCODINGS))('%s', (_, encode) => {
    fc.assert(
      fc.property(fields, (sent) => {
        const body = encode(sent);
        for (const received of [decodeBody(body, false), decodeBody(base64(body), true)]) {
          expect(new Map(Object.entries(received))).toEqual(new Map(sent));
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a key of the prototype is an ordinary key', () => {
  it.each([
    '{"__proto__":{"polluted":"x"},"constructor":{"prototype":{"polluted":"x"}},"event":"e"}',
    encodeURIComponent('{"__proto__":{"polluted":"x"},"constructor":"x","event":"e"}'),
    '__proto__=x&constructor=x&event=e',
    '__proto__[]=x&constructor[]=x&event=e',
    'event=e&__proto__[polluted]=x&constructor[prototype][polluted]=x',
    '__proto__[0]=x&__proto__=y&toString=x&event=e',
  ])('%s', (body) => {
    const before = Reflect.ownKeys(Object.prototype);
    const record = decodeBody(body, false);
    expect(record.event).toBe('e');
    expect(record.polluted).toBeUndefined();
    expect(Object.keys(record).join()).toMatch(/\b__proto__\b/);
    expect(Object.keys(record).join()).toMatch(/\b(constructor|toString)\b/);
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('the limit is 64 KiB', () => {
  const LIMIT = 65_536;
  const filled = (before: string, after: string, char: string, bytes: number) => {
    const room = bytes - before.length - after.length;
    const size = Buffer.byteLength(char);
    return before + char.repeat(Math.floor(room / size)) + 'x'.repeat(room % size) + after;
  };
  const shapes: [shape: string, body: (bytes: number) => string][] = [
    ['JSON', (bytes) => filled('{"a":"', '"}', 'x', bytes)],
    ['JSON of multi-byte characters', (bytes) => filled('{"a":"', '"}', '直', bytes)],
    ['JSON and white space', (bytes) => filled('{"a":"x"}', '', ' ', bytes)],
    ['URL-encoded JSON', (bytes) => filled('%7B%22a%22%3A%22', '%22%7D', 'x', bytes)],
    ['a form', (bytes) => filled('a=', '', 'x', bytes)],
  ];

  it.each(shapes)('of %s', (_, body) => {
    expect(Buffer.byteLength(body(LIMIT))).toBe(LIMIT);
    expect(decodeBody(body(LIMIT), false)).toHaveProperty('a');
    expect(decodeBody(base64(body(LIMIT)), true)).toHaveProperty('a');
    expect(() => decodeBody(body(LIMIT + 1), false)).toThrow(tooLarge);
    expect(() => decodeBody(base64(body(LIMIT + 1)), true)).toThrow(tooLarge);
  });

  it('comes before readability', () => {
    expect(() => decodeBody('['.repeat(LIMIT + 1), false)).toThrow(tooLarge);
    expect(() => decodeBody('['.repeat(LIMIT), false)).toThrow(unreadable);
  });
});

describe('unreadable', () => {
  it.each([
    '',
    ' \r\n',
    '\ufeff',
    'not json',
    'event',
    '{',
    '[]',
    '[{"event":"stream_create"}]',
    'null',
    'true',
    '123',
    '"x"',
    '"{}"',
    "{'event':'x'}",
    '{"event":"x",}',
    '{"a":"1"}{"b":"2"}',
    '{"hls_url":["http://hls.example/a.m3u8?auth_key=1&b=2',
    '{"event":"stream_create","title":"a=b","room_id',
    'hls_url":"http://hls.example/a.m3u8?auth_key=1"}',
    '%',
    '%7B',
    '%5B%5D',
    '%22x%22',
    'null+',
    encodeURIComponent('{"hls_url":"http://hls.example/a.m3u8'),
    '%7B%22hls_url%22%3A%22http://hls.example/a.m3u8?auth_key=1&b=2',
    '=',
    '=x',
    '&',
    '[]=x',
    '[0]=x',
    '<event a="b">x</event>',
    'http://example/?a=b',
    '--b\r\nContent-Disposition: form-data; name="event"\r\n\r\nx\r\n--b--',
    '--b\r\nContent-Disposition: form-data; name="u"\r\n\r\nhttp://x/?a=1&event=x\r\n--b--',
    '/* x */{"a":"http://x/?b=c"}',
    '/* x */{"a":"http://x/?b=c&event=d"}',
    '// x\n{"a":"http://x/?b=c&event=d"}',
    '#x{"a":"http://x/?b=c&event=d"}',
    ')]}\',{"a":"http://x/?b=c&event=d"}',
    '<!-- a=b&c -->',
    '<?xml version="1.0"?><event u="http://x/?a=b&amp;event=d"/>',
    '<!doctype html><a href="/?a=b&event=d">x</a>',
    'var u="http://x/?a=b&event=d"',
    'callback({"u":"http://x/?a=b&event=d"})',
    'for(;;);{"u":"http://x/?a=b&event=d"}',
    '{event=stream_create, appid=1}',
    '{event=stream_create&appid=1}',
    '%7Bevent=stream_create&appid=1%7D',
    '(event=stream_create&appid=1)',
    "'event=stream_create&appid=1'",
    'event = stream_create & appid = 1',
    'event=stream_create\nappid=1\n',
    'event=stream_create&\r\nappid=1',
    'event: a=b&event=c',
    'http://example/?a=b&event=c',
    '/callbacks/zego?a=b&event=c',
    '%2F*+x+*%2F%7B%22a%22%3A%22http%3A%2F%2Fx%2F%3Fb=c&event=d%22%7D',
    Buffer.from('{"event":"stream_create","appid":"1","timestamp":"1687981272"}').toString('base64'),
  ])('%j', (body) => {
    expect(() => decodeBody(body, false)).toThrow(unreadable);
    expect(() => decodeBody(base64(body), true)).toThrow(unreadable);
  });

  it('no body', () => {
    expect(() => decodeBody(undefined, false)).toThrow(unreadable);
    expect(() => decodeBody(undefined, true)).toThrow(unreadable);
  });

  it('what is said to be base64 and is not', () => {
    expect(() => decodeBody('{"event":"x"}', true)).toThrow(unreadable);
    expect(() => decodeBody('直播', true)).toThrow(unreadable);
  });

  it('random bytes', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => (index * 167 + 13) % 256);
    expect(() => decodeBody(base64(bytes), true)).toThrow(unreadable);
  });
});

function expectRecordOrProblem(body: string | undefined, isBase64Encoded: boolean) {
  let record: unknown;
  try {
    record = decodeBody(body, isBase64Encoded);
  } catch (error) {
    expect(error).toBeInstanceOf(Problem);
    expect(['unreadable-body', 'body-too-large']).toContain((error as Problem).code);
    return;
  }
  expect(record).toBeTypeOf('object');
  expect(record).not.toBeNull();
  expect(Array.isArray(record)).toBe(false);
}

function expectRecordOrProblemOfBytes(bytes: Uint8Array) {
  expectRecordOrProblem(base64(bytes), true);
  expectRecordOrProblem(Buffer.from(bytes).toString('utf8'), false);
  expectRecordOrProblem(Buffer.from(bytes).toString('latin1'), false);
}

describe('whatever comes gives a record or one of two problems', () => {
  it('bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), expectRecordOrProblemOfBytes), { numRuns: 500 });
  });

  it('texts', () => {
    const unit = fc.oneof(
      fc.constantFrom(...'{}[]":,=&%+\\u0123456789abcdefBDx. \n\ufeff', '%7B', '%22', '%5B', '%5D', '__proto__', '[]='),
      fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    );
    const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit, maxLength: 100 }));
    fc.assert(
      fc.property(texts, fc.boolean(), (text, isBase64Encoded) => {
        expectRecordOrProblem(text, isBase64Encoded);
        expectRecordOrProblem(base64(text), true);
      }),
      { numRuns: 1000 },
    );
  });

  it('JSON of any kind', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expectRecordOrProblem(text, false);
        expectRecordOrProblem(encodeURIComponent(text.toWellFormed()), false);
      }),
      { numRuns: 500 },
    );
  });

  it('bodies that were damaged', () => {
    const body = fc
      .tuple(fields, fc.constantFrom(...Object.values(ENCODINGS)))
      .map(([sent, encode]) => Buffer.from(encode(sent)));
    const damage = fc.tuple(fc.nat(), fc.nat({ max: 8 }), fc.uint8Array({ maxLength: 8 }));
    fc.assert(
      fc.property(body, fc.array(damage, { minLength: 1, maxLength: 3 }), (valid, damages) => {
        let bytes = valid;
        for (const [position, removed, inserted] of damages) {
          const at = position % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + removed)]);
        }
        expectRecordOrProblemOfBytes(bytes);
        expectRecordOrProblemOfBytes(valid.subarray(0, (damages[0]?.[0] ?? 0) % valid.length));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['[', ']'],
    ['{"a":', '}'],
    ['%5B', '%5D'],
    ['%7B%22a%22%3A', '%7D'],
    ['{"a":[', ']}'],
    ['{"a":{},"a":', '}'],
    ['a[]=', '&'],
  ])('64 KiB of %s', (opening, closing) => {
    const half = Math.floor(32_768 / Math.max(opening.length, closing.length));
    expectRecordOrProblem(opening.repeat(65_536 / opening.length), false);
    for (const depth of [64, 1000, 3000, half]) {
      expectRecordOrProblem(`{"a":${opening.repeat(depth)}1${closing.repeat(depth)}}`.slice(0, 65_536), false);
      expectRecordOrProblem(opening.repeat(depth) + closing.repeat(depth), false);
    }
    expect(decodeBody('{"a":"1"}', false)).toEqual({ a: '1' });
  });
});
