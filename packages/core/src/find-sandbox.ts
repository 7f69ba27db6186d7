import { AbortedError, CodeletError, describeThrown, ExecutorCrashedError } from "./errors.ts";
import type { Executor, ExecutorSession, OpenSessionOptions, SessionRef } from "./executor.ts";
import { Suspension } from "./journal.ts";

/** The sandbox of a run that goes on can't be had now. Nothing is told to the model or kept in the journal: the run is left as it was. */
export class SandboxAway extends Suspension {
  override readonly failure: ExecutorCrashedError;
  constructor(cause: unknown) {
    const message = `The run can't go on now, since its sandbox can't be had: ${describeThrown(cause).message} It is left as it was: go on with it later.`;
    super(message);
    this.failure = new ExecutorCrashedError(message, { cause, details: { retryable: true } });
  }
}

/** Opens a sandbox for a run that goes on, or finds it. Throws SandboxAway where that may succeed later. */
export async function openOrLeave(executor: Executor, options: OpenSessionOptions): Promise<ExecutorSession> {
  try {
    return await executor.open(options);
  } catch (error) {
    throw unlessLater(error, options);
  }
}

/** SandboxAway; the error itself where nobody will ever go on in the sandbox, or where nobody wants to. */
export function unlessLater(error: unknown, { signal }: OpenSessionOptions): unknown {
  if (error instanceof SandboxAway || isGone(error)) return error;
  return signal?.aborted ? new AbortedError(signal.reason) : new SandboxAway(error);
}

/** Ends a live sandbox that its run has had no need to find: nobody would find it later. */
export async function endUnneeded(executor: Executor, options: OpenSessionOptions, restore: SessionRef): Promise<void> {
  if (!executor.capabilities.recovery.pinned) return;
  const found = executor.open({ ...options, variables: undefined, signal: undefined, restore });
  const session = await found.catch((error) => (isGone(error) ? undefined : Promise.reject(error)));
  await session?.[Symbol.asyncDispose]();
}

/** Whether an error of a sandbox, or of the attempt to find it, means that nobody will ever go on in it. */
export function isGone(error: unknown): boolean {
  return CodeletError.isInstance(error) && (error.code === "protocol" || error.details.sandbox === "gone");
}

export function sandboxGone(message: string): ExecutorCrashedError {
  return new ExecutorCrashedError(message, { details: { sandbox: "gone" } });
}
