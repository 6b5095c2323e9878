import { startEngine } from '../../lib/tools/stack/dynamodb.ts';

const { url } = await startEngine(0);
process.send?.(url);
process.on('disconnect', () => process.exit());
