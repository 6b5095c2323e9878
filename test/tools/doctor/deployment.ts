import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, inject } from 'vitest';
import { parse } from '../../../lib/tools/command.ts';
import { COMMAND, readOptions } from '../../../lib/tools/doctor/doctor-options.ts';
import { type ExaminationOptions, examine, type Row } from '../../../lib/tools/doctor/examination.ts';
import { rowLines, summarize, verdict } from '../../../lib/tools/doctor/rows.ts';
import type { Cors } from '../../../lib/tools/serverless-config.ts';
import { listen } from '../../../lib/tools/stack/listen.ts';
import { startLocal } from '../../../lib/tools/stack/local.ts';
import { decodeBody, type ZegoRecord } from '../../../lib/zego/body.ts';
import { SECRET } from '../../support/callback.ts';

export { SECRET };
export const TOKEN = 'a-token-that-nobody-may-see';
export const APPID = '7';

const opened: { close: () => Promise<void> }[] = [];

/** Ends whatever was opened here. */
export async function closeAll(): Promise<void> {
  for (const { close } of opened.reverse()) await close();
}

/** The real functions on this machine. */
export async function deploy(environment: Record<string, string> = {}, cors: Partial<Cors> = {}): Promise<string> {
  const service = structuredClone(inject('service'));
  Object.assign(service.provider.httpApi.cors, cors);
  // On a busy machine a function takes long to start.
  service.provider.timeout = 60;
  const settings = {
    PORT: '0',
    AWS_ENDPOINT_URL_DYNAMODB: inject('endpoint'),
    ZEGO_CALLBACK_SECRET: SECRET,
    LIST_CACHE_SECONDS: '0',
    ...environment,
  };
  const stack = await startLocal({ service, environment: settings, onLog: () => {}, onWarning: () => {} });
  opened.push(stack);
  return stack.url;
}

/** A key and its self-signed certificate for localhost and 127.0.0.1, until 2126. */
export const CERTIFICATE = fileURLToPath(new URL('fixtures/self-signed.pem', import.meta.url));

/** @param tls by https, with this certificate */
export async function serve(listener: RequestListener, { tls = false } = {}): Promise<string> {
  const pem = readFileSync(CERTIFICATE);
  const server = tls ? createTlsServer({ key: pem, cert: pem }, listener) : createServer(listener);
  const listening = await listen(server as Server, 0, '');
  opened.push(listening);
  return tls ? listening.url.replace('http:', 'https:') : listening.url;
}

export interface Passing {
  method: string;
  /** With its query. */
  url: string;
  headers: Record<string, string>;
  body: string;
}

export interface Passed {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** What breaks a deployment: it changes what passes on the way to it and back. */
export interface Fault {
  tls?: boolean;
  request?: (passing: Passing) => Passing | undefined;
  /** Another deployment, for some. */
  target?: (passing: Passing) => string;
  /** Answers by itself. */
  instead?: (passing: Passing) => Passed | undefined;
  /** undefined: the answer is lost. */
  answer?: (passed: Passed, passing: Passing) => Passed | undefined | Promise<Passed>;
}

/** Stands before a deployment. */
export function proxy(to: string, { tls = false, request, instead, answer, target }: Fault): Promise<string> {
  const listener: RequestListener = async (incoming, outgoing) => {
    const original = await passing(incoming);
    const changed = request?.(original) ?? original;
    let passed = instead?.(original);
    if (passed === undefined) {
      const { method, headers, body } = changed;
      const response = await fetch((target?.(original) ?? to) + changed.url, {
        method,
        headers,
        ...(body === '' ? {} : { body }),
      });
      passed = { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
    }
    const answered = answer === undefined ? passed : await answer(passed, original);
    if (answered === undefined) {
      outgoing.destroy();
      return;
    }
    const { status, headers, body } = answered;
    delete headers['content-length'];
    delete headers['transfer-encoding'];
    outgoing.writeHead(status, headers).end(status === 304 ? undefined : body);
  };
  return serve(listener, { tls });
}

const HOP_BY_HOP = ['host', 'connection', 'content-length', 'accept-encoding', 'expect', 'transfer-encoding'];

async function passing(request: IncomingMessage): Promise<Passing> {
  const headers = Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.includes(name));
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: (await buffer(request)).toString(),
  };
}

