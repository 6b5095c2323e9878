import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { asProblem, PROBLEMS, Problem, type ProblemCode } from '../../lib/errors.ts';
import { listQuery, streamQuery } from '../../lib/http/query.ts';
import { problemDocument } from '../../lib/http/response.ts';
import { pageAnswer, sessionAnswer, streamAnswer } from '../../lib/http/session-json.ts';
import { requireToken } from '../../lib/http/token.ts';
import { DOCUMENT } from '../../lib/openapi/document.ts';
import { CALLBACKS, ENDED, LIVE } from '../../lib/openapi/examples.ts';
import { decodeCursor } from '../../lib/streams/cursor.ts';
import { blankSession, merge } from '../../lib/streams/session.ts';
import { routesOf } from '../../lib/tools/serverless-config.ts';
import { decodeBody, type ZegoRecord } from '../../lib/zego/body.ts';
import { parseEvent } from '../../lib/zego/event.ts';
import { readEnvelope, sign, verify } from '../../lib/zego/signature.ts';
import { closeEvent, createEvent, form, SECRET, sample, signed } from '../support/callback.ts';
import { at, checkAnswer, checkValue, operationPointer, pointerTo, validator } from '../support/openapi.ts';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const ROUTES = Object.values(inject('service').functions).flatMap(routesOf);

type Node = Record<string, unknown>;

/** The children of an object in the document, each where it stands, or where its $ref leads. */
function children(pointer: string): { name: string; pointer: string; value: Node }[] {
  const { pointer: parent, value } = at(pointer);
  return Object.keys(value ?? {}).map((name) => {
    const child = at(parent + pointerTo(name));
    return { name, pointer: child.pointer, value: child.value as Node };
  });
}

const responses = (route: string) => children(`${operationPointer(route)}/responses`);

/** Every object in the document with its pointer; what is data and no description left out. */
function nodes(value: unknown = DOCUMENT, pointer = ''): { pointer: string; node: Node }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.entries(value).filter(([key]) => !['example', 'value', 'enum', 'required'].includes(key));
  return [{ pointer, node: value as Node }, ...inner.flatMap(([key, child]) => nodes(child, pointer + pointerTo(key)))];
}

it('has the routes of serverless.yml, each with its name', () => {
  const documented = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => [`${method.toUpperCase()} ${path}`, operationId]),
  );
  expect(documented.map(([route]) => route).sort()).toEqual(ROUTES.sort());
  expect(documented.map(([, name]) => name)).toEqual(['receiveCallback', 'listStreams', 'getStream', 'getOpenApi']);
});

it('has version, licence and name of package.json', () => {
  const { name, version, license } = JSON.parse(read('package.json'));
  expect(DOCUMENT.info).toMatchObject({ title: name, version, license: { identifier: license } });
});

it('leads somewhere with every $ref', () => {
  const refs = nodes().flatMap(({ node }) => (typeof node.$ref === 'string' ? [node.$ref] : []));
  expect(refs.length).toBeGreaterThan(0);
  for (const ref of refs) expect(at(ref.slice(1)).value, ref).toBeDefined();
});

it('has schemas that a strict reader takes, and examples that fit them', () => {
  for (const { pointer } of children('/components/schemas')) validator(pointer);
  let examples = 0;
  const check = (pointer: string, value: unknown) => {
    examples++;
    checkValue(pointer, value);
  };
  for (const { pointer, node } of nodes()) {
    if (Array.isArray(node.examples)) for (const example of node.examples) check(pointer, example);
    if (node.schema === undefined) continue;
    validator(`${pointer}/schema`);
    if ('example' in node) check(`${pointer}/schema`, node.example);
    if (!Array.isArray(node.examples))
      for (const { value } of children(`${pointer}/examples`)) check(`${pointer}/schema`, value.value);
  }
  expect(examples).toBeGreaterThan(100);
});

it('has an example of a body in every answer that has one', () => {
  for (const route of ROUTES) {
    for (const { name, pointer } of responses(route)) {
      for (const { value } of children(`${pointer}/content`)) {
        const count = Object.keys(value.examples ?? value.example ?? {}).length;
        if (`${route} ${name}` !== 'GET /openapi.json 200') expect(count, pointer).toBeGreaterThan(0);
      }
    }
  }
});

