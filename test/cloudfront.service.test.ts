import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { describe, expect, inject, it } from 'vitest';
import { readConfig } from '../lib/config.ts';
import { Problem } from '../lib/errors.ts';
import { listQuery, streamQuery } from '../lib/http/query.ts';
import { problemDocument } from '../lib/http/response.ts';
import { requireToken } from '../lib/http/token.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const require = createRequire(import.meta.url);

// osls reads YAML with the tags of CloudFormation.
const TEMPLATE = require('serverless/lib/utils/fs/parse.js')('cloudfront.yml', read('docs/cloudfront.yml'));

type Settings = Record<string, string | string[]>;

/** What CloudFormation makes of the template's properties and outputs; what AWS gives out stays as it is. */
function deployed(given: Settings) {
  const defaults = Object.entries<{ Type: string; Default?: string }>(TEMPLATE.Parameters).map(
    ([name, { Type, Default = '' }]) => [name, Type === 'CommaDelimitedList' ? Default.split(',') : Default],
  );
  const settings: Settings = { 'AWS::StackName': 'cdn', ...Object.fromEntries(defaults), ...given };
  // biome-ignore lint/suspicious/noExplicitAny: a template is checked by what is expected of it
  const resolve = (value: any): any => {
    if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = []] = Object.entries(value);
    if (name === 'Ref') return argument === 'AWS::NoValue' ? undefined : (settings[argument as string] ?? value);
    if (!name?.startsWith('Fn::') || name === 'Fn::GetAtt') {
      const entries = Object.entries(value).map(([key, inner]) => [key, resolve(inner)]);
      return Object.fromEntries(entries.filter(([, inner]) => inner !== undefined));
    }
    if (name === 'Fn::If') {
      const [condition, yes, no] = argument as [string, unknown, unknown];
      return resolve(resolve(TEMPLATE.Conditions[condition]) ? yes : no);
    }
    const resolved = resolve(argument);
    if (name === 'Fn::Not') return !resolved[0];
    if (name === 'Fn::Equals') return resolved[0] === resolved[1];
    if (name === 'Fn::Split') return resolved[1].split(resolved[0]);
    if (name === 'Fn::Select') return resolved[1][resolved[0]];
    if (name !== 'Fn::Sub') throw new Error(`${name} is not known here`);
    const [text, more = {}] = [resolved].flat();
    return text.replace(/\$\{([\w:]+)\}/g, (_: string, key: string) => more[key] ?? settings[key]);
  };
  const resources = Object.entries<{ Condition?: string; Properties: unknown }>(TEMPLATE.Resources).filter(
    ([, { Condition }]) => Condition === undefined || resolve(TEMPLATE.Conditions[Condition]),
  );
  return Object.fromEntries(resources.map(([id, { Properties }]) => [id, resolve(Properties)]));
}

const OPEN = deployed({ ApiDomain: 'api.example.com' });
const CLOSED = deployed({ ApiDomain: 'api.example.com', ListToken: 'first,second+/=' });
const config = (stack: typeof OPEN) => stack.Distribution.DistributionConfig;
const behaviours = (stack: typeof OPEN) => [config(stack).DefaultCacheBehavior, ...config(stack).CacheBehaviors];

describe('the cache', () => {
  const { ParametersInCacheKeyAndForwardedToOrigin: key, ...times } = OPEN.CachePolicy.CachePolicyConfig;

  it('has just the parameters that the two routes take in its key', () => {
    const takes = (name: string, query: () => unknown) => {
      try {
        query();
      } catch (error) {
        if (error instanceof Problem) return !error.message.startsWith(`${name} is not a parameter`);
        throw error;
      }
      return true;
    };
    // A parameter is named in the code that takes it, so its words are all the names worth trying.
    const words = new Set(read('lib/http/query.ts').match(/\w+/g));
    const parameters = [...words].filter(
      (name) =>
        takes(name, () => listQuery(`${name}=1`)) ||
        takes(name, () => streamQuery('stream', `${name}=1`)) ||
        takes(name, () => listQuery(`stream_id=1&${name}=1`)),
    );
    expect(parameters).toContain('stream_id');
    expect(key.QueryStringsConfig.QueryStringBehavior).toBe('whitelist');
    expect([...key.QueryStringsConfig.QueryStrings].sort()).toEqual(parameters.sort());
  });

  it('has no cookie and no header in its key', () => {
    expect(key.CookiesConfig).toEqual({ CookieBehavior: 'none' });
    expect(key.HeadersConfig).toEqual({ HeaderBehavior: 'none' });
  });

  it('keeps an answer for a second at least, and for no longer than LIST_CACHE_SECONDS may be', () => {
    expect(times).toMatchObject({ MinTTL: 1, DefaultTTL: 1 });
    const seconds = (value: number) => readConfig(['LIST_CACHE_SECONDS'], { LIST_CACHE_SECONDS: String(value) });
    expect(seconds(times.MaxTTL)).toEqual({ LIST_CACHE_SECONDS: times.MaxTTL });
    expect(() => seconds(times.MaxTTL + 1)).toThrow();
  });

  it('keeps no error of a reader, and one of ours for a second', () => {
    const kept = new Map(
      config(OPEN).CustomErrorResponses.map(({ ErrorCode, ErrorCachingMinTTL }: Record<string, number>) => [
        ErrorCode,
        ErrorCachingMinTTL,
      ]),
    );
    // What CloudFront would keep for 10 s.
    for (const status of [404, 414, 500, 501, 502, 503, 504]) expect(kept.has(status)).toBe(true);
    for (const [status, seconds] of kept) expect(seconds).toBe(Number(status) < 500 ? 0 : 1);
  });
});