/** The fields of a callback, in whatever encoding; numbers are strings. */
export function fieldsOf({ body, url }: Passing): ZegoRecord | undefined {
  if (!url.endsWith('/callbacks/zego')) return undefined;
  try {
    return decodeBody(body, false);
  } catch {
    return undefined;
  }
}

export interface Found {
  /** Those of its rows. */
  names: string[];
  /** Begins its ids. */
  run: string;
  /** The names of what is wrong. */
  faults: string[];
  /** A row as it is printed, with its advice. */
  row: (name: string) => string;
  /** Everything that is printed. */
  text: string;
  verdict: string;
  /** What `--json` prints. */
  summary: ReturnType<typeof summarize>;
}

type Args = Partial<Record<'secret' | 'token' | 'appid' | 'origin' | 'server-secret', string | undefined>>;

interface Options extends Partial<Pick<ExaminationOptions, 'timeoutMs' | 'patienceMs' | 'now'>> {
  /** The check after which it is interrupted. */
  upTo?: string;
}

/** As `npm run doctor`, in this process and without patience. */
export async function doctor(url: string, args: Args = {}, { upTo, ...options }: Options = {}): Promise<Found> {
  const given = Object.entries({ secret: SECRET, token: TOKEN, appid: APPID, ...args }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  const read = readOptions(parse(COMMAND, [url, ...given]), {});
  const stop = new AbortController();
  const run = `doctor-${randomUUID()}`;
  const rows: Row[] = [];
  const onRow = (row: Row) => {
    rows.push(row);
    if (row.name === upTo) stop.abort();
  };
  const examined = examine(read, { signal: stop.signal, patienceMs: 0, ...options, run, onRow });
  await examined.catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  const text = [...rows.flatMap(rowLines), verdict(rows)].join('\n');
  const summary = summarize(read, rows);
  expectDocument(JSON.parse(JSON.stringify(summary)));
  expectNothingSecret(text, [SECRET, TOKEN, args.secret, args['server-secret']]);
  return {
    run,
    names: rows.map(({ name }) => name),
    faults: rows.filter(({ state }) => state === 'fail').map(({ name }) => name),
    row: (name) => {
      const row = rows.find((found) => found.name === name);
      return row === undefined ? 'no such row' : rowLines(row).join('\n');
    },
    text,
    verdict: verdict(rows),
    summary,
  };
}

const schema = JSON.parse(readFileSync(new URL('../../../docs/doctor.schema.json', import.meta.url), 'utf8'));
const checkDocument = new Ajv2020({ strict: true }).compile(schema);

/** What `--json` prints, by its schema. */
export function expectDocument(document: unknown): void {
  expect(checkDocument(document), JSON.stringify(checkDocument.errors)).toBe(true);
}

/** No secret, no token, no signature. */
export function expectNothingSecret(text: string, secrets: readonly (string | undefined)[] = [SECRET, TOKEN]): void {
  for (const secret of secrets) if (secret !== undefined) expect(text).not.toContain(secret.trim().toLowerCase());
  expect(text).not.toMatch(/\b[0-9a-f]{40}\b/);
}

/** The streams of a visit that the list shows. */
export async function leftBehind(url: string, run: string, token?: string): Promise<string[]> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const ids: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await fetch(`${url}/streams${cursor === '' ? '' : `?cursor=${cursor}`}`, { headers });
    const page = (await response.json()) as { streams: { stream_id: string }[]; next_cursor: string | null };
    ids.push(...page.streams.map(({ stream_id }) => stream_id));
    cursor = page.next_cursor;
  }
  return ids.filter((id) => id.startsWith(run));
}