describe('sessions', () => {
  const create = createEvent();
  const live = sessionAnswer({ session: merge(blankSession(create), create, 1), ending: null });
  const closed = merge(merge(blankSession(create), create, 1), closeEvent(), 1);
  const { end_reason = null, end_time_ms = null } = closed.close ?? {};
  const ended = sessionAnswer({ session: closed, ending: { end_reason, end_time_ms } });

  it("have ZEGO's samples as examples", () => {
    expect(LIVE).toEqual(live);
    expect(ENDED).toEqual(ended);
    const examples = at(`${operationPointer('GET /streams')}/responses/200/content/application~1json/examples`).value;
    expect(examples).toMatchObject({
      streams: { value: pageAnswer({ readings: [{ session: closed, ending: null }], next_cursor: null }) },
    });
  });

  it.each([
    ['LiveSession', live],
    ['EndedSession', ended],
  ])('%s has every field of an answer, in its order, and all are required', (name, answer) => {
    const { properties, required } = at(`/components/schemas/${name}`).value as {
      properties: Node;
      required: string[];
    };
    expect(Object.keys(properties)).toEqual(Object.keys(answer));
    expect(required).toEqual(Object.keys(answer));
  });

  it('that ended have every reason described', () => {
    const told = [0, 1, 2, 3, 4, 5, 100, 'N'].map((type) => closeEvent({ type }).end_reason ?? 'close_type_N');
    const { description } = at('/components/schemas/EndedSession/properties/end_reason').value as Node;
    for (const reason of [...told, 'superseded', 'room_closed', 'expired'])
      expect(description).toContain(`\`${reason}\``);
  });

  it('of which only a close is known have an answer that fits', () => {
    const close = closeEvent({ create_time_ms: undefined });
    const ending = { end_reason: null, end_time_ms: null };
    checkValue('/components/schemas/Session', sessionAnswer({ session: merge(blankSession(close), close, 1), ending }));
  });
});

describe('problems', () => {
  const CODES = Object.keys(PROBLEMS) as ProblemCode[];
  const typeOf = (code: string) => `urn:zego-live-list:problem:${code}`;
  const documented = ROUTES.flatMap((route) =>
    responses(route).flatMap(({ name: status, pointer }) =>
      children(`${pointer}/content/application~1problem+json/examples`).map(({ name: code, value }) => ({
        route,
        status: Number(status),
        code: code as ProblemCode,
        example: value.value as Node,
      })),
    ),
  );

  it('are all documented, each under its status', () => {
    expect(new Set(documented.map(({ code }) => code))).toEqual(new Set(CODES));
    for (const { code, status } of documented) expect(status, code).toBe(PROBLEMS[code].status);
    const { type } = at('/components/schemas/Problem/properties').value as { type: { enum: string[] } };
    expect(type.enum).toEqual(CODES.map(typeOf));
  });

  const create = () => decodeBody(JSON.stringify(signed(sample('stream_create'))), false);
  const options = { secrets: [SECRET], windowSeconds: 600, nowMs: Date.now() };
  const query = { order: 'newest', room_id: undefined, appid: undefined } as const;
  it.each<[ProblemCode, () => unknown]>([
    ['body-too-large', () => decodeBody('x'.repeat(65_537), false)],
    ['unreadable-body', () => decodeBody('[1]', false)],
    ['invalid-field', () => parseEvent({ ...create(), stream_sid: '' }, verify(readEnvelope(create()), options), [])],
    ['bad-signature', () => verify(readEnvelope({ ...create(), signature: 'xxx' }), options)],
    ['timestamp-outside-window', () => verify(readEnvelope(create()), { ...options, nowMs: 0 })],
    ['unknown-appid', () => parseEvent(create(), verify(readEnvelope(create()), options), ['7'])],
    ['internal-error', () => expect.fail()],
    [
      'store-unavailable',
      () => {
        throw new Problem('store-unavailable', 'The store did not answer. Try again.');
      },
    ],
    ['token-required', () => requireToken(undefined, ['first'])],
    ['invalid-parameter', () => listQuery('limit=0')],
    ['invalid-cursor', () => decodeCursor('abc', query)],
    ['stream-not-found', () => streamAnswer(undefined)],
  ])('%s is shown as it is answered', (code, provoke) => {
    let thrown: unknown;
    try {
      provoke();
    } catch (error) {
      thrown = error;
    }
    const examples = documented.filter((found) => found.code === code).map(({ example }) => example);
    expect(examples).not.toEqual([]);
    for (const example of examples) expect(example).toEqual(JSON.parse(problemDocument(asProblem(thrown)).body ?? ''));
  });
});

