import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADDRESS, CHECKS } from '../../../lib/tools/doctor/checks.ts';
import { COMMAND } from '../../../lib/tools/doctor/doctor-options.ts';
import { startCommand } from '../../support/command.ts';
import { HAS_SIGNALS } from '../../support/project.ts';
import {
  APPID,
  CERTIFICATE,
  closeAll,
  deploy,
  doctor,
  expectDocument,
  expectNothingSecret,
  fieldsOf,
  leftBehind,
  proxy,
  SECRET,
  TOKEN,
} from './deployment.ts';

// Not the project's folder: a .env of whoever runs the tests stands there.
const folder = mkdtempSync(join(tmpdir(), 'doctor-'));
const PROGRAM = fileURLToPath(new URL('../../../lib/tools/doctor/doctor.ts', import.meta.url));

let url: string;
beforeAll(async () => {
  url = await deploy({ LIST_TOKEN: TOKEN });
});
afterAll(async () => {
  await closeAll();
  rmSync(folder, { recursive: true });
});

const command = (args: readonly string[], environment: Record<string, string> = {}, cwd = folder) =>
  startCommand(PROGRAM, args, environment, cwd);

const run = (...args: Parameters<typeof command>) => command(...args).ended;

describe.concurrent('npm run doctor', () => {
  it('passes a deployment that is right, by what stands in .env', async () => {
    writeFileSync(join(folder, '.env'), `ZEGO_CALLBACK_SECRET=${SECRET}\nLIST_TOKEN=${TOKEN}\nZEGO_APP_ID=${APPID}\n`);
    const { code, stdout, stderr, verdict } = await run([`${url}/callbacks/zego`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // On a machine that has much to do, how long callbacks take is a remark, and how far its clock seems to be off.
    expect(verdict).toMatch(/^All 41 checks passed(, \d remarks?)?\. 1 was not made\.$/);
    expect(stdout).toMatch(new RegExp(`^${url}, as ZEGO with appid 7, and as a reader\n\n✓ address +\\d+ ms  the API`));
    expectNothingSecret(stdout);
  });

  it('prints one JSON document with --json', async () => {
    const { code, stdout, stderr } = await run([url, '--secret', 'f'.repeat(32), '--token', TOKEN, '--json']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const document = JSON.parse(stdout);
    expectDocument(document);
    expect(document).toMatchObject({ url, ok: false, missing: [] });
    expectNothingSecret(stdout);
  });

  it('reads the file of its stage, and that alone', async () => {
    const staged = join(folder, 'staged');
    mkdirSync(staged);
    writeFileSync(join(staged, '.env'), 'ZEGO_CALLBACK_SECRET=another\nLIST_TOKEN=another\n');
    writeFileSync(join(staged, '.env.prod'), `ZEGO_CALLBACK_SECRET=${SECRET}\nLIST_TOKEN=${TOKEN}\n`);
    const { code, stdout } = await run([url, '--stage', 'prod'], {}, staged);
    expect(stdout).toMatch(/^✓ signature /m);
    expect(code).toBe(0);
  });

  it('reads a .env as the framework does', async () => {
    const odd = join(folder, 'odd');
    mkdirSync(odd);
    writeFileSync(
      join(odd, '.env'),
      `\uFEFFZEGO_CALLBACK_SECRET: ${SECRET}\nZEGO_APP_ID= \nLIST_TOKEN="${TOKEN}" # a\n`,
    );
    const { code, stdout, stderr } = await run([url], {}, odd);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^✓ token /m);
    expect(stdout).toMatch(/^✓ signature /m);
  });

  it('fails where an option is missing, names it, and passes with --allow-skipped', async () => {
    const given = [url, '--stage', 'none', '--secret', '', '--token', ''];
    const { code, stdout, verdict } = await run(given);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /^All \d+ checks passed(, \d remarks?)?\. \d+ were not made: give --token, give --secret\.$/m,
    );
    expect(verdict).toBe('With --allow-skipped, skipped checks leave the exit code at 0.');
    const allowed = await run([...given, '--allow-skipped']);
    expect(allowed.code).toBe(0);
    expect(allowed.verdict).toMatch(/were not made: give --token, give --secret\.$/);
  });

  it('names options that npm has taken for its own', async () => {
    const environment = { npm_lifecycle_event: 'doctor', npm_config_server_secret: 'MARK' };
    const { code, stdout, stderr } = await run([url, 'MARK'], environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^npm has taken --server-secret .*: put -- before the options, .*\n/);
    expect(stderr).not.toContain('MARK');
  });

  it.each<[string, string, RegExp]>([
    ['a misspelled name', 'ZEGO_APPID=7\n', /^ZEGO_APPID in \.env .* did you mean ZEGO_APP_ID\?\n/],
    [
      'quotes inside quotes',
      `ZEGO_CALLBACK_SECRET='"${SECRET}"'\n`,
      /^ZEGO_CALLBACK_SECRET holds quotes .*; \.env has "5f/,
    ],
    ['a value that is cut', `LIST_TOKEN=${TOKEN}#1\n`, /^\.env cuts LIST_TOKEN at its #/],
  ])('refuses a .env with %s', async (name, text, refusal) => {
    const wrong = join(folder, name);
    mkdirSync(wrong);
    writeFileSync(join(wrong, '.env'), text);
    const { code, stdout, stderr } = await run([url], {}, wrong);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(refusal);
    expectNothingSecret(stderr);
  });

  it('takes a certificate that this machine trusts, and says until when', async () => {
    const secure = await proxy(url, { tls: true });
    const { stdout } = await run([secure, '--secret', '', '--token', TOKEN], { NODE_EXTRA_CA_CERTS: CERTIFICATE });
    expect(stdout).toMatch(/^✓ address /m);
    expect(stdout).toMatch(/^✓ TLS certificate +\d+ ms {2}trusted, until 2126-\d\d-\d\d$/m);
  });

  it('says what is wrong', async () => {
    const other = 'ffeeddccbbaa99887766554433221100';
    const { code, stdout, verdict } = await run([url, '--secret', other, '--token', 'another-token']);
    expect(code).toBe(1);
    expect(verdict).toMatch(/^2 of \d+ checks failed: token, signature\. \d+ were not made\.$/);
    expectNothingSecret(stdout, [other, 'another-token']);
  });

  it('cannot run with arguments that are wrong', async () => {
    const { code, stdout, stderr } = await run(['http://api.example.com']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^The URL begins with http:\/\/: .*\nnpm run doctor -- --help lists the options\.\n$/);
  });

  it('tells its options', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const option of COMMAND.options) expect(stdout).toContain(`  --${option.name()} `);
  });

  it('ends quietly when nobody reads any more', async () => {
    const { ended, stopReading } = command([url, '--secret', SECRET, '--token', TOKEN, '--appid', APPID]);
    stopReading();
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
  });

  it.runIf(HAS_SIGNALS).each(['SIGINT', 'SIGTERM'] as const)(
    'leaves nothing live behind when it is ended by %s',
    async (signal) => {
      let run = '';
      let closes = 0;
      const target = await proxy(url, {
        request: (passing) => {
          const { event, room_id, stream_id } = fieldsOf(passing) ?? {};
          if (event === 'stream_close') closes += 1;
          if (event === 'stream_create' && /-json-url-encoded$/.test(String(stream_id))) {
            run = String(room_id);
            interrupt(signal);
          }
          return passing;
        },
      });
      const { ended, interrupt } = command([target, '--secret', SECRET, '--token', TOKEN, '--appid', APPID]);
      const { code, stderr, verdict } = await ended;
      expect({ code, stderr, verdict }).toEqual({
        code: 1,
        stderr: 'Stopped before the end.\n',
        verdict: 'Closing what is live; Ctrl-C once more leaves it.',
      });
      expect(closes).toBeGreaterThanOrEqual(5);
      expect(await leftBehind(url, run, TOKEN)).toEqual([]);
    },
  );
});

describe('docs/doctor.md', () => {
  const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  const cells = (heading: string, columns: number) => {
    const [, table = ''] = new RegExp(`^\\| ${heading} .*\\n\\| -.*\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
    return table
      .trimEnd()
      .split('\n')
      .map((row) =>
        row
          .split(/ *\| */)
          .slice(1, 1 + columns)
          .join(' | '),
      );
  };

  it('has every option', () => {
    expect(cells('option', 1)).toEqual(COMMAND.options.map((option) => `\`--${option.name()}\``));
  });

  it('has every check and what is right, in the order in which they are made', async () => {
    const { names } = await doctor(url, { secret: undefined, token: undefined, 'server-secret': 'f'.repeat(32) });
    expect(names).toEqual([ADDRESS, ...CHECKS].map(({ name }) => name));
    const documented = [ADDRESS, ...CHECKS].map(
      ({ name, description }) => `${name.replace(/^encoding: .*/, 'encoding: …')} | ${description}`,
    );
    expect(cells('check', 2)).toEqual([...new Set(documented)]);
  });
});
