import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../lib/errors.ts';
import { listQuery, streamQuery } from '../../lib/http/query.ts';

const PAGE = { kind: 'page', limit: 50, cursor: undefined, order: 'newest', room_id: undefined, appid: undefined };
const STREAM = { kind: 'stream', stream_id: 'stream-1', stream_sid: undefined, appid: undefined };
const one = (rawQueryString: string) => streamQuery('stream-1', rawQueryString);

const naming = (name: string) =>
  expect.objectContaining({
    name: 'Problem',
    code: 'invalid-parameter',
    status: 400,
    message: expect.stringMatching(new RegExp(`^${name} `)),
  });

describe('the live list', () => {
  it.each([
    ['', {}],
    ['&', {}],
    ['limit=1', { limit: 1 }],
    ['limit=100', { limit: 100 }],
    ['limit=%35%30', { limit: 50 }],
    ['limit=050', { limit: 50 }],
    ['limit=0050', { limit: 50 }],
    ['limit=0000000000100', { limit: 100 }],
    ['limit=00001', { limit: 1 }],
    [`limit=${'0'.repeat(5000)}7`, { limit: 7 }],
    ['cursor=abc_-', { cursor: 'abc_-' }],
    ['order=newest', { order: 'newest' }],
    ['order=oldest', { order: 'oldest' }],
    ['room_id=a,b', { room_id: 'a,b' }],
    ['room_id=a%2Cb', { room_id: 'a,b' }],
    ['room_id=a%26b%3Dc+d', { room_id: 'a&b=c d' }],
    ['room_id=%E5%B0%8F%E6%A2%85', { room_id: '小梅' }],
    [`room_id=${'r'.repeat(512)}`, { room_id: 'r'.repeat(512) }],
    ['appid=12345678901234567890', { appid: '12345678901234567890' }],
    [
      'order=oldest&appid=1&limit=7&room_id=r&cursor=c',
      { order: 'oldest', appid: '1', limit: 7, room_id: 'r', cursor: 'c' },
    ],
  ])('reads %j from the raw query string', (rawQueryString, expected) => {
    expect(listQuery(rawQueryString)).toEqual({ ...PAGE, ...expected });
  });

  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=0000'],
    ['limit', 'limit=101'],
    ['limit', 'limit=00101'],
    ['limit', `limit=${'9'.repeat(5000)}`],
    ['limit', 'limit=0050.0'],
    ['limit', 'limit=００50'],
    ['limit', 'limit=-1'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=1e1'],
    ['limit', 'limit=0x10'],
    ['limit', 'limit=ten'],
    ['limit', 'limit=+5'],
    ['limit', 'limit=5%20'],
    ['limit', 'limit=9999999999999999999'],
    ['limit', 'limit=10,20'],
    ['order', 'order=Newest'],
    ['order', 'order=desc'],
    ['order', 'order=newest,oldest'],
    ['appid', 'appid=x'],
    ['appid', 'appid=-1'],
    ['appid', 'appid=123456789012345678901'],
    ['appid', 'appid=1,2'],
    ['room_id', `room_id=${'r'.repeat(513)}`],
    ['room_id', `room_id=${'%C3%A4'.repeat(257)}`],
  ])('%s is out of range: %j', (name, rawQueryString) => {
    expect(() => listQuery(rawQueryString)).toThrow(naming(name));
  });

  it.each(['limit', 'cursor', 'order', 'room_id', 'appid'])('%s may be neither empty nor repeated', (name) => {
    for (const rawQueryString of [name, `${name}=`, `${name}=1&${name}=1`, `${name}=&${name}=1`]) {
      expect(() => listQuery(rawQueryString)).toThrow(naming(name));
    }
  });

  it('a question mark belongs to the name, and what has no name is no parameter', () => {
    for (const rawQueryString of ['?limit=1', '??', '?', '=x', 'limit=5&=']) {
      expect(() => listQuery(rawQueryString)).toThrow(/is not a parameter of this route/);
      expect(() => one(rawQueryString)).toThrow(/is not a parameter of this route/);
    }
    expect(() => listQuery('=x')).toThrow(naming('What has no name'));
  });

  it.each(['page', 'Limit', 'stream_sid', 'constructor', '__proto__', 'limit[]', 'state'])('%s is unknown', (name) => {
    const pattern = name.replace(/[[\]]/g, '\\$&');
    expect(() => listQuery(`${encodeURIComponent(name)}=1`)).toThrow(naming(pattern));
    expect(() => listQuery(`limit=5&${encodeURIComponent(name)}`)).toThrow(naming(pattern));
  });
});

