import { runCommand } from '../command.ts';
import { onStop } from '../stop.ts';
import { type Color, say } from '../terminal.ts';
import { COMMAND, type DoctorOptions, readOptions } from './doctor-options.ts';
import { examine, type Row } from './examination.ts';
import { COLORS, rowLines, summarize, verdict } from './rows.ts';

/**
 * `npm run doctor`. Exit code 0: nothing is wrong; 1: something is, a check lacked an option, or it was interrupted;
 * 2: wrong arguments.
 */
await runCommand({ command: COMMAND, read: readOptions, run });

async function run(options: DoctorOptions): Promise<number> {
  const { url, appid, json } = options;
  const tell = (line: string, sign?: Color) => {
    if (!json) say(line, process.stdout, sign);
  };
  const stop = new AbortController();
  let unread = false;
  onStop((why) => {
    unread = why === 'unread';
    stop.abort(new Error('Stopped before the end.'));
    tell('Closing what is live; Ctrl-C once more leaves it.');
  });
  tell(`${url}, as ZEGO with appid ${appid}, and as a reader`);
  tell('');
  try {
    const onRow = (row: Row) => {
      const [first = '', ...more] = rowLines(row);
      tell(first, COLORS[row.state]);
      for (const line of more) tell(line);
    };
    const rows = await examine(options, { signal: stop.signal, onRow });
    const summary = summarize(options, rows);
    tell('');
    tell(verdict(rows));
    if (summary.missing.length > 0 && !options.allowSkipped) {
      tell('With --allow-skipped, skipped checks leave the exit code at 0.');
    }
    if (json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    return summary.ok ? 0 : 1;
  } catch (error) {
    if (!unread) say((error as Error).message, process.stderr);
    return 1;
  }
}
