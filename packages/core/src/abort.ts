/** The longest wait that timers can do; a longer one would end at once. */
const maxTimerMs = 2 ** 31 - 1;

/** The promise, or a rejection with the signal's reason as soon as it is aborted. Leaves no listener behind. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}

/** Aborts the controller with the reason after a time; returns what calls it off. */
export function abortAfter(controller: AbortController, milliseconds: number, reason: () => unknown): () => void {
  const timer = setTimeout(() => controller.abort(reason()), Math.min(Math.max(milliseconds, 0), maxTimerMs));
  return () => clearTimeout(timer);
}

/** Resolves after a time; rejects with the signal's reason. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.min(milliseconds, maxTimerMs));
  });
  return abortable(slept, signal).finally(() => clearTimeout(timer));
}
