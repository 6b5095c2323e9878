import progress from 'cli-progress';
import type { Delivery } from '../zego/delivery.ts';

const LINE_EVERY_MS = 5000;

export interface Progress {
  start: (callbacks: number) => void;
  add: (delivery: Delivery) => void;
  stop: () => void;
}

/** A bar on a terminal; elsewhere a line every few seconds. */
export function createProgress(output: NodeJS.WriteStream): Progress {
  let startMs = 0;
  let requests = 0;
  let settled = 0;
  let stop = () => {};
  let draw = () => {};
  const rate = () => `${Math.round(requests / Math.max(1, (Date.now() - startMs) / 1000))} requests/s`;
  return {
    start(callbacks) {
      startMs = Date.now();
      if (output.isTTY) {
        const format = '{bar} {value} of {total} callbacks, {rate}, {duration_formatted}';
        const bar = new progress.SingleBar({ format, stream: output }, progress.Presets.shades_classic);
        bar.start(callbacks, 0, { rate: rate() });
        draw = () => bar.update(settled, { rate: rate() });
        stop = () => bar.stop();
      } else {
        const line = () => output.write(`${settled} of ${callbacks} callbacks, ${rate()}\n`);
        const timer = setInterval(line, LINE_EVERY_MS);
        stop = () => clearInterval(timer);
      }
    },
    add({ answers }) {
      requests += answers.length;
      settled += 1;
      draw();
    },
    stop() {
      stop();
      stop = () => {};
      draw = () => {};
    },
  };
}
