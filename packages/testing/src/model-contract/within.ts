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

/** Waits until the answer is yes; throws when the time is over. */
export async function eventually(milliseconds: number, what: string, isTrue: () => boolean): Promise<void> {
  const endsAt = performance.now() + milliseconds;
  while (!isTrue()) {
    if (performance.now() > endsAt) throw new Error(`${what} did not happen within ${milliseconds} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
