const TICK_MS = 20;

/**
 * Measures how long this process waits, in ticks: one that comes late counts as one. So a slow machine, on which
 * everything comes late, makes nothing longer, and a limit can be as close as on an idle one.
 */
export function startStopwatch(): () => number {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, TICK_MS);
  return () => {
    clearInterval(timer);
    return ticks * TICK_MS;
  };
}
