import { AbortedError, ConfigurationError } from "./errors.ts";
import type { Executor, OpenSessionOptions } from "./executor.ts";
import { checkExecutor } from "./executor-type.ts";
import { atLeast, checkOptions } from "./option-checks.ts";
import { takeWarmSession } from "./take-warm-session.ts";
import { WarmSessions } from "./warm-sessions.ts";

/** What {@link poolExecutor} may be told. */
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
const poolOptions: { readonly [Name in keyof PoolExecutorOptions]-?: true | string } = {
  size: true,
  maxIdleMs: true,
  authorizedImports: "a list of names",
};
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
  checkExecutor(executor);
  checkOptions("poolExecutor", options, poolOptions);
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
      if (open.signal?.aborted) throw new AbortedError(open.signal.reason);
      const session = (await takeWarmSession(sessions, open)) ?? (await executor.open(open));
      sessions.fill();
      return session;
    },
    async warm(warm = {}) {
      checkUsable();
      if (warm.signal?.aborted) throw new AbortedError(warm.signal.reason);
      await sessions.fillNow(warm);
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
