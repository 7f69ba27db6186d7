import type { RunOptions, RunResult } from "./agent.ts";
import type { AgentDefinition } from "./definition.ts";
import { CodeletError, describeThrown, ToolError } from "./errors.ts";
import { Memory } from "./memory.ts";
import { textOfMessages } from "./prompts/observation.ts";
import { newThread, type RunContext, type RunScope, type Thread } from "./run-context.ts";
import type { ResolvedSchema } from "./schema.ts";
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
    if (variables !== undefined && (typeof variables !== "object" || variables === null || Array.isArray(variables)))
      return { problems: ["additional_args: expected a dict"] };
    return { value: value as ManagedInput };
  },
};

interface ManagedInput {
  readonly task: string;
  readonly additional_args?: Readonly<Record<string, Value>> | undefined;
}

/** The agent as a tool of its manager. It runs in the manager's run: same budget, signal, journal and events. */
export function agentTool(agent: ManagedAgent): AnyTool {
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

/** A call of a managed agent, as a run inside the manager's. Throws ToolError where it gives no answer. */
export async function callAgent(run: RunContext, agent: ManagedAgent, key: string, given: ManagedInput, signal: AbortSignal): Promise<unknown> {
  const { name, keepsMemory, provideRunSummary, output: schema } = agent.definition;
  const { context, approve } = run.options;
  const options = { context, approve, additionalArgs: given.additional_args };
  const perform = (thread?: Thread): Promise<RunResult<unknown>> =>
    agent.runManaged(given.task, options, { handle: { ...run.scope.handle, mayStep: async () => {} }, parent: { run, key, signal }, thread });
  let result: RunResult<unknown>;
  try {
    result = await (keepsMemory ? inTurn(run, name, perform) : perform());
  } catch (error) {
    if (run.isControlFlow(error) || signal.aborted || CodeletError.isInstance(error, "limit-reached")) throw error;
    throw new ToolError(`The agent ${name} failed: ${describeThrown(error).message}`, { cause: error });
  }
  if (result.state === "aborted") throw result.reason;
  if (result.state === "suspended") throw new ToolError(`The agent ${name} waits for a decision.`);
  const text = result.state === "limit" ? result.text : undefined;
  const answer = result.output === undefined && schema === undefined ? text : result.output;
  if (answer === undefined && result.state === "limit")
    throw new ToolError(`The agent ${name} reached its limit of ${result.limit} without a good answer. Its last words: ${text || "none"}`);
  // The manager knows the task.
  const done = result.steps.filter(({ type }) => type !== "task");
  return provideRunSummary ? { answer, summary: textOfMessages(new Memory(done).toMessages({ summary: true })) } : answer;
}

/** Calls of one agent that keeps its memory come one after the other. */
function inTurn<T>(run: RunContext, name: string, perform: (thread: Thread) => Promise<T>): Promise<T> {
  const kept = run.managed.get(name) ?? { thread: newThread(run.exposure), idle: Promise.resolve() as Promise<unknown> };
  run.managed.set(name, kept);
  const turn = kept.idle.then(() => perform(kept.thread));
  kept.idle = turn.catch(() => {});
  return turn;
}
