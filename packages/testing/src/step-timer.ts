import type { Clock } from "@codelet/core";

/** Time as a fake session measures it. */
export interface StepTimer {
  now(): number;
  /** Calls back after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, callback: () => void): () => void;
}

export const realTimer: StepTimer = {
  now: () => performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, Math.min(milliseconds, 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

export function clockTimer(clock: Clock): StepTimer {
  return {
    now: () => clock.now(),
    after(milliseconds, callback) {
      const controller = new AbortController();
      clock.sleep(milliseconds, controller.signal).then(callback, () => {});
      return () => controller.abort();
    },
  };
}
