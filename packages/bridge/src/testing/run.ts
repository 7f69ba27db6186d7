import type { CallResult, ExecuteOptions, Execution, ExecutorSession, SandboxCall, Value } from "@codelet/core";

export type TestTools = Readonly<Record<string, (...args: readonly Value[]) => Value | Promise<Value>>>;

/** Runs one step and performs its calls with plain functions; what is still at work when the step ends answers nobody. */
export async function run(session: ExecutorSession, code: string, tools: TestTools = {}, options: ExecuteOptions = {}): Promise<Execution> {
  let isOver = false;
  session.start(code, options);
  try {
    for (;;) {
      const advance = await session.next();
      if (advance.type === "done") return advance.execution;
      for (const call of advance.calls) void perform(call, tools).then((result) => isOver || session.deliver([result]));
    }
  } finally {
    isOver = true;
  }
}

async function perform({ id, tool, args, kwargs }: SandboxCall, tools: TestTools): Promise<CallResult> {
  try {
    const value = await tools[tool]?.(...args, ...Object.values(kwargs));
    return { id, value: value ?? null };
  } catch (error) {
    return { id, error: { name: (error as Error).name, message: (error as Error).message } };
  }
}
