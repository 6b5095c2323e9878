import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, posix } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Whether the documented commands can be pasted: every `sh` block goes into an interactive bash and an interactive zsh,
 * line by line, all blocks of a page into one shell. Stand-ins record how each command is called; apart from a few
 * filters, no other command exists. Both shells must run every command of a block, with the same arguments, and report
 * no error.
 */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMANDS = ['aws', 'bash', 'cp', 'curl', 'date', 'git', 'node', 'npm', 'npx', 'openssl'];
/** These are real. */
const FILTERS = ['cut', 'grep', 'sort', 'tr'];

/** Without their settings, editors and prompts; and what bash says without a terminal. */
const SHELLS = {
  bash: {
    args: ['--norc', '--noediting', '-i'],
    noise: /^bash: cannot set terminal process group .*\n|^bash: no job control in this shell\n|^exit\n/gm,
  },
  zsh: { args: ['-f', '-o', 'no_prompt_sp', '-o', 'no_prompt_cr', '-i'], noise: /(?!)/g },
};
type Shell = keyof typeof SHELLS;

interface Pasted {
  /** The commands that ran, each with its arguments, as JSON. */
  ran: string[];
  errors: string;
}

function pathOf(program: string): string {
  const found = (process.env.PATH ?? '').split(delimiter).map((part) => join(part, program));
  return found.find((path) => existsSync(path)) ?? assert.fail(`${program} is not installed`);
}

const folder = mkdtempSync(join(tmpdir(), 'shells-'));
process.once('exit', () => rmSync(folder, { recursive: true }));
for (const name of ['bin', 'home']) mkdirSync(join(folder, name));

// `end-of-block` separates the blocks in both outputs: in what was recorded, and on stderr.
writeFileSync(
  join(folder, 'stand-in.cjs'),
  `const [name, ...args] = process.argv.slice(2);
  require('node:fs').appendFileSync(process.env.RECORD, JSON.stringify([name, ...args]) + '\\n');
  if (name === 'openssl') console.log('0a1b2c3d4e5f');
  if (name === 'date') console.log('1700000000');
  if (name === 'git' && args[0] === 'clone') require('node:fs').mkdirSync(args[2], { recursive: true });
  if (name === 'end-of-block') console.error('\\n@' + args[0] + '@');`,
);
for (const name of [...COMMANDS, 'end-of-block']) {
  const script = `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'stand-in.cjs')}' ${name} "$@"\n`;
  writeFileSync(join(folder, 'bin', name), script, { mode: 0o755 });
}
for (const name of FILTERS) symlinkSync(pathOf(name), join(folder, 'bin', name));

async function paste(shell: Shell, blocks: readonly string[]): Promise<Pasted[]> {
  const record = join(folder, `${shell}.jsonl`);
  writeFileSync(record, '');
  const { args, noise } = SHELLS[shell];
  const environment = { PS1: '', PS2: '', TERM: 'dumb', LANG: 'C.UTF-8', HOME: join(folder, 'home'), RECORD: record };
  const child = spawn(pathOf(shell), args, {
    cwd: mkdtempSync(join(folder, 'empty-')),
    env: { ...environment, PATH: join(folder, 'bin') },
    // Away from the terminal of this program, which an interactive shell would take over.
    detached: true,
  });
  child.stdout.resume();
  // A variable that nothing set is an error.
  child.stdin.end(`set -u\n${blocks.map((block, i) => `${block}end-of-block ${i}\n`).join('')}`);
  const stderr = (await text(child.stderr)).replace(noise, '');

  const ran: string[][] = blocks.map(() => []);
  let block = 0;
  for (const line of readFileSync(record, 'utf8').split('\n').filter(Boolean)) {
    if (line.startsWith('["end-of-block"')) block += 1;
    else ran[block]?.push(line);
  }
  return blocks.map((_, i) => {
    const [before = '', ended] = stderr.split(`\n@${i}@\n`);
    const errors = i === 0 ? before : (before.split(`\n@${i - 1}@\n`)[1] ?? before);
    // Commands of a pipe start in any order.
    return { ran: (ran[i] ?? []).sort(), errors: ended === undefined ? `${errors}It does not end.` : errors };
  });
}

