const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm hands a signal on to its shell alone, which dies of it and would leave us behind. */
const PARENT = process.ppid;

/** Calls when this process is asked to end, by Ctrl-C for instance. Asked once more, it ends at once. */
export function onStop(stop: () => void): void {
  const stopOnce = () => {
    clearInterval(orphanhood);
    for (const signal of SIGNALS) process.off(signal, stopOnce);
    stop();
  };
  const look = () => process.env.npm_lifecycle_event !== undefined && process.ppid !== PARENT && stopOnce();
  const orphanhood = setInterval(look, 250).unref();
  for (const signal of SIGNALS) process.on(signal, stopOnce);
}
