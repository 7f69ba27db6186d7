import type { AgentDefinition } from "./definition.ts";
import type { Executor } from "./executor.ts";
import type { Budget } from "./limits.ts";
import { renderHead } from "./prompts/signatures.ts";
import type { JsonSchema } from "./schema.ts";
import { type AnyTool, toolSignature } from "./tool.ts";

/** An agent as plain data: what it is made of, and those that it manages. Texts are as they were given. */
export interface AgentTree {
  readonly kind: AgentDefinition["kind"];
  readonly name: string;
  readonly description?: string;
  readonly model: string;
  /** None for tool calling. */
  readonly executor?: ExecutorFacts;
  /** Modules that code may import; absent where all may be. */
  readonly authorizedImports?: readonly string[];
  /** JSON Schema of the answer; absent for any plain value. */
  readonly output?: JsonSchema;
  readonly maxSteps: number;
  readonly budget: Budget;
  readonly planningInterval?: number;
  readonly provideRunSummary: boolean;
  readonly keepsMemory: boolean;
  /** Whether a run may stop to wait for a decision, its managed agents included. */
  readonly maySuspend: boolean;
  readonly tools: readonly ToolFacts[];
  readonly managedAgents: readonly AgentTree[];
}

/** What is known of an agent's executor. */
export interface ExecutorFacts {
  readonly name: string;
  /** What it isolates; absent where it is only known by name, since that loads it at the first run. */
  readonly language?: Executor["language"];
  readonly isolation?: Executor["capabilities"]["isolation"];
  readonly network?: Executor["capabilities"]["network"];
  readonly files?: Executor["capabilities"]["files"];
}

/** What is known of a tool. */
export interface ToolFacts {
  readonly name: string;
  readonly description: string;
  /** As code calls it: `get_weather(city: str) -> dict`. */
  readonly signature: string;
  readonly needsApproval: "never" | "sometimes" | "always";
  readonly reads?: "private" | "public";
  readonly ingests?: "trusted" | "untrusted";
  readonly egress: boolean;
}

/** What describes an agent of any kind. */
export interface DescribableAgent {
  readonly definition: AgentDefinition;
}

/** An agent and those that it manages, as plain data that can be sent as JSON. */
export function agentTree(agent: DescribableAgent): AgentTree {
  if (typeof agent?.definition?.name !== "string")
    throw new TypeError(`Expected \`agent\` to be one, such as new CodeAgent({ … }), got type \`${typeof agent}\``);
  return treeOf(agent.definition);
}

function treeOf(definition: AgentDefinition): AgentTree {
  const { kind, name, description, modelId, executor, authorizedImports, output, maxSteps, budget, planningInterval } = definition;
  const { provideRunSummary, keepsMemory, maySuspend, tools, managedAgents } = definition;
  const language = typeof executor === "object" ? executor.language : "python";
  return {
    kind,
    name,
    ...(description !== undefined && { description }),
    model: modelId,
    ...(executor !== undefined && { executor: executorFacts(executor) }),
    ...(authorizedImports !== undefined && { authorizedImports: [...authorizedImports] }),
    ...(output !== undefined && { output: output.json }),
    maxSteps,
    budget: { ...budget },
    ...(planningInterval !== undefined && { planningInterval }),
    provideRunSummary,
    keepsMemory,
    maySuspend,
    tools: tools.map((tool) => toolFacts(tool, language)),
    managedAgents: managedAgents.map(treeOf),
  };
}

function executorFacts(executor: Executor | string): ExecutorFacts {
  if (typeof executor === "string") return { name: executor };
  const { name, language, capabilities } = executor;
  const { isolation, network, files } = capabilities;
  return { name, language, isolation, network, files };
}

function toolFacts(tool: AnyTool, language: Executor["language"]): ToolFacts {
  const { name, description, needsApproval, reads, ingests, egress } = tool;
  return {
    name,
    description,
    signature: renderHead(toolSignature(tool), language),
    needsApproval: typeof needsApproval === "function" ? "sometimes" : needsApproval ? "always" : "never",
    ...(reads !== undefined && { reads }),
    ...(ingests !== undefined && { ingests }),
    egress,
  };
}