/** How often a command stands where one can stand: a function may run it more often. */
function commandsOf(block: string): Map<string, number> {
  const before = '(?:^|&&|[|;{]|\\$\\()\\s*(?:\\w+=\\S*\\s+)*';
  const counts = new Map<string, number>();
  for (const [, name = ''] of block.matchAll(new RegExp(`${before}(${COMMANDS.join('|')})(?=\\s)`, 'gm'))) {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** @returns what is wrong with each block */
async function problemsOf(blocks: readonly string[]): Promise<string[][]> {
  const [bash, zsh] = [await paste('bash', blocks), await paste('zsh', blocks)];
  return blocks.map((block, i) => {
    const problems: string[] = [];
    for (const [shell, pasted] of Object.entries({ bash: bash[i], zsh: zsh[i] })) {
      if (pasted === undefined) continue;
      if (pasted.errors.trim() !== '') problems.push(`${shell}: ${pasted.errors.trim()}`);
      for (const [name, count] of commandsOf(block)) {
        const times = pasted.ran.filter((line) => JSON.parse(line)[0] === name).length;
        if (times < count) problems.push(`${shell} ran ${name} ${times} times, not ${count}`);
      }
    }
    if (bash[i]?.ran.join('\n') !== zsh[i]?.ran.join('\n')) {
      problems.push(`bash ran\n${bash[i]?.ran.join('\n')}\nand zsh ran\n${zsh[i]?.ran.join('\n')}`);
    }
    return problems;
  });
}

function blocksOf(page: string): string[] {
  const fences = readFileSync(join(ROOT, page), 'utf8').matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm);
  return [...fences].map(([, indent = '', block = '']) => block.replace(new RegExp(`^${indent}`, 'gm'), ''));
}

/** It has to find what the two shells disagree about, or what neither of them runs. */
const BROKEN: Record<string, RegExp> = {
  'TOKEN=a-token # a comment\n': /^zsh: .*not found: #/,
  'curl http://127.0.0.1:3000/streams?limit=20\n': /^zsh: .*no matches found/,
  'aws dynamodb list-tables --query TableNames[0]\n': /^zsh: .*no matches found/,
  'curl "http://127.0.0.1:3000/!important"\n': /^bash: .*event not found/,
  'curl "$NOBODY_SET_IT"\n': /^bash: .*unbound variable/,
  'jq . streams.json\n': /^bash: .*jq: command not found/,
  'npm run demo && (npm test\n)) \n': /^bash: .*syntax error/,
  'ids=(a b)\ncurl "http://127.0.0.1:3000/streams/${ids[1]}"\n': /^bash ran/,
};
const found = await problemsOf(Object.keys(BROKEN));
for (const [i, [block, problem]] of Object.entries(BROKEN).entries())
  assert.match(found[i]?.join('\n') ?? '', problem, block);
const [[open = ''] = []] = await problemsOf(["curl 'http://127.0.0.1:3000\n"]);
assert.match(open, /does not end/);

const pages = ['.', 'docs'].flatMap((path) => readdirSync(join(ROOT, path)).map((name) => posix.join(path, name)));
let count = 0;
let failed = 0;
for (const page of pages.filter((name) => name.endsWith('.md')).sort()) {
  const blocks = blocksOf(page);
  count += blocks.length;
  if (blocks.length === 0) continue;
  for (const [i, problems] of (await problemsOf(blocks)).entries()) {
    if (problems.length === 0) continue;
    failed += 1;
    process.stdout.write(`${page}, block ${i + 1}:\n${blocks[i]}${problems.map((one) => `→ ${one}\n`).join('')}\n`);
  }
}
assert.ok(count > 20, 'blocks are found');
process.stdout.write(`${count - failed} of ${count} blocks run in bash and in zsh as they are.\n`);
process.exitCode = failed === 0 ? 0 : 1;
