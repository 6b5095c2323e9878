import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildResult, build, type Plugin } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

export interface BundleOptions {
  /** What AWS Lambda runs: minified, without source map and without the SDK's credential providers. */
  deployed: boolean;
  /** Others of esbuild's, which come before ours. */
  plugins?: readonly Plugin[];
}

/**
 * Bundles of the named functions, in memory: `handlers/NAME.ts` becomes one CommonJS file `NAME.js`. Beside deployed ones
 * stands `ssm.js`, which those that read a secret from Parameter Store load.
 */
export async function bundle(
  names: readonly string[],
  { deployed, plugins = [] }: BundleOptions,
): Promise<BuildResult<{ write: false; metafile: true }>> {
  return build({
    absWorkingDir: ROOT,
    entryPoints: [...names.map((name) => `handlers/${name}.ts`), ...(deployed ? ['lib/runtime/ssm.ts'] : [])],
    entryNames: '[name]',
    outdir: deployed ? 'dist' : 'dist/local',
    outExtension: { '.js': deployed ? '.js' : '.cjs' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: deployed ? 'node24' : 'node20',
    // The SDK's ES modules: from its CommonJS ones, esbuild can leave nothing out.
    mainFields: ['module', 'main'],
    // The SDK imports node:http when it first needs it. As an import(), Node would load undici with it.
    supported: { 'dynamic-import': false },
    minify: deployed,
    sourcemap: deployed ? false : 'inline',
    // They stand beside it.
    sourcesContent: false,
    legalComments: 'none',
    logLevel: 'silent',
    plugins: [...plugins, ...(deployed ? [environmentCredentials, ssmBeside] : [])],
  });
}

/** Writes the bundles that are deployed to `dist/`. */
export async function writeBundles(names: readonly string[]): Promise<void> {
  const { outputFiles } = await bundle(names, { deployed: true });
  await mkdir(join(ROOT, 'dist'), { recursive: true });
  // The package is of type module; what lies in dist is not. This file stays out of the zips.
  await writeFile(join(ROOT, 'dist/package.json'), '{"type":"commonjs"}\n');
  for (const { path, contents } of outputFiles) await writeFile(path, contents);
}

/**
 * Writes bundles with their source maps to `dist/local/`, where a debugger finds them.
 * @returns the path of each bundle, by name
 */
export async function writeLocalBundles(
  names: readonly string[],
  { isDebugged }: { isDebugged: boolean },
): Promise<Map<string, string>> {
  const { outputFiles } = await bundle(names, { deployed: false, plugins: isDebugged ? [withoutDeadlines] : [] });
  const written = outputFiles.map(async ({ path, contents }): Promise<[string, string]> => {
    await mkdir(dirname(path), { recursive: true });
    // Another stack of this project may be reading the file.
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, contents);
    await rename(draft, path);
    return [basename(path, '.cjs'), path];
  });
  return new Map(await Promise.all(written));
}

/** `dist/callback.handler`, as serverless.yml writes it → `callback` */
export function bundleName(handler: string): string {
  return basename(handler, '.handler');
}

/** Most functions need no client of Parameter Store's: as a part of their bundles, it would load with each of them. */
const ssmBeside: Plugin = {
  name: 'ssm-beside',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/ssm\.ts$/ }, () => ({ path: './ssm.js', external: true }));
  },
};

/**
 * Lambda hands a function its credentials in the environment. The SDK's chain of other providers (profiles, SSO,
 * instance metadata) is a third of the bundle and never used there.
 */
const environmentCredentials: Plugin = {
  name: 'environment-credentials',
  setup({ onResolve, onLoad, onEnd }) {
    const chain = /^@aws-sdk\/credential-provider-node$/;
    let replaced = false;
    onResolve({ filter: chain }, ({ path }) => ({ path, namespace: 'environment-credentials' }));
    onLoad({ filter: chain, namespace: 'environment-credentials' }, () => {
      replaced = true;
      return {
        contents: `export const defaultProvider = () => async () => ({
          accessKeyId: process.env.AWS_ACCESS_KEY_ID,
          secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
          sessionToken: process.env.AWS_SESSION_TOKEN,
        });`,
      };
    });
    onEnd(() =>
      replaced ? null : { errors: [{ text: 'the SDK no longer asks for its credential chain: see bundle.ts' }] },
    );
  },
};

/** A handler that stands still in a debugger would be late. */
const withoutDeadlines: Plugin = {
  name: 'without-deadlines',
  setup({ onLoad, onEnd }) {
    let replaced = false;
    onLoad({ filter: /[\\/]lib[\\/]runtime[\\/]deadline\.ts$/ }, () => {
      replaced = true;
      return { contents: 'export const withDeadline = (_ms, work) => work(new AbortController().signal);' };
    });
    onEnd(() => (replaced ? null : { errors: [{ text: 'no function has a deadline any more: see bundle.ts' }] }));
  },
};
