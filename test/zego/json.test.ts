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

describe('an integer becomes its exact digits, however it is written', () => {
  it.each([
    ['8.58012925204410368E+17', '858012925204410368'],
    ['858012925204410368.0', '858012925204410368'],
    ['858012925204410368e0', '858012925204410368'],
    ['8580129252044103680000e-4', '858012925204410368'],
    ['858012925204410368000.000E-3', '858012925204410368'],
    ['0.858012925204410368e18', '858012925204410368'],
    ['0.000858012925204410368e+21', '858012925204410368'],
    ['1.8446744073709551615e19', '18446744073709551615'],
    ['-9.007199254740993E+15', '-9007199254740993'],
    ['9007199254740993.00', '9007199254740993'],
    ['120E-1', '12'],
    ['1687981272742.000', '1687981272742'],
    ['1.687981272e9', '1687981272'],
    ['-12e1', '-120'],
    ['-0', '0'],
    ['-0.0e5', '0'],
    ['0e999999999', '0'],
    ['0.000', '0'],
    ['1e63', `1${'0'.repeat(63)}`],
    [`1${'0'.repeat(500)}e-500`, '1'],
    [`${'9'.repeat(500)}.0`, '9'.repeat(500)],
  ])('%s', (json, digits) => {
    expect(parseJson(json)).toBe(digits);
    expect(parseJson(`{"a":[{"b":${json}}]}`)).toEqual({ a: [{ b: digits }] });
  });

  it.each([
    '1.5',
    '5E-1',
    '-1.5e0',
    '1e-5',
    '1e-400',
    '121E-1',
    '8.58012925204410368E+16',
    '9007199254740990.6',
    '0.99999999999999999999',
    '1687981272742.00000000001',
    '1e64',
    '-1e63',
    '1e400',
    '1.0e400',
    '1E999999999',
    '-1E999999999',
    '1E-999999999',
    `1e${'9'.repeat(400)}`,
    `1e-${'9'.repeat(400)}`,
  ])('a non-integer, or an integer that would exceed 64 characters, stays as written: %s', (json) => {
    expect(parseJson(json)).toBe(json);
  });

  it('64 KiB of one number, or of many', () => {
    const zeros = '0'.repeat(65_000);
    for (const json of [`1${zeros}.5`, `0.${zeros}1`, `1.${zeros}1`, `1${zeros}1e-2`])
      expect(parseJson(json)).toBe(json);
    expect(parseJson(`1${zeros}e-65000`)).toBe('1');
    expect(parseJson(`0.${zeros}1e65001`)).toBe('1');
    const many = parseJson(`[${'1e60,1e999999999,'.repeat(3800)}0]`) as string[];
    expect(many.reduce((length, text) => length + text.length, 0)).toBeLessThan(65_536 * 5);
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
