import type { AgentOptions } from "./agent.ts";
import type { FinalAnswerCheck } from "./answer.ts";
import { trifectaWarning } from "./data-flow.ts";
import { type AgentDefinition, toolsOf } from "./definition.ts";
import { memoryJournal } from "./journal.ts";
import { checkBudget, defaultMaxSteps, type Price } from "./limits.ts";
import { agentTool } from "./managed-agent.ts";
import type { ActionStep } from "./memory.ts";
import { type Model, type ModelRequest, type ModelResponse, toModel } from "./model.ts";
import { atLeast, oneOf, refuseUnknown } from "./option-checks.ts";
import { checkTemplates, type PromptTemplates } from "./prompts/templates.ts";
import { type ResolvedRetry, resolveRetry } from "./retry.ts";
import type { RunContext } from "./run-context.ts";
import { resolveSchema } from "./schema.ts";
import { type AnyTool, checkName } from "./tool.ts";
import type { Value } from "./value.ts";

/** An action while it is made. */
export type Draft = { -readonly [Key in keyof ActionStep]: ActionStep[Key] };

/** How a kind of agent asks for actions and carries them out. */
export interface ActionKind {
  readonly systemPrompt: string;
  /** How an action is asked for: stop texts, a response schema, or tools. */
  readonly request: Pick<ModelRequest, "stop" | "responseSchema" | "tools" | "toolChoice">;
  /** Does what the model's answer says and fills in the action. Resolves with the final answer, if there is one. */
  act(run: RunContext, action: Draft, response: ModelResponse): Promise<{ readonly value: Value } | undefined>;
}

type Defaulted = "maxToolResultBytes" | "maxObservationCharacters" | "journal" | "dataPolicy";
type Kept = "toolPolicy" | "stepCallbacks" | "compactor" | "instructions";

/** A definition with what else its runs need, whatever its kind. */
export interface ResolvedAgent extends Pick<AgentOptions, Kept>, Required<{ readonly [Key in Defaulted]: NonNullable<AgentOptions[Key]> }> {
  readonly definition: AgentDefinition;
  readonly model: Model;
  /** Tools and managed agents, by name. */
  readonly callable: ReadonlyMap<string, AnyTool>;
  /** Whether runs are recorded in a journal of the user's, from which they may go on. */
  readonly hasOwnJournal: boolean;
  /** Whether programs may have to run again: since a run may wait for a decision, or go on from its journal. */
  readonly mayRepeat: boolean;
  readonly warning: string | undefined;
  readonly finalAnswerChecks: readonly FinalAnswerCheck<never>[];
  readonly retry: ResolvedRetry;
  readonly templates: Partial<PromptTemplates>;
}

const defaultMaxToolResultBytes = 16 * 1024 * 1024;
const defaultMaxObservationCharacters = 20_000;

const agentOptions: { readonly [Name in keyof AgentOptions]-?: true } = {
  ...({ model: true, tools: true, managedAgents: true, name: true, description: true, instructions: true, promptTemplates: true } as const),
  ...({ output: true, finalAnswerChecks: true, maxSteps: true, budget: true, price: true, retry: true, planningInterval: true } as const),
  ...({ stepCallbacks: true, compactor: true, toolPolicy: true, dataPolicy: true, provideRunSummary: true, keepsMemory: true } as const),
  ...({ maxToolResultBytes: true, maxObservationCharacters: true, journal: true } as const),
};

/** The options as they are now, whatever the caller does to his lists later. Throws TypeError for a list that is none, and for a name that isn't known. */
export function ownOptions<Options extends Pick<AgentOptions, "tools" | "managedAgents">>(
  options: Options,
  ofKind: Readonly<Record<string, true>>,
): Options {
  refuseUnknown("agent", options, { ...agentOptions, ...ofKind });
  const { tools = [], managedAgents = [] } = options;
  for (const [name, list] of Object.entries({ tools, managedAgents }))
    if (!Array.isArray(list)) throw new TypeError(`Expected \`${name}\` to be a list, got ${typeof list}`);
  return { ...options, tools: [...tools], managedAgents: [...managedAgents] };
}

