// Runs before every npm script: stops with one sentence on a Node that does not work, or without the packages. Plain
// JavaScript without a package, so that old versions of Node can run it. When all is well it prints its argument: what
// follows may take seconds to load.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const manifest = require('../../package.json');

/** `^20.19 || >=24` as its alternatives. Only these two operators occur. */
function parseRange(range) {
  return range.split('||').map((alternative) => {
    const found = /^(\^|>=)(\d+)(?:\.(\d+))?$/.exec(alternative.trim());
    if (found === null) throw new Error(`package.json: engines.node has "${alternative.trim()}", not ^20.19 or >=24.`);
    return { open: found[1] === '>=', major: Number(found[2]), minor: Number(found[3] || 0) };
  });
}

function describe({ open, major, minor }) {
  if (open) return `${major}${minor === 0 ? '' : `.${minor}`} or later`;
  return `${major} (${major}.${minor} or later)`;
}

/**
 * A pre-release such as `v25.0.0-nightly` counts as its release, as it does for the Serverless Framework.
 * @returns the sentence that refuses this version of Node, or undefined when it works
 */
function refusal(version, range) {
  const [major, minor] = version.replace(/^v/, '').split('.').map(Number);
  const alternatives = parseRange(range);
  const works = alternatives.some(
    (one) => (one.open && major > one.major) || (major === one.major && minor >= one.minor),
  );
  if (works) return undefined;
  const named = alternatives.map(describe);
  const last = named.pop();
  const all = named.length === 0 ? last : `${named.join(', ')}, or ${last}`;
  return `Node ${version.replace(/^v/, '')} is not supported: install Node ${all}.`;
}

/**
 * @param folders where packages may be
 * @returns the sentence that says what to do about packages that are not installed, or undefined when all are
 */
function missingPackages({ dependencies, devDependencies }, folders) {
  const names = [...Object.keys(devDependencies), ...Object.keys(dependencies)];
  const missing = names.filter((name) => !folders.some((folder) => fs.existsSync(path.join(folder, name))));
  if (missing.length === 0) return undefined;
  if (missing.length === names.length) return 'The packages are not installed: run npm install.';
  const which =
    missing.length > 3 ? `${missing.slice(0, 2).join(', ')} and ${missing.length - 2} more` : missing.join(', ');
  return `Packages are missing (${which}), as after NODE_ENV=production, --omit=dev or an update: run npm install --include=dev.`;
}

module.exports = { refusal, missingPackages };

if (require.main === module) {
  const folders = require.resolve.paths('serverless') || [];
  const problem = refusal(process.version, manifest.engines.node) || missingPackages(manifest, folders);
  // Whoever read the output may be gone.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {});
  if (problem !== undefined) {
    process.stderr.write(`${problem}\n`);
    process.exitCode = 1;
  } else if (process.argv[2] !== undefined) {
    process.stdout.write(`${process.argv[2]}\n`);
  }
}
