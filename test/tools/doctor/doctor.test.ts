import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPTIONS } from '../../../lib/tools/doctor/arguments.ts';
import { startCommand } from '../command.ts';
import {
  APPID,
  CERTIFICATE,
  closeAll,
  deploy,
  doctor,
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
    // How long callbacks take is a remark, on a machine that has much to do.
    expect(verdict).toMatch(/^All 41 checks passed(, 1 remark)?\. 2 were not made\.$/);
    expect(stdout).toMatch(new RegExp(`^${url}, as ZEGO with appid 7, and as a reader\n\n✓ address +\\d+ ms  the API`));
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

  it('says what it needs to check the rest', async () => {
    const { code, verdict } = await run([url, '--stage', 'none', '--secret', '', '--token', '']);
    expect(code).toBe(0);
    expect(verdict).toMatch(/^All \d+ checks passed(, 1 remark)?\. \d+ were not made: give --token\.$/);
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
    for (const name of Object.keys(OPTIONS)) expect(stdout).toContain(`  --${name} `);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('leaves nothing live behind when it is ended by %s', async (signal) => {
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
  });
});

describe('docs/doctor.md', () => {
  const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  const firstCells = (heading: string) => {
    const [, table = ''] = new RegExp(`^\\| ${heading} .*\\n\\| -.*\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
    return [...table.matchAll(/^\| (.+?) +\|/gm)].map(([, cell = '']) => cell);
  };

  it('has every option', () => {
    expect(firstCells('option')).toEqual(Object.keys(OPTIONS).map((name) => `\`--${name}\``));
  });

  it('has every check, in its order', async () => {
    const { names } = await doctor(url, { secret: undefined, token: undefined });
    const known = names.map((name) => name.replace(/^encoding: .*/, 'encoding: …'));
    expect(firstCells('check')).toEqual([...new Set(known)]);
  });
});
