import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { sign } from '../../../lib/zego/signature.ts';
import {
  closeAll,
  deploy,
  doctor,
  fieldsOf,
  leftBehind,
  type Passed,
  type Passing,
  proxy,
  SECRET,
  serve,
  TOKEN,
} from './deployment.ts';

const APP = 'https://app.example.com';
const UP_TO_CREATE = { upTo: 'create' };
const SERVER_SECRET = 'ffeeddccbbaa99887766554433221100';

/** The first demands a token, knows one appid and caches nothing; the second has other settings throughout. */
let demanding: string;
let open: string;
beforeAll(async () => {
  [demanding, open] = await Promise.all([
    deploy({ LIST_TOKEN: TOKEN, ZEGO_APP_ID: '7' }),
    deploy(
      {
        LIST_TOKEN: 'public',
        LIST_CACHE_SECONDS: '1',
        SIGNATURE_WINDOW_SECONDS: '0',
        ZEGO_CALLBACK_SECRET: `${SECRET},${SERVER_SECRET}`,
      },
      { allowedOrigins: [APP] },
    ),
  ]);
});
afterAll(closeAll);

/** Every callback signed again. */
function signedAgain(passing: Passing, secret: string, shiftMs = 0, timestamp?: string): Passing {
  const fields = fieldsOf(passing);
  if (fields?.event === undefined) return passing;
  const at = timestamp ?? String(Number(fields.timestamp) + shiftMs / 1000);
  const nonce = String(fields.nonce);
  return changed(passing, { ...fields, timestamp: at, signature: sign({ secret, timestamp: at, nonce }) });
}

function changed(passing: Passing, fields: object): Passing {
  return { ...passing, body: JSON.stringify(fields) };
}

function without(passed: Passed, header: RegExp): Passed {
  const headers = Object.entries(passed.headers).filter(([name]) => !header.test(name));
  return { ...passed, headers: Object.fromEntries(headers) };
}

const NOT_FOUND = { status: 404, headers: { 'content-type': 'application/json' }, body: '{"message":"Not Found"}' };

