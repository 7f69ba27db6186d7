import { monitorEventLoopDelay } from "node:perf_hooks";

/** Measures from now on: the growth of this process's resident memory in bytes. Collects garbage first where the runner allows it. */
export function rssGrowth(): () => number {
  globalThis.gc?.();
  const before = process.memoryUsage.rss();
  return () => {
    globalThis.gc?.();
    return process.memoryUsage.rss() - before;
  };
}

/** Measures from now on: milliseconds by which timers were late, as the 99th percentile. Reading it ends the measurement. */
export function eventLoopLag(): () => number {
  const histogram = monitorEventLoopDelay({ resolution: 10 });
  histogram.enable();
  return () => {
    histogram.disable();
    return histogram.count === 0 ? 0 : histogram.percentile(99) / 1e6;
  };
}
