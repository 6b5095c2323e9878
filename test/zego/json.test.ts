import { describe, expect, it } from 'vitest';
import { parseJson } from '../../lib/zego/json.ts';

describe('numbers arrive as their digits', () => {
  it.each([
    ['858012925204410368', '858012925204410368'],
    ['18446744073709551615', '18446744073709551615'],
    ['9007199254740993', '9007199254740993'],
    ['0', '0'],
    ['-1', '-1'],
    ['1e3', '1000'],
    ['1E+3', '1000'],
    ['1.0', '1'],
    ['1.5', '1.5'],
  ])('%s', (json, digits) => {
    expect(parseJson(json)).toBe(digits);
    expect(parseJson(`{"a":[{"b":${json}}]}`)).toEqual({ a: [{ b: digits }] });
  });
});

describe('all else is as with JSON.parse', () => {
  it.each([
    '"a"',
    '"\\u00e9\\n\\"\\\\\\/"',
    '"🎥 直播"',
    '"\\ud83c\\udfa5"',
    'true',
    'false',
    'null',
    '[]',
    '{}',
    ' \t\r\n{ "a" : [ "b" , null ] } ',
    '{"a":"x","a":"y"}',
    '{"a":"x","a":"x"}',
    '{"a":{"x":"1"},"a":{"y":"2"}}',
    '{"a":["x"],"a":null}',
    '{"a":{"b":"x","b":"y"}}',
  ])('%s', (json) => {
    expect(parseJson(json)).toEqual(JSON.parse(json));
  });

  it.each([
    '',
    ' ',
    '{',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '{a:1}',
    "{'a':1}",
    '01',
    '.5',
    '1.',
    '+1',
    '-',
    'NaN',
    '"a',
    '"\n"',
    '"\\x"',
    '"\\u12"',
    '{}{}',
  ])('no JSON: %j', (json) => {
    expect(() => parseJson(json)).toThrow(SyntaxError);
  });
});

describe('a key of the prototype is an ordinary key', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])('%s', (key) => {
    const before = Reflect.ownKeys(Object.prototype);
    for (const value of ['"x"', '{"polluted":"x"}', 'null']) {
      const parsed = parseJson(`{"a":"b","${key}":{},"${key}":${value}}`) as object;
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
      expect(Object.entries(parsed)).toEqual([
        ['a', 'b'],
        [key, JSON.parse(value)],
      ]);
    }
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('64 KiB of nesting is an error that can be caught', () => {
  it.each(['[', '{"a":', '[{"a":'])('%s', (opening) => {
    expect(() => parseJson(opening.repeat(65_536 / opening.length))).toThrow(Error);
    expect(parseJson('{"a":[1]}')).toEqual({ a: ['1'] });
  });
});