describe.concurrent('a deployment that is right', () => {
  it('passes every check, and nothing is left live', async () => {
    const found = await doctor(demanding, { origin: APP, 'server-secret': SERVER_SECRET });
    expect(found.faults).toEqual([]);
    expect(found.verdict).toMatch(/^All 42 checks passed(, 1 remark)?\. 1 was not made\.$/);
    expect(found.row('appid')).toContain('taken');
    expect(found.row('ServerSecret')).toContain('401 bad-signature');
    expect(await leftBehind(demanding, found.run, TOKEN)).toEqual([]);
  });

  it('passes with a public list that is meant to be so, a cache, and the callback URL pasted', async () => {
    const found = await doctor(`${open}/callbacks/zego/`, { token: 'public', origin: APP });
    expect(found.faults).toEqual([]);
    expect(found.row('address')).toContain(`whose base URL is ${open}: it was given with /callbacks/zego`);
    expect(found.row('token')).toMatch(/^✓/);
    expect(found.row('Cache-Control')).toContain('max-age=1');
    expect(found.row('CORS')).toContain('https://app.example.com may read');
  });

  it('gets remarks for what may be meant', async () => {
    const found = await doctor(`${open}/streams`, { token: undefined });
    expect(found.faults).toEqual([]);
    expect(found.row('token')).toMatch(/^! .*open to everybody[\s\S]*set LIST_TOKEN/);
    expect(found.row('timestamp window')).toMatch(/^! .*200 ignored[\s\S]*SIGNATURE_WINDOW_SECONDS=0/);
    expect(found.row('CORS')).toMatch(/^! .*some origins only[\s\S]*CORS_ORIGINS[\s\S]*--origin/);
    expect(found.row('CORS preflight')).toMatch(/^–/);
    expect(found.verdict).toMatch(/^All \d+ checks passed, [34] remarks\. \d were not made\.$/);
  });

  it('is not checked further than what is given allows, and the reasons are told', async () => {
    const found = await doctor(demanding, { secret: undefined, token: undefined, appid: undefined });
    expect(found.faults).toEqual([]);
    expect(found.row('token')).toMatch(/^– .*demands one[\s\S]*--token/);
    expect(found.row('ETag')).toMatch(/^– .*give --token/);
    expect(found.row('signature')).toMatch(/^– .*give --secret/);
    expect(found.row('create')).toMatch(/^– .*give --secret/);
    expect(found.row('wrong signature')).toMatch(/^✓/);
    expect(found.summary).toMatchObject({ url: demanding, ok: false, missing: ['--token', '--secret'] });
    const restricted = await doctor(demanding, { token: undefined, appid: undefined });
    expect(restricted.row('appid')).toMatch(/^– .*certain appids only[\s\S]*ZEGO_APP_ID with --appid/);
    expect(restricted.row('create')).toMatch(/^– .*give --appid/);
  });

  it('counts a stream that was created though nothing answers when it is read back', async () => {
    const silent = await proxy(demanding, {
      answer: (passed, { url }) => (/^\/streams\/\S+-json-with-numbers/.test(url) ? undefined : passed),
    });
    const found = await doctor(silent);
    expect(found.faults).toEqual(['encoding: JSON with numbers']);
    expect(found.row('encoding: JSON with numbers')).toContain('no answer');
    expect(await leftBehind(demanding, found.run, TOKEN)).toEqual([]);
  });

  it('is looked at again while its indexes lag', async () => {
    let isStale = false;
    let looks = 0;
    const lagging = await proxy(demanding, {
      instead: (passing) => {
        if (String(fieldsOf(passing)?.event).startsWith('stream_')) isStale = true;
        if (!isStale || !passing.url.startsWith('/streams?room_id=')) return undefined;
        isStale = false;
        looks += 1;
        return { status: 200, headers: {}, body: '{"streams":[],"next_cursor":null}' };
      },
    });
    const found = await doctor(lagging, {}, { patienceMs: 60_000 });
    expect(found.faults).toEqual([]);
    expect(looks).toBeGreaterThan(1);
  });

  it('is checked by its callbacks alone when its list cannot be read', async () => {
    const found = await doctor(demanding, { token: undefined });
    expect(found.faults).toEqual([]);
    expect(found.row('close')).toMatch(/^✓ .*200 applied/);
    expect(found.row('encoding: JSON')).toMatch(/^– .*taken, but not read back: give --token/);
    expect(await leftBehind(demanding, found.run, TOKEN)).toEqual([]);
  });
});

