const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm hands a signal on to its shell alone, which dies of it and would leave us behind. */
const PARENT = process.ppid;

/** Whether nobody reads what this process prints any more, as behind `| head -3`. */
const unread = new AbortController();

/** From now on a reader that goes away ends nothing by an exception. Call it before anything is printed. */
export function watchReader(): void {
  process.stdout.on('error', () => unread.abort());
  process.stderr.on('error', () => {});
}

/** Ends the process quietly when its reader goes away: for commands that leave nothing to be closed. */
export function exitWithReader(): void {
  watchReader();
  unread.signal.addEventListener('abort', () => process.exit(0));
}

/** What asked a process to end. */
type Stopped = 'signal' | 'unread';

/**
 * Calls when this process should end: at Ctrl-C, for instance, or when its reader has gone away. Asked once more, it
 * ends at once.
 */
export function onStop(stop: (why: Stopped) => void): void {
  const stopOnce = (why: Stopped) => {
    clearInterval(orphanhood);
    for (const signal of SIGNALS) process.off(signal, onSignal);
    unread.signal.removeEventListener('abort', onUnread);
    stop(why);
  };
  const onSignal = () => stopOnce('signal');
  const onUnread = () => stopOnce('unread');
  const look = () => process.env.npm_lifecycle_event !== undefined && process.ppid !== PARENT && onSignal();
  const orphanhood = setInterval(look, 250).unref();
  for (const signal of SIGNALS) process.on(signal, onSignal);
  if (unread.signal.aborted) queueMicrotask(onUnread);
  else unread.signal.addEventListener('abort', onUnread);
}
