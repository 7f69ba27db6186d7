import { abortAfter, abortable } from "./abort.ts";
import { atLeast } from "./at-least.ts";
import { AbortedError, CodeletError, ConfigurationError } from "./errors.ts";
import type { Executor, ExecutorSession, OpenSessionOptions, SessionBinding } from "./executor.ts";
import { type WarmSession, WarmSessions } from "./warm-sessions.ts";

export interface PoolExecutorOptions {
  /** How many sessions are kept open ahead. An integer, minimum 1. */
  readonly size: number;
  /** Milliseconds that a session waits for somebody to take it before it is ended. Minimum 1, at most 24.8 days. @default 300_000 */
  readonly maxIdleMs?: number | undefined;
  /** What the sessions are opened with; an `open` with another list gets a session of its own. @default none, as for `open` */
  readonly authorizedImports?: readonly string[] | undefined;
}

/** An executor with sessions open ahead. Disposing of it ends those that wait; the ones that were taken belong to their callers. */
export interface PoolExecutor extends Executor, AsyncDisposable {
  /**
   * Fills the pool now instead of after the first `open`, and resolves when it is full. Rejects as the executor's `open` does when a session can't be opened,
   * with `aborted` when the signal is (the openings go on), and with `configuration` after disposal.
   */
  warm(options?: Pick<OpenSessionOptions, "signal" | "onProgress">): Promise<void>;
}

const defaultMaxIdleMs = 300_000;
const maxTimerMs = 2 ** 31 - 1;
/** Milliseconds that a session which has waited may take to show that it still lives: longer, and another is the better choice. */
const answerTimeoutMs = 2_000;
/** What a session can be given after it was opened. */
const bindable: readonly string[] = ["tools", "variables", "authorizedImports", "signal", "onProgress"] satisfies (keyof OpenSessionOptions)[];

/**
 * The same executor with `size` sessions open ahead, so that most openings cost one binding. A session is handed to one caller, who disposes of it; it is never
 * given to another, so no state passes between users.
 *
 * `open` takes a waiting session, sees by an empty binding that it lives, and binds tools and variables. It opens one as the executor itself would when
 * none waits and for what can't be bound later (`seed`, `restore`, another list of imports); its errors are those of that opening. Name and manifest are the executor's.
 *
 * @example
 * const executor = poolExecutor(dockerExecutor(), { size: 4 });
 * await executor.warm();
 * const agent = new CodeAgent({ model, executor });
 */
export function poolExecutor(executor: Executor, options: PoolExecutorOptions): PoolExecutor {
  const { size, maxIdleMs = defaultMaxIdleMs, authorizedImports } = options;
  if (!Number.isInteger(size)) throw new TypeError(`Expected \`size\` to be an integer >= 1, got \`${size}\` (${typeof size})`);
  const sessions = new WarmSessions({
    size: atLeast(1, "size", size),
    maxIdleMs: Math.min(maxTimerMs, atLeast(1, "maxIdleMs", maxIdleMs)),
    open: async (open) => executor.open({ ...open, ...(authorizedImports && { authorizedImports }) }),
  });
  const checkUsable = (): void => {
    if (sessions.isDisposed) throw new ConfigurationError("The pool is disposed of.");
  };
  return {
    name: executor.name,
    language: executor.language,
    capabilities: executor.capabilities,
    async open(open = {}) {
      checkUsable();
      if (!fits(open, authorizedImports)) return executor.open(open);
      throwIfAborted(open.signal);
      const session = (await takeWarm(sessions, open)) ?? (await executor.open(open));
      sessions.fill();
      return session;
    },
    async warm(warm = {}) {
      checkUsable();
      throwIfAborted(warm.signal);
      await sessions.fillNow(warm).catch((error: unknown) => {
        throwIfAborted(warm.signal);
        throw error;
      });
    },
    [Symbol.asyncDispose]: () => sessions[Symbol.asyncDispose](),
  };
}

function fits(open: OpenSessionOptions, authorizedImports: readonly string[] | undefined): boolean {
  const unbindable = Object.entries(open).some(([name, value]) => value !== undefined && !bindable.includes(name));
  return !unbindable && sameNames(open.authorizedImports, authorizedImports);
}

function sameNames(left: readonly string[] | undefined, right: readonly string[] | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.every((name) => right.includes(name)) && right.every((name) => left.includes(name));
}

/** A waiting session with its bindings; undefined when none is left that lives. */
async function takeWarm(sessions: WarmSessions, open: OpenSessionOptions): Promise<ExecutorSession | undefined> {
  for (let warm = sessions.take(); warm !== undefined; warm = sessions.take()) {
    const mustCheck = warm.isOpen;
    const session = await opened(sessions, warm, open);
    if (session !== undefined && (await prepare(session, mustCheck, open))) return session;
  }
  return undefined;
}

/** Undefined when the opening failed: the caller opens one then, and gets the error of that. */
async function opened(sessions: WarmSessions, warm: WarmSession, { signal, onProgress }: OpenSessionOptions): Promise<ExecutorSession | undefined> {
  if (onProgress !== undefined) warm.listeners.add(onProgress);
  try {
    return await abortable(warm.session, signal);
  } catch {
    if (signal?.aborted) sessions.giveBack(warm);
    throwIfAborted(signal);
    return undefined;
  } finally {
    if (onProgress !== undefined) warm.listeners.delete(onProgress);
  }
}

/** False when the session has died while it waited. Rejects with what the binding rejects with; the session is disposed of in both cases. */
async function prepare(session: ExecutorSession, mustCheck: boolean, { tools, variables, signal }: OpenSessionOptions): Promise<boolean> {
  const binding: SessionBinding = { ...(tools && { tools }), ...(variables && { variables }) };
  try {
    const lives = !mustCheck || (await abortable(answers(session), signal));
    if (lives && Object.keys(binding).length > 0) await abortable(session.bind(binding), signal);
    signal?.throwIfAborted();
    if (!lives) void session[Symbol.asyncDispose]().then(undefined, () => {}); // nobody waits for the end of what is dead
    return lives;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throwIfAborted(signal);
    if (CodeletError.isInstance(error, "executor-crashed", "protocol")) return false;
    throw error;
  }
}

/** Whether the session takes an empty binding in time. Not by a step: `resume` would find that one after a restart of the host. */
async function answers(session: ExecutorSession): Promise<boolean> {
  const late = new AbortController();
  const cancel = abortAfter(late, answerTimeoutMs, () => undefined);
  try {
    await abortable(session.bind({}), late.signal);
    return true;
  } catch {
    return false;
  } finally {
    cancel();
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError(signal.reason);
}
