/** What comes in time; rejects with what `late` returns when it doesn't. */
export async function inTime<Answer>(answer: Promise<Answer>, timeoutMs: number, late: () => Error): Promise<Answer> {
  const { promise: overdue, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), timeoutMs);
  try {
    return await Promise.race([answer, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
