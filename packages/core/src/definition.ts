import type { Executor } from "./executor.ts";
import type { Budget, Price } from "./limits.ts";
import type { ResolvedSchema } from "./schema.ts";
import type { AnyTool } from "./tool.ts";

/** An agent with its defaults filled in, to be looked at: see `@codelet/core/describe`. */
export interface AgentDefinition {
  readonly kind: "code" | "tool-calling";
  readonly name: string;
  readonly description: string | undefined;
  readonly modelId: string;
  /** Without managed agents. */
  readonly tools: readonly AnyTool[];
  readonly managedAgents: readonly AgentDefinition[];
  /** The sandbox, or the name under which it is loaded; none for tool calling. */
  readonly executor: Executor | string | undefined;
  /** Modules that code may import; undefined where all may be. */
  readonly authorizedImports: readonly string[] | undefined;
  readonly output: ResolvedSchema | undefined;
  readonly maxSteps: number;
  readonly budget: Budget;
  /** What its model costs, where it says so itself. */
  readonly price: Price | undefined;
  readonly planningInterval: number | undefined;
  readonly provideRunSummary: boolean;
  readonly keepsMemory: boolean;
  /** Whether a run may stop to wait for a decision. */
  readonly maySuspend: boolean;
}

/** The tools of an agent and of those that it manages. */
export function* toolsOf({ tools, managedAgents }: AgentDefinition): Generator<AnyTool> {
  yield* tools;
  for (const managed of managedAgents) yield* toolsOf(managed);
}
