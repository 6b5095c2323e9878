import { onStop } from '../stop.ts';
import { runCommand, say } from '../terminal.ts';
import { type Arguments, FLAGS, OPTIONS, readArguments, stageOf, USAGE } from './arguments.ts';
import { examine } from './examination.ts';
import { isFine, missingOptions, rowLines, verdict } from './report.ts';

/**
 * `npm run doctor`. Exit code 0: nothing is wrong; 1: something is, a check lacked an option, or it was interrupted;
 * 2: wrong arguments.
 */
await runCommand({
  name: 'npm run doctor',
  usage: USAGE,
  options: [...Object.keys(OPTIONS), ...Object.keys(FLAGS)],
  stageOf,
  readArguments,
  run,
});

async function run(args: Arguments): Promise<number> {
  const stop = new AbortController();
  let unread = false;
  onStop((why) => {
    unread = why === 'unread';
    stop.abort(new Error('Stopped before the end.'));
    say('Closing what is live; Ctrl-C once more leaves it.');
  });
  say(`${args.url}, as ZEGO with appid ${args.appid}, and as a reader`);
  say('');
  try {
    const onRow = (row: Parameters<typeof rowLines>[0]) => {
      for (const line of rowLines(row)) say(line);
    };
    const rows = await examine(args, { signal: stop.signal, onRow });
    say('');
    say(verdict(rows));
    const missing = args.allowSkipped ? [] : missingOptions(rows);
    if (missing.length > 0) say('With --allow-skipped, skipped checks leave the exit code at 0.');
    return isFine(rows) && missing.length === 0 ? 0 : 1;
  } catch (error) {
    if (!unread) say((error as Error).message, process.stderr);
    return 1;
  }
}