describe('the distribution', () => {
  it.each([
    ['open', OPEN],
    ['closed', CLOSED],
  ])('takes HTTPS alone, and no callback, where the list is %s', (_, stack) => {
    for (const origin of config(stack).Origins) {
      expect(origin).toMatchObject({
        DomainName: 'api.example.com',
        CustomOriginConfig: { OriginProtocolPolicy: 'https-only', OriginSSLProtocols: ['TLSv1.2'] },
      });
    }
    for (const behaviour of behaviours(stack)) {
      expect(behaviour).toMatchObject({
        ViewerProtocolPolicy: 'https-only',
        AllowedMethods: ['GET', 'HEAD', 'OPTIONS'],
        CachedMethods: ['GET', 'HEAD'],
        Compress: true,
        CachePolicyId: { Ref: 'CachePolicy' },
        OriginRequestPolicyId: { Ref: 'OriginRequestPolicy' },
        ResponseHeadersPolicyId: { Ref: 'ResponseHeadersPolicy' },
      });
    }
  });

  it("shows the API CloudFront's token only where the reader's was checked", () => {
    const origins: Record<string, unknown>[] = config(CLOSED).Origins;
    const trusted = new Set(origins.filter((one) => 'OriginCustomHeaders' in one).map(({ Id }) => Id));
    expect(behaviours(CLOSED).map((one) => [trusted.has(one.TargetOriginId), 'FunctionAssociations' in one])).toEqual([
      [true, true],
      [false, false],
    ]);
  });

  it.each([
    ['public', true],
    ['a', true],
    ['a,b+/=', true],
    ['publicity,a', true],
    ['public,a', false],
    ['a,public', false],
    ['a,,b', false],
    ["a'", false],
    ['a b', false],
  ])('ListToken may be %j: %s', (value, allowed) => {
    expect(new RegExp(TEMPLATE.Parameters.ListToken.AllowedPattern).test(value)).toBe(allowed);
  });

  it('lets everybody through where the list is public', () => {
    expect(OPEN).not.toHaveProperty('TokenFunction');
    expect(config(OPEN).Origins[0]).not.toHaveProperty('OriginCustomHeaders');
    for (const behaviour of behaviours(OPEN)) expect(behaviour).not.toHaveProperty('FunctionAssociations');
  });

  it('asks for a token otherwise, except for the description, and shows the API the first one', () => {
    expect(config(CLOSED).Origins[0].OriginCustomHeaders).toEqual([
      { HeaderName: 'Authorization', HeaderValue: 'Bearer first' },
    ]);
    expect(config(CLOSED).DefaultCacheBehavior.FunctionAssociations).toEqual([
      {
        EventType: 'viewer-request',
        FunctionARN: { 'Fn::GetAtt': ['TokenFunction', 'FunctionMetadata.FunctionARN'] },
      },
    ]);
    const free = config(CLOSED).CacheBehaviors.filter((behaviour: object) => !('FunctionAssociations' in behaviour));
    expect(free.map(({ PathPattern }: { PathPattern: string }) => PathPattern)).toEqual(['/openapi.json']);
  });

  it('has a domain name of its own, with TLS 1.2, where there is a certificate', () => {
    expect(config(OPEN)).not.toHaveProperty('Aliases');
    expect(config(OPEN).ViewerCertificate).toEqual({ CloudFrontDefaultCertificate: true });
    const named = deployed({ Alias: 'list.example.com', CertificateArn: 'arn' });
    expect(config(named).Aliases).toEqual(['list.example.com']);
    expect(config(named).ViewerCertificate).toMatchObject({ MinimumProtocolVersion: 'TLSv1.2_2021' });
  });

  it("writes the API's CORS headers, for the origins that are given", () => {
    const { cors } = inject('service').provider.httpApi;
    const { CorsConfig } = OPEN.ResponseHeadersPolicy.ResponseHeadersPolicyConfig;
    expect(CorsConfig).toEqual({
      AccessControlAllowCredentials: false,
      AccessControlAllowHeaders: { Items: cors.allowedHeaders },
      AccessControlAllowMethods: { Items: cors.allowedMethods },
      AccessControlAllowOrigins: { Items: ['*'] },
      AccessControlExposeHeaders: { Items: cors.exposedResponseHeaders },
      AccessControlMaxAgeSec: cors.maxAge,
      OriginOverride: true,
    });
    const given = deployed({ CorsOrigins: ['https://a.example.com', 'https://b.example.com'] });
    expect(given.ResponseHeadersPolicy.ResponseHeadersPolicyConfig.CorsConfig.AccessControlAllowOrigins).toEqual({
      Items: ['https://a.example.com', 'https://b.example.com'],
    });
  });
});

