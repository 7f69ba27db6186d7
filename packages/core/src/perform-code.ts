import { execute } from "./execute.ts";
import type { Execution, Executor } from "./executor.ts";
import { checkExecutor } from "./executor-type.ts";
import { atLeast, checkOptions, type KnownOptions, ofKind } from "./option-checks.ts";
import type { ApprovalDecision } from "./policy.ts";
import { type ActionKind, resolveAgent } from "./resolved-agent.ts";
import { type RunHandle, unattended } from "./run.ts";
import type { RunCodeOptions } from "./run-code.ts";
import { RunContext } from "./run-context.ts";
import type { Sandbox } from "./sandbox.ts";

const defaultTimeoutMs = 30_000;
// biome-ignore format: a table
const runCodeOptions: KnownOptions<RunCodeOptions> = {
  tools: "a list", variables: "an object", authorizedImports: "a list of names", signal: "an AbortSignal", timeoutMs: true,
  onOutput: "a function", context: true,
};

/** What `runCode` does: a run without an agent. */
export async function performCode(executor: Executor, code: string, options: RunCodeOptions): Promise<Execution> {
  checkExecutor(executor);
  ofKind("text", "code", code);
  const { tools, variables, authorizedImports, signal, onOutput, context } = checkOptions("runCode", options, runCodeOptions);
  const timeoutMs = atLeast(1, "timeoutMs", options.timeoutMs ?? defaultTimeoutMs);
  const agent = resolveAgent({ tools, model: async () => "" }, { kind: "code", executor, authorizedImports });
  const kind: ActionKind = { agent, executor, systemPrompt: "", request: {}, act: async () => undefined };
  const emit: RunHandle["emit"] = (event) => {
    if (event.type === "output-delta") onOutput?.({ stream: event.stream, text: event.text });
  };
  const approve = (): ApprovalDecision => ({ approve: false, reason: "it needs approval, and nobody can be asked" });
  const run = new RunContext(kind, { signal, context, additionalArgs: variables, approve }, { handle: { ...unattended, emit } });
  const sandbox = run.thread.sandbox as Sandbox;
  try {
    return await execute(run, await sandbox.session(), { key: "code", code, timeoutMs, evidence: { toolCalls: [] } });
  } finally {
    await sandbox[Symbol.asyncDispose]();
  }
}
