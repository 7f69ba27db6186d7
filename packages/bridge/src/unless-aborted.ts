import { AbortedError } from "@codelet/core";

/** Throws `aborted` once the signal is. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError(signal.reason);
}

/**
 * What a provider makes, or `aborted` as soon as the signal is: nobody is kept waiting for a machine that is on its way. It is given to `discard` when it
 * comes after all.
 */
export async function unlessAborted<Made>(
  signal: AbortSignal | undefined,
  making: Promise<Made>,
  discard: (late: Made) => unknown = () => {},
): Promise<Made> {
  if (signal === undefined) return making;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(new AbortedError(signal.reason));
  });
  signal.addEventListener("abort", abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([aborted, making]);
  } catch (error) {
    void making.then(discard, () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