describe('the function', () => {
  const { FunctionCode: code, FunctionConfig } = CLOSED.TokenFunction;
  const handler = runInNewContext(`${code}\nhandler`, { require: (name: string) => require(`node:${name}`) });

  const request = (method: string, authorization?: string) => ({
    method,
    uri: '/streams',
    querystring: {},
    cookies: {},
    headers: authorization === undefined ? {} : { authorization: { value: authorization } },
  });
  const ask = (authorization?: string, method = 'GET') => handler({ request: request(method, authorization) });

  it.each(['Bearer first', 'Bearer second+/=', 'bearer first', 'BEARER   first '])(
    'hands %j on, as it came',
    (authorization) => {
      expect(ask(authorization)).toEqual(request('GET', authorization));
      expect(() => requireToken(authorization, ['first', 'second+/='])).not.toThrow();
    },
  );

  it('hands a preflight on, which has no token', () => {
    expect(ask(undefined, 'OPTIONS')).toEqual(request('OPTIONS'));
  });

  it.each([
    [undefined],
    [''],
    ['Bearer'],
    ['Bearer '],
    ['first'],
    ['Basic first'],
    ['Bearer firs'],
    ['Bearer first second+/='],
    ['Bearer first,second+/='],
    ['Bearer FIRST'],
    ['Bearer public'],
    ['Bearer undefined'],
  ])('refuses %j as the API does, and lets a page see it', (authorization) => {
    for (const method of ['GET', 'HEAD']) {
      const { statusCode, headers, body } = ask(authorization, method);
      const own = problemDocument(refusal(authorization));
      expect({ statusCode, body: JSON.parse(body) }).toEqual({
        statusCode: own.statusCode,
        body: JSON.parse(own.body ?? ''),
      });
      const values = Object.entries<{ value: string }>(headers).map(([name, { value }]) => [name, value]);
      expect(Object.fromEntries(values)).toEqual({ ...own.headers, 'access-control-allow-origin': '*' });
    }
  });

  it('gets no token that would end its text', () => {
    const { AllowedPattern } = TEMPLATE.Parameters.ListToken;
    const takes = (tokens: string) => new RegExp(AllowedPattern).test(tokens);
    expect(['public', 'first', 'first,second+/=', 'a-b._~'].every(takes)).toBe(true);
    expect(["a'b", 'a"b', 'a\\b', 'a b', 'a, b', 'a,', ',a', '', 'a\nb', '${a}'].some(takes)).toBe(false);
  });

  it('is of the size and of the language that the runtime takes', () => {
    expect(FunctionConfig.Runtime).toBe('cloudfront-js-2.0');
    expect(code.length).toBeLessThan(10 * 1024);
    // None of these is among what AWS lists: template literals are, but CloudFormation would read them.
    expect(code).not.toMatch(/\?\.|\?\?|\.\.\.|`|\$\{|\b(?:const|let) [{[]/);
  });
});

/** What the API says to it. */
function refusal(authorization: string | undefined): Problem {
  try {
    requireToken(authorization, ['first', 'second+/=']);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('the API would let it through');
}

describe('docs/cloudfront.md', () => {
  const page = read('docs/cloudfront.md');

  it('has every parameter of the template, and no other', () => {
    const rows = [...page.matchAll(/^\| `([A-Z][a-z]\w+)` /gm)].map(([, name]) => name);
    expect(rows).toEqual(Object.keys(TEMPLATE.Parameters));
    const used = [...page.matchAll(/\b([A-Z][a-z]\w+)=/g)].map(([, name]) => name);
    expect(used).toContain('ApiDomain');
    for (const name of used) expect(rows).toContain(name);
  });

  it('deploys the template', () => {
    expect(page).toMatch(/aws cloudformation deploy [^`]*--template-file docs\/cloudfront\.yml/);
  });
});
