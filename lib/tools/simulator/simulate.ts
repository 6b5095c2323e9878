import { onStop } from '../stop.ts';
import { runCommand, say } from '../terminal.ts';
import { type Arguments, OPTIONS, readArguments, stageOf, USAGE } from './arguments.ts';
import { createProgress } from './progress.ts';
import { report } from './report.ts';
import { simulate } from './simulation.ts';

/** `npm run simulate`. Exit code 0: the list is as it should be; 1: it is not, or could not be asked; 2: wrong options. */

await runCommand({
  name: 'npm run simulate',
  usage: USAGE,
  options: Object.keys(OPTIONS),
  stageOf,
  readArguments,
  run,
});

async function run(args: Arguments): Promise<number> {
  const progress = createProgress(process.stdout);
  const stop = new AbortController();
  let unread = false;
  onStop((why) => {
    unread = why === 'unread';
    stop.abort(new Error('Stopped before the end: nothing was compared.'));
    progress.stop();
    say('Closing what is still live; Ctrl-C once more leaves it.');
  });
  try {
    const outcome = await simulate(args, {
      signal: stop.signal,
      onPlanned: (callbacks, lastMs) => {
        const { url, streams, seed } = args;
        const seconds = Math.ceil((lastMs - Date.now()) / 1000);
        const due = `${callbacks} callbacks due within ${seconds} s, retries and delays aside`;
        say(`${url}: ${streams} sessions, ${due}. Again: --seed ${seed}`);
        progress.start(callbacks);
      },
      onDelivery: progress.add,
    });
    progress.stop();
    const { lines, fine } = report(outcome);
    for (const line of lines) say(line);
    return fine ? 0 : 1;
  } catch (error) {
    progress.stop();
    if (!unread) say((error as Error).message, process.stderr);
    return 1;
  }
}
