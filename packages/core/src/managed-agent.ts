import type { RunOptions, RunResult } from "./agent.ts";
import type { AgentDefinition } from "./definition.ts";
import { ToolError } from "./errors.ts";
import type { RunScope } from "./run-context.ts";
import { isObject, type ResolvedSchema } from "./schema.ts";
import type { AnyTool } from "./tool.ts";
import type { Value } from "./value.ts";

/** An agent that another one may call: a {@link CodeAgent} or a {@link ToolCallingAgent} with `name` and `description`. */
export interface ManagedAgent {
  readonly definition: AgentDefinition;
  /** Runs it inside its manager's run. @internal */
  runManaged(task: string, options: RunOptions, scope: RunScope): Promise<RunResult<unknown>>;
}

const input: ResolvedSchema<ManagedInput> = {
  json: {
    type: "object",
    properties: {
      task: { type: "string", description: "What to do, with all that it has to know: it sees nothing else." },
      additional_args: { type: "object", description: "Values that it gets as variables.", additionalProperties: true },
    },
    required: ["task"],
    additionalProperties: false,
  },
  check: async (value) => {
    const { task, additional_args: variables } = value as Partial<ManagedInput>;
    if (typeof task !== "string" || task.trim() === "") return { problems: ["task: expected a text"] };
    if (variables !== undefined && !isObject(variables)) return { problems: ["additional_args: expected a dict"] };
    return { value: value as ManagedInput };
  },
};

export interface ManagedInput {
  readonly task: string;
  readonly additional_args?: Readonly<Record<string, Value>> | undefined;
}

/** The agent as a tool of its manager. It runs in the manager's run: same budget, signal, journal and events. */
export function agentTool(agent: ManagedAgent): AnyTool {
  if (typeof agent?.definition?.name !== "string" || typeof agent.runManaged !== "function")
    throw new TypeError("Expected `managedAgents` to be agents, such as new CodeAgent({ … })");
  const { name, description, output, provideRunSummary } = agent.definition;
  if (description === undefined || description.trim() === "")
    throw new TypeError(`Expected the managed agent \`${name}\` to have a \`description\`: its manager has nothing else to choose it by.`);
  return {
    name,
    description: `A member of your team, with tools of its own. ${description}`,
    agent,
    input,
    // The answer was checked as it was given; a schema that transforms can't check it twice.
    output: provideRunSummary || output === undefined ? undefined : { json: output.json, check: async (value) => ({ value: value as never }) },
    needsApproval: false,
    reads: undefined,
    ingests: undefined,
    egress: false,
    timeoutMs: Number.POSITIVE_INFINITY,
    execute: () => {
      throw new ToolError(`${name} is an agent: it can be called in a run only.`);
    },
  };
}