/** Checks the options at the door. Throws TypeError that names the option. */
export function resolveAgent<Output>(
  options: AgentOptions<Output>,
  { kind, executor, authorizedImports }: Pick<AgentDefinition, "kind" | "executor" | "authorizedImports">,
): ResolvedAgent {
  const { name = "agent", description, tools = [], managedAgents = [], finalAnswerChecks = [], dataPolicy = "warn" } = options;
  const { output, price, toolPolicy, planningInterval, stepCallbacks, compactor, instructions } = options;
  checkName(name);
  if (!Array.isArray(finalAnswerChecks) || !finalAnswerChecks.every(isFunction))
    throw new TypeError("Expected `finalAnswerChecks` to be a list of functions");
  for (const [option, value] of Object.entries({ toolPolicy, compactor, price }))
    if (value !== undefined && !isFunction(value)) throw new TypeError(`Expected \`${option}\` to be a function, got ${typeof value}`);
  if (instructions !== undefined && typeof instructions !== "string")
    throw new TypeError(`Expected \`instructions\` to be text, got ${typeof instructions}`);
  if (authorizedImports !== undefined && !Array.isArray(authorizedImports))
    throw new TypeError(`Expected \`authorizedImports\` to be a list, got ${typeof authorizedImports}`);
  const model = toModel(options.model);
  const callable = toolsByName(name, [...tools, ...managedAgents.map(agentTool)]);
  const team = managedAgents.map(({ definition }) => definition);
  const all = [...tools, ...team.flatMap((member) => [...toolsOf(member)])];
  const asks = toolPolicy !== undefined || dataPolicy === "ask" || all.some(({ needsApproval }) => needsApproval !== false);
  const maySuspend = asks || team.some((member) => member.maySuspend);
  const hasOwnJournal = options.journal !== undefined;
  const definition: AgentDefinition = {
    kind,
    name,
    description,
    modelId: model.id,
    tools: [...tools],
    managedAgents: team,
    executor,
    authorizedImports,
    output: output && resolveSchema(output, "input", "output"),
    maxSteps: atLeast(1, "maxSteps", options.maxSteps ?? defaultMaxSteps),
    budget: checkBudget(options.budget ?? {}, [{ modelId: model.id, price }, ...team.flatMap((member) => membersOf(member, price))]),
    price,
    planningInterval: planningInterval === undefined ? undefined : atLeast(1, "planningInterval", planningInterval),
    provideRunSummary: options.provideRunSummary ?? false,
    keepsMemory: options.keepsMemory ?? false,
    maySuspend,
  };
  return {
    definition,
    model,
    callable,
    finalAnswerChecks,
    retry: resolveRetry(options.retry),
    stepCallbacks,
    compactor,
    toolPolicy,
    dataPolicy: oneOf(["off", "warn", "block", "ask"], "dataPolicy", dataPolicy),
    warning: dataPolicy === "warn" ? trifectaWarning(all) : undefined,
    hasOwnJournal,
    mayRepeat: maySuspend || hasOwnJournal,
    maxToolResultBytes: atLeast(1, "maxToolResultBytes", options.maxToolResultBytes ?? defaultMaxToolResultBytes),
    maxObservationCharacters: atLeast(100, "maxObservationCharacters", options.maxObservationCharacters ?? defaultMaxObservationCharacters),
    journal: options.journal ?? memoryJournal(),
    templates: checkTemplates(options.promptTemplates),
    instructions,
  };
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

type Priced = Pick<AgentDefinition, "modelId" | "price">;

/** An agent and those below it, with the prices that hold for them. */
function membersOf({ modelId, price, managedAgents }: AgentDefinition, managers: Price | undefined): readonly Priced[] {
  const own = price ?? managers;
  return [{ modelId, price: own }, ...managedAgents.flatMap((member) => membersOf(member, own))];
}

function toolsByName(agent: string, tools: readonly AnyTool[]): ReadonlyMap<string, AnyTool> {
  for (const tool of tools) if (typeof tool?.input?.json !== "object") throw new TypeError("Expected `tools` to be made by `tool({ … })`");
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size < tools.length || byName.get(agent)?.agent !== undefined)
    throw new TypeError(`Expected tools and agents to have a different \`name\` each, got: ${[agent, ...tools.map(({ name }) => name)].join(", ")}`);
  return byName;
}