interface Parameter {
  name: string;
  in: string;
  schema: Node;
  example?: unknown;
}

describe.each([
  ['GET /streams', listQuery],
  ['GET /streams/{stream_id}', (query: string) => streamQuery('a', query)],
])('query parameters of %s', (route, readQuery) => {
  const all = children('/components/parameters').map(({ value }) => value as unknown as Parameter);
  const own = children(`${operationPointer(route)}/parameters`)
    .map(({ pointer, value }) => ({ pointer, ...(value as unknown as Parameter) }))
    .filter((parameter) => parameter.in === 'query');
  const accepts = (pairs: [string, string][]) => {
    try {
      readQuery(new URLSearchParams(pairs).toString());
      return true;
    } catch (error) {
      expect(error).toBeInstanceOf(Problem);
      return false;
    }
  };

  it.each(own)('$name is taken with its example', ({ name, example = 'x' }) => {
    expect(accepts([example].flat().map((value) => [name, String(value)]))).toBe(true);
  });

  it('others are refused', () => {
    const names = own.map(({ name }) => name);
    const others = [...all.map(({ name }) => name), 'other', ''].filter((name) => !names.includes(name));
    expect(others.length).toBeGreaterThan(2);
    for (const name of others) expect(accepts([[name, '1']]), name).toBe(false);
  });

  const VALUES = ['', '0', '1', '50', '100', '101', '-1', '1.5', 'x', 'newest', 'oldest', 'up', '9'.repeat(20)];
  const LONG = ['9'.repeat(21), 'x'.repeat(256), 'x'.repeat(257), 'x'.repeat(512), 'x'.repeat(513)];
  it.each(own)('$name is taken just where its schema takes it', ({ name, pointer, schema }) => {
    for (const value of [...VALUES, ...LONG]) {
      const typed = schema.type === 'integer' ? Number(value || 'NaN') : schema.type === 'array' ? [value] : value;
      expect(accepts([[name, value]]), value).toBe(validator(`${pointer}/schema`)(typed));
    }
  });

  it.each(own.filter(({ schema }) => schema.type === 'array'))(
    '$name is taken as often as it says',
    ({ name, schema }) => {
      const times = (count: number) => Array.from({ length: count }, (): [string, string] => [name, 'a']);
      expect(accepts(times(Number(schema.maxItems)))).toBe(true);
      expect(accepts(times(Number(schema.maxItems) + 1))).toBe(false);
    },
  );
});

