const LINE_EVERY_MS = 5000;

/** How far a long work is, on stderr: a line that is overwritten, and where it would not be, one every few seconds. */
export interface Progress {
  add: (done: number) => void;
  stop: () => void;
}

export function startProgress(what: string, total: number): Progress {
  const { stderr } = process;
  let done = 0;
  let shownMs = Date.now();
  const line = () => `${what}: ${done.toLocaleString('en')} of ${total.toLocaleString('en')}`;
  return {
    add(more) {
      done += more;
      if (stderr.isTTY) stderr.write(`\r${line()}\x1b[K`);
      else if (Date.now() - shownMs >= LINE_EVERY_MS) {
        shownMs = Date.now();
        stderr.write(`${line()}\n`);
      }
    },
    stop() {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
  };
}