describe.concurrent('secrets, appids and tokens', () => {
  it('names the usual mistakes when the secret is another one', async () => {
    const found = await doctor(demanding, { secret: 'f'.repeat(32) });
    expect(found.faults).toEqual(['signature']);
    expect(found.row('signature')).toMatch(
      /401 bad-signature\n {2}→ .*ServerSecret instead of the CallbackSecret.*white space.*another project's/,
    );
    expect(found.row('create')).toMatch(/^– .*the secret is not the deployment's/);
  });

  it('names a ServerSecret that is deployed instead', async () => {
    const found = await doctor(demanding, { secret: 'f'.repeat(32), 'server-secret': SECRET }, UP_TO_CREATE);
    expect(found.faults).toEqual(['signature']);
    expect(found.row('signature')).toContain('The deployment holds the ServerSecret as its CallbackSecret');
    expect(found.row('create')).toMatch(/^✓/);
  });

  it('names a ServerSecret that is deployed beside', async () => {
    const found = await doctor(open, { token: 'public', 'server-secret': SERVER_SECRET, origin: APP }, UP_TO_CREATE);
    expect(found.faults).toEqual(['ServerSecret']);
    expect(found.row('ServerSecret')).toMatch(/holds the ServerSecret\n {2}→ .*out of ZEGO_CALLBACK_SECRET/);
  });

  it('names white space that was given with the secret, and goes on without it', async () => {
    const found = await doctor(demanding, { secret: `${SECRET} ` }, UP_TO_CREATE);
    expect(found.faults).toEqual(['signature']);
    expect(found.row('signature')).toContain(
      'The deployment has the secret without the white space at its end, as ZEGO gives it: correct --secret.',
    );
  });

  it('names a blank that the deployment has in its secret', async () => {
    const withBlank = await proxy(demanding, {
      request: (passing) => {
        const { signature, timestamp, nonce } = fieldsOf(passing) ?? {};
        const input = { secret: `${SECRET} `, timestamp: String(timestamp), nonce: String(nonce) };
        return signedAgain(passing, sign(input) === signature ? SECRET : 'another');
      },
    });
    const found = await doctor(withBlank, {}, UP_TO_CREATE);
    expect(found.faults).toEqual(['signature']);
    expect(found.row('signature')).toContain('The deployment has the secret with a blank at its end');
  });

  it("names another project's appid", async () => {
    const found = await doctor(demanding, { appid: '8' });
    expect(found.faults).toEqual(['appid']);
    expect(found.row('appid')).toMatch(/401 unknown-appid\n {2}→ .*another project.*ZEGO_APP_ID/);
  });

  it('names a token that is refused', async () => {
    const found = await doctor(demanding, { token: 'another-token' });
    expect(found.faults).toEqual(['token']);
    expect(found.row('token')).toMatch(/the token is refused\n {2}→ .*LIST_TOKEN/);
    expect(found.row('ETag')).toMatch(/^– .*the token is refused/);
  });

  it('names a list that is open though it should not be, and one that is not though it should', async () => {
    const found = await doctor(open, { secret: undefined, origin: APP });
    expect(found.faults).toEqual(['token']);
    expect(found.row('token')).toMatch(/the list is open: it answers without a token\n {2}→ .*LIST_TOKEN/);
    const closed = await doctor(demanding, { secret: undefined, token: 'public' });
    expect(closed.faults).toEqual(['token']);
    expect(closed.row('token')).toMatch(/though it should be public\n {2}→ .*LIST_TOKEN=public/);
  });

  it('names a list that any token opens', async () => {
    const lenient = await proxy(demanding, {
      request: (passing) => {
        const { authorization, ...headers } = passing.headers;
        const shown = authorization === undefined ? {} : { authorization: `Bearer ${TOKEN}` };
        return { ...passing, headers: { ...headers, ...shown } };
      },
    });
    const found = await doctor(lenient, { secret: undefined });
    expect(found.faults).toEqual(['token']);
    expect(found.row('token')).toContain('any token opens the list');
  });

  it('names single streams that are open', async () => {
    const half = await proxy(demanding, {
      request: (passing) => {
        const shown = /^\/streams\//.test(passing.url) ? { authorization: `Bearer ${TOKEN}` } : {};
        return { ...passing, headers: { ...passing.headers, ...shown } };
      },
    });
    const found = await doctor(half, { secret: undefined });
    expect(found.faults).toEqual(['token']);
    expect(found.row('token')).toContain('single streams are open');
  });

  it('tells nothing of what an answer repeats', async () => {
    const echo = await proxy(demanding, {
      answer: (passed, { headers, body }) => ({
        ...passed,
        status: passed.status === 400 ? 400 : 418,
        headers: { ...passed.headers, 'cache-control': String(headers.authorization) },
        body: passed.status === 400 ? passed.body : JSON.stringify({ type: body, message: headers.authorization }),
      }),
    });
    expect((await doctor(echo)).faults.length).toBeGreaterThan(5);
  });
});

describe.concurrent('the address', () => {
  it('names a path that has a typo, and the one that is right', async () => {
    const found = await doctor(`${demanding}/callbaks/zego`);
    expect(found.faults).toEqual(['address']);
    expect(found.row('address')).toMatch(/404 "Not Found" instead of the API\n {2}→ The path has a typo/);
    expect(found.row('address')).toContain(`The API answers at ${demanding};`);
    expect(found.row('everything else')).toMatch(/^–/);
    expect(found.verdict).toBe('1 of 1 check failed: address. 1 was not made.');
  });

  it('names a stage prefix too much', async () => {
    const found = await doctor(`${demanding}/prod`);
    expect(found.row('address')).toContain('The stage prefix /prod is too much: this API has none.');
    expect(found.row('address')).toContain(`The API answers at ${demanding}; `);
  });

  it('names a stage prefix too little, and a wrong one', async () => {
    const staged = await proxy(demanding, {
      request: (passing) => ({ ...passing, url: passing.url.replace(/^\/dev/, '') }),
      instead: ({ url }) => (url.startsWith('/dev/') ? undefined : NOT_FOUND),
    });
    const missing = await doctor(staged);
    expect(missing.faults).toEqual(['address']);
    expect(missing.row('address')).toContain(`The stage prefix /dev is missing. The API answers at ${staged}/dev;`);
    const other = await doctor(`${staged}/prd`);
    expect(other.row('address')).toContain('The path has a typo: it is /dev, not /prd.');
    expect((await doctor(`${staged}/dev`, { secret: undefined })).faults).toEqual([]);
  });

  it.each<[string, Passed, RegExp]>([
    [
      'an API Gateway without such a route',
      NOT_FOUND,
      /typo in the path, a stage prefix too much.*or one that is missing/,
    ],
    [
      'a custom domain',
      { ...NOT_FOUND, status: 403, body: '{"message":"Forbidden"}' },
      /403 "Forbidden"[\s\S]*mapping/,
    ],
    [
      'a web site',
      { status: 200, headers: {}, body: '<html>' },
      /200 instead of the API\n {2}→ Another program answers/,
    ],
    ['a CDN', { status: 403, headers: { server: 'CloudFront' }, body: '' }, /CloudFront answers, .*API behind it/],
    ['a redirect', { status: 301, headers: { location: 'https://x.example/a' }, body: '' }, /to https:\/\/x\.example,/],
    ['a function that fails', { ...NOT_FOUND, status: 500, body: '{}' }, /The function fails .*logs -f callback/],
  ])('tells %s from the API', async (_, answer, words) => {
    const url = await serve((_request, response) => {
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
    const found = await doctor(url);
    expect(found.faults).toEqual(['address']);
    expect(found.row('address')).toMatch(words);
  });

  it('names a certificate that is self-signed', async () => {
    const found = await doctor(await serve(() => {}, { tls: true }));
    expect(found.faults).toEqual(['address']);
    expect(found.row('address')).toMatch(
      /DEPTH_ZERO_SELF_SIGNED_CERT\n {2}→ .*certificate of 127.0.0.1 is self-signed/,
    );
  });

  it('names a port where nothing listens, and a server that hangs', async () => {
    const { url, close } = await listen(createServer(), 0, '');
    await close();
    expect((await doctor(url)).row('address')).toMatch(/no answer: ECONNREFUSED\n {2}→ Nothing listens/);
    const hanging = await serve(() => {});
    const found = await doctor(hanging, {}, { timeoutMs: 100 });
    expect(found.faults).toEqual(['address']);
    expect(found.row('address')).toMatch(/no answer within 0.1 s\n {2}→ .*hangs/);
  });
});

describe.concurrent('the clock', () => {
  it("names this machine's that is off, and signs by the deployment's", async () => {
    const found = await doctor(demanding, {}, { ...UP_TO_CREATE, now: () => Date.now() + 700_000 });
    expect(found.faults).toEqual(['clock']);
    expect(found.row('clock')).toMatch(/(69|70)\d s behind this machine's\n {2}→ Either may be wrong/);
    const little = await doctor(demanding, { secret: undefined }, { now: () => Date.now() - 30_000 });
    expect(little.faults).toEqual([]);
    expect(little.row('clock')).toMatch(/^! .*[23]\d s ahead of this machine's/);
  });

  it("names the deployment's that is off, by which it goes itself", async () => {
    const skewed = await proxy(demanding, {
      request: (passing) => (passing.url === '/callbacks/zego' ? signedAgainWithin(passing) : passing),
      answer: (passed) => ({ ...passed, headers: { ...passed.headers, date: inAnHour() } }),
    });
    const found = await doctor(skewed, {}, UP_TO_CREATE);
    expect(found.faults).toContain('clock');
    expect(found.row('clock')).toMatch(/ahead of this machine's\n {2}→ .*refused with timestamp-outside-window/);
    expect(found.row('create')).toMatch(/^✓/);
  });

  it('names a Date header that is not the time of the functions', async () => {
    const skewed = await proxy(demanding, {
      answer: (passed) => ({ ...passed, headers: { ...passed.headers, date: inAnHour() } }),
    });
    const found = await doctor(skewed, {}, UP_TO_CREATE);
    expect(found.faults).toEqual(['clock', 'signature']);
    expect(found.row('signature')).toMatch(/taken by this machine's clock\n {2}→ .*writes a wrong Date/);
  });

  const inAnHour = () => new Date(Date.now() + 3_600_000).toUTCString();
  /** A right signature stays right, an hour before. */
  const signedAgainWithin = (passing: Passing) => {
    const { signature, timestamp, nonce } = fieldsOf(passing) ?? {};
    const input = { secret: SECRET, timestamp: String(timestamp), nonce: String(nonce) };
    return sign(input) === signature ? signedAgain(passing, SECRET, Number(timestamp) > 1 ? -3_600_000 : 0) : passing;
  };
});

describe.concurrent('what stands before the API', () => {
  it('drops CORS', async () => {
    const bare = await proxy(demanding, {
      instead: ({ method }) => (method === 'OPTIONS' ? NOT_FOUND : undefined),
      answer: (passed) => without(passed, /^access-control-/),
    });
    const found = await doctor(bare, { secret: undefined });
    expect(found.faults).toEqual(['CORS', 'CORS preflight']);
    expect(found.row('CORS')).toMatch(/no CORS: .*\n {2}→ .*CORS_ORIGINS .*--origin.*let Origin and OPTIONS pass/);
    expect(found.row('CORS preflight')).toMatch(/404 .* instead of 204\n {2}→ .*without a token/);
  });

  it('is no obstacle to an origin that CORS_ORIGINS lacks', async () => {
    const found = await doctor(open, { secret: undefined, token: 'public', origin: 'https://www.example.com' });
    expect(found.faults).toEqual(['CORS', 'CORS preflight']);
    expect(found.row('CORS')).toContain(
      'CORS_ORIGINS lists the origins that may read: add https://www.example.com to it',
    );
  });

  it('keeps headers from pages', async () => {
    const found = await doctor(
      await proxy(demanding, { answer: (passed) => without(passed, /^access-control-(expose|allow-headers)/) }),
      { secret: undefined },
    );
    expect(found.faults).toEqual(['CORS', 'CORS preflight']);
    expect(found.row('CORS')).toContain('etag is not exposed');
    expect(found.row('CORS preflight')).toContain('authorization and if-none-match not allowed');
  });

  it('drops ETag and Cache-Control', async () => {
    const found = await doctor(
      await proxy(demanding, { answer: (passed) => without(passed, /^(etag|cache-control)$/) }),
      { secret: undefined },
    );
    expect(found.faults).toEqual(['ETag', 'Cache-Control']);
    expect(found.row('ETag')).toMatch(/the list has no ETag\n {2}→ .*let ETag pass/);
  });

  it('drops If-None-Match, and lets all caches keep what needs a token', async () => {
    const careless = await proxy(demanding, {
      request: (passing) => ({ ...passing, headers: { ...passing.headers, 'if-none-match': '' } }),
      answer: (passed) => ({ ...passed, headers: { ...passed.headers, 'cache-control': 'max-age=0' } }),
    });
    const found = await doctor(careless, { secret: undefined });
    expect(found.faults).toEqual(['ETag', 'Cache-Control']);
    expect(found.row('ETag')).toMatch(/200 instead of 304 without a body\n {2}→ .*If-None-Match/);
    expect(found.row('Cache-Control')).toContain('max-age=0, though a token is demanded');
  });

  it('drops WWW-Authenticate', async () => {
    const found = await doctor(await proxy(demanding, { answer: (passed) => without(passed, /^www-/) }), {
      secret: undefined,
    });
    expect(found.faults).toEqual(['token']);
    expect(found.row('token')).toContain('without WWW-Authenticate');
  });

  it('keeps answers for ever', async () => {
    const kept = new Map<string, Passed>();
    const cache = await proxy(demanding, {
      instead: ({ method, url }) => (method === 'GET' ? kept.get(url) : undefined),
      answer: (passed, { url, headers }) => {
        if (url.startsWith('/streams') && passed.status === 200 && headers.authorization) kept.set(url, passed);
        return passed;
      },
    });
    const found = await doctor(cache);
    expect(found.row('token')).toMatch(/^✗ .*shown without it\n {2}→ .*private/);
    expect(found.row('cached list')).toMatch(/^✗ .*the list of before is still shown\n {2}→ .*Cache-Control/);
  });

  it.each([
    ['lists', /^\/streams\?/, 'the list of before'],
    ['single streams', /^\/streams\//, 'a stream of before'],
  ])('keeps %s for a minute, which nobody allowed, but with their token', async (_, which, words) => {
    const kept = new Map<string, { passed: Passed; untilMs: number }>();
    const keyOf = ({ url, headers }: Passing) => `${url} ${headers.authorization}`;
    const cache = await proxy(demanding, {
      instead: (passing) => {
        const { passed, untilMs = 0 } = kept.get(keyOf(passing)) ?? {};
        return passing.method === 'GET' && untilMs > performance.now() ? passed : undefined;
      },
      answer: (passed, passing) => {
        const { method, url, headers } = passing;
        const isKept = method === 'GET' && which.test(url) && passed.status === 200 && !headers['if-none-match'];
        if (isKept) kept.set(keyOf(passing), { passed, untilMs: performance.now() + 60_000 });
        return passed;
      },
    });
    const found = await doctor(cache);
    expect(found.row('token')).toMatch(/^✓/);
    expect(found.row('cached list')).toContain(words);
  });

  it('takes small bodies only', async () => {
    const small = await proxy(demanding, {
      instead: ({ body }) => (body.length > 4096 ? { status: 413, headers: {}, body: '<html>' } : undefined),
    });
    expect((await doctor(small, { secret: undefined })).faults).toEqual(['large body']);
    const smaller = await proxy(demanding, {
      instead: ({ body }) =>
        body.length > 4096 && body.length <= 65_536 ? { status: 413, headers: {}, body: '' } : undefined,
    });
    const found = await doctor(smaller, { secret: undefined });
    expect(found.row('large body')).toMatch(/413 instead of 400 invalid-field\n {2}→ .*no body of 64 KiB/);
  });

  it('lets all caches keep single streams that need a token', async () => {
    const careless = await proxy(demanding, {
      answer: (passed, { url }) =>
        url.startsWith('/streams/')
          ? { ...passed, headers: { ...passed.headers, 'cache-control': 'max-age=9' } }
          : passed,
    });
    expect((await doctor(careless)).row('ended stream')).toContain('max-age=9, though a token is demanded');
  });

  it('answers every path', async () => {
    const site = await proxy(demanding, {
      answer: (passed) => (passed.status === 404 ? { status: 200, headers: {}, body: '<html>' } : passed),
      instead: ({ url }) => (url === '/openapi.json' ? NOT_FOUND : undefined),
    });
    const { faults } = await doctor(site, { secret: undefined });
    expect(faults).toEqual(['OpenAPI document', 'unknown route', 'unknown stream']);
  });
});

describe.concurrent('a receiver', () => {
  it('that checks no signature', async () => {
    const trusting = await proxy(demanding, {
      request: (passing) => signedAgain(passing, SECRET, 0, String(Math.floor(Date.now() / 1000))),
    });
    const found = await doctor(trusting, {}, UP_TO_CREATE);
    expect(found.faults).toEqual(['wrong signature']);
    expect(found.row('wrong signature')).toMatch(/200 ignored: signatures are not checked\n {2}→ Anybody can/);
    expect(found.row('signature')).toMatch(/^–/);
  });

  it('that brings streams back by late creates; they are closed all the same', async () => {
    const closed = new Map<unknown, number>();
    const reviving = await proxy(demanding, {
      request: (passing) => {
        const fields = fieldsOf(passing) ?? {};
        const seq = Number(fields.stream_seq);
        if (fields.event === 'stream_close') closed.set(fields.stream_sid, seq);
        const last = closed.get(fields.stream_sid);
        if (fields.event !== 'stream_create' || last === undefined || seq > last) return passing;
        return changed(passing, { ...fields, stream_seq: String(last + 1) });
      },
    });
    const found = await doctor(reviving);
    expect(found.faults).toEqual(['create after its close', 'close before its create']);
    expect(found.row('create after its close')).toContain('a late create brings an ended stream back');
    expect(await leftBehind(demanding, found.run, TOKEN)).toEqual([]);
  });

  it('that loses the last digits of numbers', async () => {
    const rounding = await proxy(demanding, {
      request: (passing) => {
        const isJson = passing.url === '/callbacks/zego' && passing.body.startsWith('{');
        return isJson ? changed(passing, JSON.parse(passing.body)) : passing;
      },
    });
    const found = await doctor(rounding);
    expect(found.faults).toEqual(['encoding: JSON with numbers', 'room_close']);
    expect(found.row('encoding: JSON with numbers')).toMatch(/room_session_id changed\n {2}→ .*last digits/);
    expect(found.row('room_close')).toContain('room_session_id may have lost digits');
  });

  it('that decodes plain JSON, and knows no form', async () => {
    const decoding = await proxy(demanding, {
      instead: ({ headers }) =>
        headers['content-type']?.includes('form') ? { status: 415, headers: {}, body: '' } : undefined,
      request: (passing) => ({ ...passing, body: passing.body.replaceAll('+', ' ') }),
    });
    const found = await doctor(decoding);
    const plain = ['encoding: JSON', 'encoding: JSON with numbers', 'encoding: JSON as bytes'];
    const forms = ['encoding: form, rtmp_url[0]', 'encoding: form, rtmp_url[]'];
    expect(found.faults.filter((name) => name.startsWith('encoding'))).toEqual([...plain, ...forms]);
    expect(found.row('encoding: JSON')).toMatch(
      /read back with .*user_name.*hdl_url.* changed\n {2}→ .*rewrites bodies/,
    );
    expect(found.row('encoding: form, rtmp_url[]')).toContain('415 instead of 200 applied');
  });

  it('that takes a repeat for news, and forgets closes', async () => {
    const { faults } = await doctor(
      await proxy(demanding, {
        instead: (passing) =>
          fieldsOf(passing)?.event === 'stream_close'
            ? { status: 200, headers: {}, body: '{"result":"applied"}' }
            : undefined,
      }),
    );
    const expected = ['close, repeated', 'ended stream', 'nothing left behind'];
    for (const name of expected) expect(faults).toContain(name);
  });

  it('that answers with other things than a list', async () => {
    const odd = await proxy(demanding, {
      answer: (passed, { url }) =>
        url.startsWith('/streams?') && passed.status === 200 ? { ...passed, body: ODD } : passed,
    });
    const { faults } = await doctor(odd);
    expect(faults).toEqual([
      'list of a room',
      'list of everybody',
      'pages',
      'order',
      'list by stream_id',
      'ended stream',
      'nothing left behind',
    ]);
  });
  const ODD = '{"streams":[null],"next_cursor":7}';

  it('whose list of everybody is dead', async () => {
    const dead = await proxy(demanding, {
      instead: ({ url }) => (/^\/streams\?(?!room_id|stream_id|doctor|cursor=doctor)/.test(url) ? DOWN : undefined),
    });
    const found = await doctor(dead);
    expect(found.faults).toEqual(['list of everybody']);
  });
  const DOWN = { status: 503, headers: {}, body: '' };

  it('that writes more LIVE_SHARDS than it reads', async () => {
    const one = await deploy({ LIST_TOKEN: TOKEN });
    const many = await deploy({ LIST_TOKEN: TOKEN, LIVE_SHARDS: '64' });
    const mixed = await proxy(one, {
      target: ({ method }) => (method === 'POST' ? many : one),
    });
    const found = await doctor(mixed);
    expect(found.faults).toEqual(['list of everybody']);
    expect(found.row('list of everybody')).toMatch(
      /of 7 live streams are missing\n {2}→ .*LIVE_SHARDS.*serverless deploy/,
    );
  });

  it.each([
    ['began long ago', 1_000_000_000_000, /^✗ .*7 of 7 live streams are missing/],
    ['begins at the moment', 9_999_999_999_999, /^! .*among the newest 1000\n {2}→ .*try again later/],
  ])('whose list of everybody has others before, of which most %s', async (_, create_time_ms, words) => {
    const streams = Array.from({ length: 100 }, (_, i) => ({
      stream_sid: `s-${i}`,
      stream_id: `${i}`,
      room_id: 'room',
      create_time_ms,
    }));
    const full = await proxy(demanding, {
      instead: ({ url }) =>
        /^\/streams\?(limit|cursor=(?!doctor))/.test(url)
          ? { status: 200, headers: {}, body: JSON.stringify({ streams, next_cursor: 'more' }) }
          : undefined,
    });
    const found = await doctor(full);
    expect(found.row('list of everybody')).toMatch(words);
  });

  it('that does not take rooms that open', async () => {
    const found = await doctor(
      await proxy(demanding, {
        instead: (passing) => (fieldsOf(passing)?.event === 'room_create' ? DOWN : undefined),
      }),
    );
    expect(found.faults).toEqual(['room_create']);
  });

  it('that takes no callback as old as a retry', async () => {
    const hasty = await deploy({ LIST_TOKEN: TOKEN, SIGNATURE_WINDOW_SECONDS: '30' });
    const found = await doctor(hasty, {}, UP_TO_CREATE);
    expect(found.faults).toEqual([]);
    expect(found.row('timestamp window')).toMatch(/^! .*a minute ago\n {2}→ .*62 s.*SIGNATURE_WINDOW_SECONDS to 600/);
  });

  it('one of whose answers gets lost, whichever, is right all the same', async () => {
    for (const pattern of [
      /^POST .*zego undefined/,
      /^OPTIONS/,
      /^GET \/streams\?/,
      /stream_create.*-form-rtmp/,
      /stream_close/,
    ]) {
      let isLost = false;
      const lossy = await proxy(demanding, {
        answer: (passed, passing) => {
          const { event, stream_id } = fieldsOf(passing) ?? {};
          if (isLost || !pattern.test(`${passing.method} ${passing.url} ${event} ${stream_id}`)) return passed;
          isLost = true;
          return undefined;
        },
      });
      const found = await doctor(lossy);
      expect(isLost).toBe(true);
      expect(found.faults).toEqual([]);
    }
  });

  it('whose answers get lost; what it took is closed', async () => {
    const silent = await proxy(demanding, {
      answer: (passed, passing) =>
        fieldsOf(passing)?.event === 'stream_create' && passed.status === 200 ? new Promise(() => {}) : passed,
    });
    const found = await doctor(silent, {}, { timeoutMs: 6000 });
    expect(found.row('create')).toMatch(/^✗ .*no answer within 6 s/);
    expect(found.row('nothing left behind')).toMatch(/^✓ .*1 stream closed/);
  });

  it('whose store does not answer', async () => {
    const type = 'urn:zego-live-list:problem:store-unavailable';
    const down = await proxy(demanding, {
      instead: (passing) =>
        fieldsOf(passing)?.stream_id === undefined
          ? undefined
          : { status: 503, headers: {}, body: JSON.stringify({ type }) },
    });
    const found = await doctor(down, {});
    expect(found.faults).toEqual(['create', 'nothing left behind']);
    expect(found.row('create')).toMatch(/503 store-unavailable instead of 200 applied\n {2}→ .*logs -f callback/);
    expect(found.row('nothing left behind')).toContain('the end of 1 stream is not taken');
  });
});

it.each(['create', 'list of a room', 'create after its close', 'recreate'])(
  'nothing stays live when it is interrupted after: %s',
  async (upTo) => {
    const { run, names } = await doctor(demanding, {}, { upTo });
    expect(names.at(-1)).toBe(upTo);
    expect(await leftBehind(demanding, run, TOKEN)).toEqual([]);
  },
);