describe('callbacks', () => {
  const isDocumented = validator('/components/schemas/Callback');

  /** Whether it is taken, once it is signed rightly and in time. */
  function isTaken(body: string): boolean {
    try {
      const record: Record<string, unknown> = { ...decodeBody(body, false) };
      const told = (name: string, pascal: string) => String(record[name] ?? record[pascal]);
      const signature = sign({
        secret: SECRET,
        timestamp: told('timestamp', 'Timestamp'),
        nonce: told('nonce', 'Nonce'),
      });
      const name = (record.signature ?? null) === null ? 'Signature' : 'signature';
      if (typeof record[name] === 'string' && record[name] !== '') record[name] = signature;
      const verified = verify(readEnvelope(record as ZegoRecord), { secrets: [SECRET], windowSeconds: 0, nowMs: 0 });
      parseEvent(record as ZegoRecord, verified, []);
      return true;
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid-field' });
      return false;
    }
  }

  it.each(Object.entries(CALLBACKS))('%s is taken', (_, callback) => {
    expect(isTaken(JSON.stringify(callback))).toBe(true);
  });

  const ENVELOPE = ['event', 'Event', 'timestamp', 'Timestamp', 'nonce', 'Nonce', 'signature', 'Signature'];
  const FIELDS = [...new Set(Object.values(CALLBACKS).flatMap(Object.keys))].filter((name) => !ENVELOPE.includes(name));
  const texts = fc.oneof(
    fc.constantFrom('', 'a', '0', '01', '-1', '+1', '1.5', '1e3', '0x1', ' 1', '1 ', '1\n', '９', '1687981272'),
    fc.constantFrom(64, 65, 256, 257, 512, 513).map((length) => 'x'.repeat(length)),
    fc.constantFrom(10, 11, 13, 14, 15, 20, 21, 64, 65).map((length) => '9'.repeat(length)),
    fc.bigInt(2n ** 53n - 20n, 2n ** 53n + 20n).map(String),
    fc.bigInt(0n, 10n ** 17n).map((number) => `00${number}`),
  );
  const others = fc.oneof(
    fc.constantFrom<unknown>(undefined, null, true, false, [], ['1'], {}, { a: '1' }),
    fc.constantFrom(0, 1, -1, 1.5, 9_999_999_999, 1e10, 9_999_999_999_999, 1e13, 2 ** 53 - 1, 2 ** 53, 1e20, 1e300),
    fc.maxSafeInteger(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const events = fc.constantFrom(
    'stream_create',
    'stream_close',
    'room_create',
    'room_close',
    'room_login',
    'Room_Close',
  );
  const timestamps = fc.oneof(others, fc.constantFrom('', 'x', '1687981272', '01', 1_687_981_272));
  const changes = (values: fc.Arbitrary<unknown>) =>
    fc.tuple(
      fc.dictionary(fc.constantFrom(...FIELDS), values, { maxKeys: 4 }),
      fc.dictionary(fc.constantFrom('event', 'Event'), fc.oneof(events, values), { maxKeys: 1 }),
      fc.dictionary(fc.constantFrom('nonce', 'Nonce', 'signature', 'Signature'), values, { maxKeys: 1 }),
    );
  const callbacks = fc.constantFrom(...Object.values(CALLBACKS));
  const RUNS = { numRuns: 5000 };

  it('in JSON are taken just where the schema takes them', () => {
    const seen = new Map<boolean, number>();
    // What is later is out of every window.
    const late = (value: unknown) => typeof value === 'number' && value >= 1e10;
    fc.assert(
      fc.property(
        callbacks,
        changes(fc.oneof(texts, others)),
        fc.dictionary(
          fc.constantFrom('timestamp', 'Timestamp'),
          timestamps.filter((value) => !late(value)),
          { maxKeys: 1 },
        ),
        (callback, changed, timestamp) => {
          const body = JSON.stringify(Object.assign({}, callback, ...changed, timestamp));
          const taken = isTaken(body);
          seen.set(taken, (seen.get(taken) ?? 0) + 1);
          expect(isDocumented(JSON.parse(body))).toBe(taken);
        },
      ),
      RUNS,
    );
    for (const taken of [true, false]) expect(seen.get(taken)).toBeGreaterThan(RUNS.numRuns / 10);
  });

  it('in forms likewise', () => {
    fc.assert(
      fc.property(callbacks, changes(texts), (callback, changed) => {
        const fields: Record<string, unknown> = Object.assign({}, callback, ...changed);
        expect(isDocumented(fields)).toBe(isTaken(form(fields)));
      }),
      RUNS,
    );
  });
});

describe('an answer that is not as documented is noticed', () => {
  const { statusCode = 0, headers = {}, body = '' } = problemDocument(new Problem('token-required', 'x'));
  const good = { statusCode, headers, body };
  const { 'www-authenticate': _, ...unchallenged } = headers;

  it('and one that is so is taken', () => {
    expect(() => checkAnswer('GET /streams', good)).not.toThrow();
  });

  it.each<[string, Parameters<typeof checkAnswer>[1]]>([
    ['a status', { ...good, statusCode: 402 }],
    ['a problem of another status', { ...good, statusCode: 404 }],
    ['a problem of another route', problemDocument(new Problem('stream-not-found', 'x'))],
    ['a header that is missing', { ...good, headers: unchallenged }],
    ['a header', { ...good, headers: { ...headers, 'cache-control': 'max-age=1' } }],
    ['a content type', { ...good, headers: { ...headers, 'content-type': 'text/plain' } }],
    ['a field that is missing', { ...good, body: '{}' }],
    ["API Gateway's part", { statusCode: 500, headers: { 'content-type': 'application/json' }, body: '{}' }],
    [
      'a body of a 304',
      { statusCode: 304, headers: { etag: `"${'a'.repeat(43)}"`, 'cache-control': 'max-age=1' }, body },
    ],
  ])('%s', (_, answer) => {
    expect(() => checkAnswer('GET /streams', answer)).toThrow(/GET \/streams|schemas|headers|responses/);
  });
});
