/** The promise's own result, or an error that names what hangs. */
export async function within<T>(milliseconds: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** Asks until the answer is yes; false when the time is over. */
export async function eventually(milliseconds: number, isTrue: () => boolean): Promise<boolean> {
  const startedAt = performance.now();
  while (!isTrue()) {
    if (performance.now() - startedAt > milliseconds) return false;
    await pause(20);
  }
  return true;
}