describe('some streams', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `stream_id=s${i}`).join('&');

  it.each([
    ['stream_id=a', ['a'], undefined],
    ['stream_id=a&stream_id=b', ['a', 'b'], undefined],
    ['stream_id=b&appid=1&stream_id=a', ['b', 'a'], '1'],
    ['stream_id=b&stream_id=a&stream_id=b', ['b', 'a'], undefined],
    ['stream_id=a%2Cb,c&stream_id=%E5%B0%8F+%E6%A2%85', ['a,b,c', '小 梅'], undefined],
    [`stream_id=${'ä'.repeat(128)}`, ['ä'.repeat(128)], undefined],
  ])('are read from %j: each once, in the order asked', (rawQueryString, stream_ids, appid) => {
    expect(listQuery(rawQueryString)).toEqual({ kind: 'streams', stream_ids, appid });
  });

  it('are 50 at most, those asked for twice counted twice', () => {
    expect(listQuery(many(50))).toMatchObject({ stream_ids: { length: 50 } });
    expect(listQuery('stream_id=a&'.repeat(50))).toMatchObject({ stream_ids: ['a'] });
    expect(() => listQuery(many(51))).toThrow(naming('stream_id'));
    expect(() => listQuery('stream_id=a&'.repeat(51))).toThrow(naming('stream_id'));
  });

  it.each([
    ['stream_id', 'stream_id='],
    ['stream_id', 'stream_id=a&stream_id'],
    ['stream_id', `stream_id=a&stream_id=${'x'.repeat(257)}`],
    ['stream_id', `stream_id=${'ä'.repeat(129)}`],
    ['limit', 'stream_id=a&limit=5'],
    ['cursor', 'stream_id=a&cursor=x'],
    ['order', 'order=newest&stream_id=a'],
    ['room_id', 'room_id=r&stream_id=a'],
    ['appid', 'stream_id=a&appid=x'],
    ['appid', 'stream_id=a&appid=1&appid=1'],
    ['appid', 'stream_id=a&appid='],
    ['stream_sid', 'stream_id=a&stream_sid=s'],
    ['state', 'stream_id=a&state=live'],
  ])('%s is refused: %j', (name, rawQueryString) => {
    expect(() => listQuery(rawQueryString)).toThrow(naming(name));
  });
});

describe('one stream', () => {
  it.each([
    ['', {}],
    ['appid=1', { appid: '1' }],
    ['stream_sid=s-1', { stream_sid: 's-1' }],
    ['stream_sid=s%2F1,2&appid=7', { stream_sid: 's/1,2', appid: '7' }],
    [`stream_sid=${'s'.repeat(512)}`, { stream_sid: 's'.repeat(512) }],
  ])('reads %j from the raw query string', (rawQueryString, expected) => {
    expect(one(rawQueryString)).toEqual({ ...STREAM, ...expected });
  });

  it.each([
    ['appid', 'appid='],
    ['appid', 'appid=x'],
    ['appid', 'appid=1&appid=1'],
    ['stream_sid', 'stream_sid'],
    ['stream_sid', 'stream_sid=a&stream_sid=b'],
    ['stream_sid', `stream_sid=${'s'.repeat(513)}`],
    ['limit', 'limit=5'],
    ['cursor', 'cursor=x'],
    ['stream_id', 'stream_id=x'],
    ['order', 'appid=1&order=newest'],
  ])('%s is refused: %j', (name, rawQueryString) => {
    expect(() => one(rawQueryString)).toThrow(naming(name));
  });

  it('nothing is known of a stream_id that no stream can have', () => {
    const notFound = expect.objectContaining({ name: 'Problem', code: 'stream-not-found', status: 404 });
    expect(() => streamQuery('ä'.repeat(129), '')).toThrow(notFound);
    expect(streamQuery('ä'.repeat(128), '').stream_id).toHaveLength(128);
  });
});

it('whatever the query string, it is read or refused as a parameter', () => {
  fc.assert(
    fc.property(fc.string(), (rawQueryString) => {
      for (const read of [listQuery, one]) {
        try {
          read(rawQueryString);
        } catch (error) {
          expect(error).toBeInstanceOf(Problem);
          expect((error as Problem).code).toBe('invalid-parameter');
        }
      }
    }),
  );
});

it('no value is repeated in a refusal', () => {
  for (const rawQueryString of ['limit=MARK', 'order=MARK', 'appid=MARK', 'room_id=MARK&room_id=MARK', 'page=MARK']) {
    expect(() => listQuery(rawQueryString)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('MARK') }),
    );
  }
});
