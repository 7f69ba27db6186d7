import { abortAfter, abortable } from "./abort.ts";
import { AbortedError, CodeletError } from "./errors.ts";
import type { ExecutorSession, OpenSessionOptions, SessionBinding } from "./executor.ts";
import type { WarmSession, WarmSessions } from "./warm-sessions.ts";

/** What a session that has waited says to an empty binding: nothing in time, when its machine can't be reached. */
type Sign = "alive" | "dead" | "silent";

/** Milliseconds that a sign of life may take: longer, and a new session is the better choice. */
const answerTimeoutMs = 2_000;

/**
 * A waiting session with its bindings; undefined when none is left that lives. After one that is silent no other is asked: each would cost the time again.
 * Rejects with what the binding rejects with, and with `aborted`.
 */
export async function takeWarmSession(sessions: WarmSessions, open: OpenSessionOptions): Promise<ExecutorSession | undefined> {
  for (let warm = sessions.take(); warm !== undefined; warm = sessions.take()) {
    const mustCheck = warm.isOpen;
    const session = await opened(sessions, warm, open);
    const sign = session === undefined ? "dead" : await prepare(session, mustCheck, open);
    if (sign === "alive") return session;
    if (sign === "silent") return undefined;
  }
  return undefined;
}

/** Undefined when the opening failed: the caller opens one then, and gets the error of that. */
async function opened(
  sessions: WarmSessions,
  warm: WarmSession,
  { signal, onProgress = () => {} }: OpenSessionOptions,
): Promise<ExecutorSession | undefined> {
  warm.listeners.add(onProgress);
  try {
    return await abortable(warm.session, signal);
  } catch {
    if (signal?.aborted) sessions.giveBack(warm);
    throwIfAborted(signal);
    return undefined;
  } finally {
    warm.listeners.delete(onProgress);
  }
}

/** Binds, where the session lives; disposes of it otherwise. Rejects with what the binding rejects with. */
async function prepare(session: ExecutorSession, mustCheck: boolean, { tools, variables, signal }: OpenSessionOptions): Promise<Sign> {
  const binding: SessionBinding = { ...(tools && { tools }), ...(variables && { variables }) };
  try {
    const sign = mustCheck ? await abortable(signOf(session), signal) : "alive";
    if (sign === "alive" && Object.keys(binding).length > 0) await abortable(session.bind(binding), signal);
    signal?.throwIfAborted();
    if (sign !== "alive") void session[Symbol.asyncDispose]().then(undefined, () => {}); // nobody waits for the end of what is dead
    return sign;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throwIfAborted(signal);
    if (CodeletError.isInstance(error, "executor-crashed", "protocol")) return "dead";
    throw error;
  }
}

/** By no step: `resume` would find that one after a restart of the host. */
async function signOf(session: ExecutorSession): Promise<Sign> {
  const late = new AbortController();
  const cancel = abortAfter(late, answerTimeoutMs, () => undefined);
  try {
    await abortable(session.bind({}), late.signal);
    return "alive";
  } catch {
    return late.signal.aborted ? "silent" : "dead";
  } finally {
    cancel();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError(signal.reason);
}
