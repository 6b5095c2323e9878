import { runCommand } from '../command.ts';
import { onStop } from '../stop.ts';
import { say } from '../terminal.ts';
import { createProgress } from './progress.ts';
import { reportLines, summarize } from './report.ts';
import { simulate } from './simulation.ts';
import { COMMAND, readOptions, type SimulatorOptions } from './simulator-options.ts';

/** `npm run simulate`. Exit code 0: the list is as it should be; 1: it is not, or could not be asked; 2: wrong options. */
await runCommand({ command: COMMAND, read: readOptions, run });

async function run(options: SimulatorOptions): Promise<number> {
  const { url, streams, seed, json } = options;
  const tell = (line: string) => {
    if (!json) say(line);
  };
  const progress = createProgress(process.stdout);
  const stop = new AbortController();
  let unread = false;
  onStop((why) => {
    unread = why === 'unread';
    stop.abort(new Error('Stopped before the end: nothing was compared.'));
    progress.stop();
    tell('Closing what is still live; Ctrl-C once more leaves it.');
  });
  try {
    const summary = summarize(
      await simulate(options, {
        signal: stop.signal,
        onPlanned: (callbacks, lastMs) => {
          const seconds = Math.ceil((lastMs - Date.now()) / 1000);
          const due = `${callbacks} callbacks due within ${seconds} s, retries and delays aside`;
          tell(`${url}: ${streams} sessions, ${due}. Again: --seed ${seed}`);
          if (!json) progress.start(callbacks);
        },
        onDelivery: progress.add,
      }),
    );
    progress.stop();
    for (const line of reportLines(summary)) tell(line);
    if (json) process.stdout.write(`${JSON.stringify({ url, seed, ...summary }, null, 2)}\n`);
    return summary.ok ? 0 : 1;
  } catch (error) {
    progress.stop();
    if (!unread) say((error as Error).message, process.stderr);
    return 1;
  }
}
