import { dispatchCall } from "./dispatch.ts";
import type { Advance, Execution, ExecutorSession, SandboxCall } from "./executor.ts";
import { Suspension } from "./journal.ts";
import type { ToolCallRecord } from "./memory.ts";
import type { RunContext } from "./run-context.ts";

/** What a program did, also when it was stopped in the middle. */
export interface Evidence {
  execution?: Execution;
  readonly toolCalls: ToolCallRecord[];
}

export interface Program {
  /** Its place in the journal. */
  readonly key: string;
  readonly code: string;
  readonly timeoutMs: number;
  readonly evidence: Evidence;
}

interface LiveCall {
  readonly call: SandboxCall;
  readonly controller: AbortController;
  readonly settled: ReturnType<typeof dispatchCall>;
}

/**
 * Runs one program: its host calls are dispatched as they come and answered as they settle, while other threads of it go on.
 * Throws what stops the run (a limit, the signal, the journal); the program is interrupted first, unless the journal leaves it to wait.
 */
export async function execute(run: RunContext, session: ExecutorSession, { key, code, timeoutMs, evidence }: Program): Promise<Execution> {
  const pending = new Map<string, LiveCall>();
  let failure: { readonly error: unknown } | undefined;

  const fail = (error: unknown): void => {
    if (run.isControlFlow(error)) throw error;
    failure ??= { error };
    session.interrupt("aborted");
  };
  const begin = (call: SandboxCall): void => {
    const callKey = `${key}/tool.${call.id}.${call.tool}`;
    const controller = new AbortController();
    pending.set(callKey, { call, controller, settled: dispatchCall(run, callKey, call, controller) });
  };
  const abortCalls = (ids?: readonly string[]): void => {
    for (const { call, controller } of pending.values()) if (ids?.includes(call.id) ?? true) controller.abort(run.signal.reason);
  };
  const onAbort = (): void => abortCalls();
  const inFlight = () => [...pending.values()].map(({ settled }) => settled);

  run.signal.addEventListener("abort", onAbort);
  try {
    const onOutput = ({ stream, text }: { stream: "stdout" | "stderr"; text: string }): void => run.emit({ type: "output-delta", stream, text });
    session.start(code, { signal: run.signal, timeoutMs, onOutput });
    let advance = nextAdvance(run, session, `${key}/advance.0`);
    for (let turn = 1; ; turn++) {
      const settled = inFlight();
      const first = settled.length === 0 ? 0 : await run.pick(`${key}/pick.${turn}`, [advance, ...settled]);
      if (first > 0) {
        const [callKey, { settled: chosen }] = [...pending][first - 1] as [string, LiveCall];
        // A journal may know that it has settled before it is so again. One that rejects ends the run, too.
        await chosen
          .finally(() => pending.delete(callKey))
          .then(({ result, record, limit }) => {
            evidence.toolCalls.push(record);
            if (limit === undefined) session.deliver([result]);
            else fail(limit);
          }, fail);
        continue;
      }
      const reached = await advance;
      run.thread.sandbox?.observe(reached);
      if (reached.type === "done") {
        evidence.execution = reached.execution;
        if (failure !== undefined) throw failure.error;
        run.signal.throwIfAborted();
        return reached.execution;
      }
      abortCalls(reached.cancelled);
      if (failure === undefined && !run.signal.aborted) reached.calls.forEach(begin);
      advance = nextAdvance(run, session, `${key}/advance.${turn}`);
    }
  } catch (error) {
    // A run that waits leaves its managed agents to wait too.
    if (error instanceof Suspension) await Promise.allSettled(inFlight());
    // A sandbox may die of being interrupted: why it was is what counts.
    throw failure === undefined || run.isControlFlow(error) ? error : failure.error;
  } finally {
    run.signal.removeEventListener("abort", onAbort);
    abortCalls();
    // Managed agents close their sandboxes and tell what they spent; a call that nobody waited for was made all the same.
    for (const outcome of await Promise.allSettled(inFlight())) if (outcome.status === "fulfilled") evidence.toolCalls.push(outcome.value.record);
  }
}

/** What the session does next. */
function nextAdvance(run: RunContext, session: ExecutorSession, key: string): Promise<Advance> {
  const next = (): Promise<Advance> => session.next().catch((error) => (run.isLeft ? new Promise<never>(() => {}) : Promise.reject(error)));
  return run.operate<Advance>(key, "advance", next).then((outcome) => run.valueOf(outcome));
}
