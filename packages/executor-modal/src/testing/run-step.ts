import type { Advance, ExecuteOptions, Execution, ExecutorSession, SandboxCall } from "@codelet/core";

/** A step that makes no calls. */
export async function runStep(session: ExecutorSession, code: string, options: ExecuteOptions = {}): Promise<Execution> {
  session.start(code, options);
  return endOf(await session.next());
}

export function endOf(advance: Advance): Execution {
  if (advance.type !== "done") throw new Error(`Expected the end of the step, got calls: ${JSON.stringify(advance.calls)}`);
  return advance.execution;
}

export function callOf(advance: Advance): SandboxCall {
  if (advance.type !== "calls" || advance.calls[0] === undefined) throw new Error(`Expected a call, got ${JSON.stringify(advance)}`);
  return advance.calls[0];
}
