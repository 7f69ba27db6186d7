import type { AgentOptions } from "./agent.ts";
import type { FinalAnswerCheck } from "./answer.ts";
import { atLeast } from "./at-least.ts";
import { trifectaWarning } from "./data-flow.ts";
import { type AgentDefinition, toolsOf } from "./definition.ts";
import { memoryJournal } from "./journal.ts";
import { checkBudget, defaultMaxSteps, type Price } from "./limits.ts";
import { agentTool } from "./managed-agent.ts";
import type { ActionStep } from "./memory.ts";
import { type Model, type ModelRequest, type ModelResponse, toModel } from "./model.ts";
import { type Prompts, promptTemplates } from "./prompts/prompts.ts";
import { type ResolvedRetry, resolveRetry } from "./retry.ts";
import type { RunContext } from "./run-context.ts";
import { type ResolvedSchema, resolveSchema } from "./schema.ts";
import { type AnyTool, checkName } from "./tool.ts";
import type { Value } from "./value.ts";

/** An action while it is made. */
export type Draft = { -readonly [Key in keyof ActionStep]: ActionStep[Key] };

/** How a kind of agent asks for actions and carries them out. */
export interface ActionKind {
  readonly name: "code" | "tool-calling";
  readonly systemPrompt: string;
  /** How an action is asked for: stop texts, a response schema, or tools. */
  readonly request: Pick<ModelRequest, "stop" | "responseSchema" | "tools" | "toolChoice">;
  readonly authorizedImports?: readonly string[] | undefined;
  /** Does what the model's answer says and fills in the action. Resolves with the final answer, if there is one. */
  act(run: RunContext, action: Draft, response: ModelResponse): Promise<{ readonly value: Value } | undefined>;
}

type Defaulted = "name" | "maxSteps" | "budget" | "maxToolResultBytes" | "maxObservationCharacters" | "journal" | "dataPolicy";
type Kept = "price" | "toolPolicy" | "planningInterval" | "stepCallbacks" | "compactor";

/** A definition with every default filled in, whatever its kind. */
export interface CommonAgent extends Pick<AgentOptions, Kept>, Required<{ readonly [Key in Defaulted]: NonNullable<AgentOptions[Key]> }> {
  readonly model: Model;
  /** Managed agents included. */
  readonly tools: ReadonlyMap<string, AnyTool>;
  /** Whether runs are recorded in a journal of the user's, from which they may go on. */
  readonly hasOwnJournal: boolean;
  /** Whether a run may have to wait for a decision, itself or in a managed agent. */
  readonly maySuspend: boolean;
  /** Whether programs may have to run again: for one of the two reasons. */
  readonly mayRepeat: boolean;
  readonly warning: string | undefined;
  readonly output: ResolvedSchema | undefined;
  readonly finalAnswerChecks: readonly FinalAnswerCheck<never>[];
  readonly retry: ResolvedRetry;
  readonly prompts: Prompts;
  readonly instructions: string | undefined;
}

export interface ResolvedAgent extends CommonAgent, Pick<ActionKind, "authorizedImports"> {
  readonly kind: ActionKind;
}

const defaultMaxToolResultBytes = 16 * 1024 * 1024;
const defaultMaxObservationCharacters = 20_000;

/** Checks the options at the door. Throws TypeError that names the option. */
export function resolveAgent<Output>(options: AgentOptions<Output>): CommonAgent {
  const { name = "agent", output, price, toolPolicy, planningInterval, stepCallbacks, compactor, instructions, dataPolicy = "warn" } = options;
  checkName(name);
  const model = toModel(options.model);
  const managed = (options.managedAgents ?? []).map(agentTool);
  const tools = toolsByName(name, [...(options.tools ?? []), ...managed]);
  const { finalAnswerChecks = [] } = options;
  if (!Array.isArray(finalAnswerChecks)) throw new TypeError("Expected `finalAnswerChecks` to be a list of functions");
  const team = managed.flatMap(({ agent }) => (agent === undefined ? [] : [agent.definition]));
  const all = [...(options.tools ?? []), ...team.flatMap((definition) => [...toolsOf(definition)])];
  const asks = toolPolicy !== undefined || dataPolicy === "ask" || all.some(({ needsApproval }) => needsApproval !== false);
  const maySuspend = asks || team.some((definition) => definition.maySuspend);
  const hasOwnJournal = options.journal !== undefined;
  return {
    ...{ name, price, toolPolicy, compactor, stepCallbacks, instructions, tools, model, finalAnswerChecks, maySuspend, hasOwnJournal },
    dataPolicy: oneOf(["off", "warn", "block", "ask"], "dataPolicy", dataPolicy),
    mayRepeat: maySuspend || hasOwnJournal,
    warning: dataPolicy === "warn" ? trifectaWarning(all) : undefined,
    planningInterval: planningInterval === undefined ? undefined : atLeast(1, "planningInterval", planningInterval),
    maxSteps: atLeast(1, "maxSteps", options.maxSteps ?? defaultMaxSteps),
    budget: checkBudget(options.budget ?? {}, [{ modelId: model.id, price }, ...team.flatMap((member) => membersOf(member, price))]),
    maxToolResultBytes: atLeast(1, "maxToolResultBytes", options.maxToolResultBytes ?? defaultMaxToolResultBytes),
    maxObservationCharacters: atLeast(100, "maxObservationCharacters", options.maxObservationCharacters ?? defaultMaxObservationCharacters),
    output: output && resolveSchema(output, "input", "output"),
    retry: resolveRetry(options.retry),
    journal: options.journal ?? memoryJournal(),
    prompts: promptTemplates(options.promptTemplates),
  };
}

type Priced = Pick<AgentDefinition, "modelId" | "price">;

/** An agent and those below it, with the prices that hold for them. */
function membersOf({ modelId, price, managedAgents }: AgentDefinition, managers: Price | undefined): readonly Priced[] {
  const own = price ?? managers;
  return [{ modelId, price: own }, ...managedAgents.flatMap((member) => membersOf(member, own))];
}

export function oneOf<Choice extends string>(choices: readonly Choice[], name: string, value: Choice): Choice {
  if (choices.includes(value)) return value;
  throw new TypeError(`Expected \`${name}\` to be one of ${choices.join(", ")}, got \`${value}\` (${typeof value})`);
}

function toolsByName(agent: string, tools: readonly AnyTool[]): ReadonlyMap<string, AnyTool> {
  for (const tool of tools) if (typeof tool?.input?.check !== "function") throw new TypeError("Expected `tools` to be made by `tool({ … })`");
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size < tools.length || byName.get(agent)?.agent !== undefined)
    throw new TypeError(`Expected tools and agents to have different names, got: ${[agent, ...tools.map(({ name }) => name)].join(", ")}`);
  return byName;
}
