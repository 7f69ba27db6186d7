import { dispatchCall } from "./dispatch.ts";
import type { Advance, Execution, ExecutorSession, SandboxCall } from "./executor.ts";
import { errorOf } from "./journal.ts";
import type { ToolCallRecord } from "./memory.ts";
import type { RunContext } from "./run-context.ts";

/** What a program did, also when it was stopped in the middle. */
export interface Evidence {
  execution?: Execution;
  readonly toolCalls: ToolCallRecord[];
}

/**
 * Runs one program: its host calls are dispatched as they come and answered as they settle, while other threads of it go on.
 * Throws what stops the run (a limit, the signal, the journal); the program is interrupted first.
 */
export async function execute(run: RunContext, session: ExecutorSession, key: string, code: string, evidence: Evidence): Promise<Execution> {
  const pending = new Map<string, ReturnType<typeof dispatchCall>>();
  let failure: { readonly error: unknown } | undefined;

  const fail = (error: unknown): void => {
    failure ??= { error };
    session.interrupt("aborted");
  };
  const begin = (call: SandboxCall): void => {
    run.ledger.countToolCall();
    const callKey = `${key}/tool.${call.id}.${call.tool}`;
    const settled = dispatchCall(run, callKey, call);
    settled.catch(() => {});
    pending.set(callKey, settled);
  };
  const abortCalls = (ids?: readonly string[]): void => {
    for (const { call, controller } of run.calls.values()) if (ids?.includes(call.id) ?? true) controller.abort(run.signal.reason);
  };
  const onAbort = (): void => abortCalls();

  run.signal.addEventListener("abort", onAbort);
  try {
    const onOutput = ({ stream, text }: { stream: "stdout" | "stderr"; text: string }): void => run.emit({ type: "output-delta", stream, text });
    session.start(code, { signal: run.signal, timeoutMs: run.agent.stepTimeoutMs, onOutput });
    let advance = nextAdvance(run, `${key}/advance.0`);
    for (let turn = 1; ; turn++) {
      const first = pending.size === 0 ? 0 : await run.journal.pick<unknown>(`${key}/pick.${turn}`, [advance, ...pending.values()]);
      if (first > 0) {
        const [callKey, settled] = [...pending][first - 1] as [string, ReturnType<typeof dispatchCall>];
        pending.delete(callKey);
        await settled.then(({ result, record }) => {
          evidence.toolCalls.push(record);
          session.deliver([result]);
        }, fail);
        continue;
      }
      const reached = await advance;
      if (reached.type === "done") {
        evidence.execution = reached.execution;
        if (failure !== undefined) throw failure.error;
        run.signal.throwIfAborted();
        return reached.execution;
      }
      abortCalls(reached.cancelled);
      try {
        if (failure === undefined && !run.signal.aborted) reached.calls.forEach(begin);
      } catch (error) {
        fail(error);
      }
      advance = nextAdvance(run, `${key}/advance.${turn}`);
    }
  } finally {
    run.signal.removeEventListener("abort", onAbort);
    abortCalls();
  }
}

/** What the session does next; a rejection waits until it is awaited. */
function nextAdvance(run: RunContext, key: string): Promise<Advance> {
  const advance = run.journal.call<Advance>(key, "advance", key).then((outcome) => {
    if ("value" in outcome) return outcome.value;
    throw errorOf(outcome.error);
  });
  advance.catch(() => {});
  return advance;
}
