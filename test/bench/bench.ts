import { exitWithReader } from '../../lib/tools/stop.ts';
import { benchBundles } from './bundles.ts';
import { benchCallbacks } from './callbacks.ts';
import { benchList } from './list.ts';
import { benchMemory } from './memory.ts';

/**
 * `npm run bench`, or `npm run bench -- list` for a part of it. Figures of one run, as ratios where a machine's speed
 * would show. Nothing here passes or fails.
 */
const PARTS: Record<string, () => Promise<void>> = {
  callbacks: benchCallbacks,
  bundles: benchBundles,
  list: benchList,
  memory: benchMemory,
};

exitWithReader();
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !Object.hasOwn(PARTS, name));
if (unknown !== undefined) {
  process.stderr.write(`There is no part ${unknown}. Parts: ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}
// The SDK would warn of a Node that it supports no longer.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
console.log(`Node ${process.version}\n`);
for (const [name, bench] of Object.entries(PARTS)) {
  if (asked.length === 0 || asked.includes(name)) await bench();
}
