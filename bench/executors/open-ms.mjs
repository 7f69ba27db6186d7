import { runStep } from "./drive.mjs";

/** Milliseconds from `open` to the first result. */
export async function openMs(executor) {
  const startedAt = performance.now();
  const session = await executor.open();
  try {
    if ((await runStep(session, "6 * 7")) !== 42) throw new Error("The first result is wrong.");
    return performance.now() - startedAt;
  } finally {
    await session[Symbol.asyncDispose]();
  }
}
