import { startEngine } from '../../lib/tools/engine.ts';

const { url } = await startEngine(0);
process.send?.(url);
process.on('disconnect', () => process.exit());
