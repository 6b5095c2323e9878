import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

describe.each(readdirSync(join(ROOT, '.github/workflows')))('.github/workflows/%s', (name) => {
  const text = read(`.github/workflows/${name}`);

  it('pins each action to a commit, and names its version', () => {
    const used = [...text.matchAll(/\buses: (.+)$/gm)].map(([, action = '']) => action);
    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^(\.\/|[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/);
  });

  it('may read the code and nothing else, unless a job says more', () => {
    expect(text).toMatch(/^permissions:\n {2}contents: read\n\n/m);
  });

  it('leaves no token in the checked out folder', () => {
    const checkouts = text.match(/uses: actions\/checkout@.*\n.*\n.*\n/g) ?? [];
    for (const checkout of checkouts) expect(checkout).toContain('persist-credentials: false');
  });
});

it('ci.yml runs every step of .ci/run', () => {
  const [, steps = ''] = /^readonly STEPS=\((.*)\)$/m.exec(read('.ci/run')) ?? [];
  const [, matrix = ''] = /^ {8}step:\n((?: {10}- \w+\n)+)/m.exec(read('.github/workflows/ci.yml')) ?? [];
  // Every job installs first.
  expect(['install', ...(matrix.match(/\w+/g) ?? [])]).toEqual(steps.split(' '));
});
