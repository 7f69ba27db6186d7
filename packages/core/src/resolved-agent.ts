import type { AgentOptions } from "./agent.ts";
import type { FinalAnswerCheck } from "./answer.ts";
import { type AgentDefinition, toolsOf } from "./definition.ts";
import type { Executor } from "./executor.ts";
import { checkBudget, defaultMaxSteps, type Price } from "./limits.ts";
import { agentTool } from "./managed-agent.ts";
import type { ActionStep } from "./memory.ts";
import { type Model, type ModelRequest, type ModelResponse, toModel } from "./model.ts";
import { atLeast, checkOptions, type KnownOptions, oneOf } from "./option-checks.ts";
import { checkTemplates, type PromptTemplates } from "./prompts/templates.ts";
import { type ResolvedRetry, resolveRetry } from "./retry.ts";
import type { RunContext } from "./run-context.ts";
import { resolveSchema } from "./schema.ts";
import { type AnyTool, checkName } from "./tool.ts";
import type { Value } from "./value.ts";

/** An action while it is made. */
export type Draft = { -readonly [Key in keyof ActionStep]: ActionStep[Key] };

/** An agent as its runs need it: how it asks for actions and carries them out. */
export interface ActionKind {
  readonly agent: ResolvedAgent;
  readonly systemPrompt: string;
  /** Makes the sandboxes that its programs run in, if they are programs. */
  readonly executor?: Executor | undefined;
  /** How an action is asked for: stop texts, a response schema, or tools. */
  readonly request: Pick<ModelRequest, "stop" | "responseSchema" | "tools" | "toolChoice">;
  /** Does what the model's answer says and fills in the action. Resolves with the final answer, if there is one. */
  act(run: RunContext, action: Draft, response: ModelResponse): Promise<{ readonly value: Value } | undefined>;
}

type Defaulted = "maxToolResultBytes" | "maxObservationCharacters" | "dataPolicy";
type Kept = "toolPolicy" | "stepCallbacks" | "compactor" | "instructions" | "journal";

/** A definition with what else its runs need, whatever its kind. */
export interface ResolvedAgent extends Pick<AgentOptions, Kept>, Required<{ readonly [Key in Defaulted]: NonNullable<AgentOptions[Key]> }> {
  readonly definition: AgentDefinition;
  readonly model: Model;
  /** Tools and managed agents, by name. */
  readonly callable: ReadonlyMap<string, AnyTool>;
  readonly finalAnswerChecks: readonly FinalAnswerCheck<never>[];
  readonly retry: ResolvedRetry;
  readonly templates: Partial<PromptTemplates>;
}

const defaultMaxToolResultBytes = 16 * 1024 * 1024;
const defaultMaxObservationCharacters = 20_000;

// biome-ignore format: a table
const agentOptions: KnownOptions<AgentOptions> = {
  model: true, tools: "a list", managedAgents: "a list", name: true, description: "text", instructions: "text", output: true,
  promptTemplates: "an object", finalAnswerChecks: "a list of functions", maxSteps: true, budget: "an object", retry: "an object",
  price: "a function", planningInterval: true, stepCallbacks: "a function or an object", compactor: "a function",
  toolPolicy: "a function", dataPolicy: true, provideRunSummary: "true or false", keepsMemory: "true or false",
  maxToolResultBytes: true, maxObservationCharacters: true, journal: "a function, such as memoryJournal()",
};
const callbacks = "a function or a list of functions";
const stepCallbackNames = { system: callbacks, task: callbacks, planning: callbacks, action: callbacks };

/** The options as they are now, whatever the caller does to his lists later. Throws TypeError for what {@link checkOptions} refuses. */
export function ownOptions<Options extends Pick<AgentOptions, "tools" | "managedAgents">>(
  options: Options,
  more: Readonly<Record<string, true | string>>,
): Options {
  const { tools = [], managedAgents = [] } = checkOptions("agent", options, { ...agentOptions, ...more });
  return { ...options, tools: [...tools], managedAgents: [...managedAgents] };
}

/** Checks the options at the door. Throws TypeError that names the option. */
export function resolveAgent<Output>(
  options: AgentOptions<Output>,
  { kind, executor, authorizedImports }: Pick<AgentDefinition, "kind" | "executor" | "authorizedImports">,
): ResolvedAgent {
  const { name = "agent", description, tools = [], managedAgents = [], finalAnswerChecks = [], dataPolicy = "warn" } = options;
  const { output, price, budget = {}, maxSteps = defaultMaxSteps, toolPolicy, planningInterval, stepCallbacks } = options;
  const { maxToolResultBytes = defaultMaxToolResultBytes, maxObservationCharacters = defaultMaxObservationCharacters } = options;
  checkName(name);
  if (typeof stepCallbacks === "object") checkOptions("stepCallbacks", stepCallbacks, stepCallbackNames);
  const model = toModel(options.model);
  const callable = toolsByName(name, [...tools, ...managedAgents.map(agentTool)]);
  const team = managedAgents.map(({ definition }) => definition);
  const all = [...tools, ...team.flatMap((member) => [...toolsOf(member)])];
  const asks = toolPolicy !== undefined || dataPolicy === "ask" || all.some(({ needsApproval }) => needsApproval !== false);
  const maySuspend = asks || team.some((member) => member.maySuspend);
  const definition: AgentDefinition = {
    kind,
    name,
    description,
    modelId: model.id,
    tools: [...tools],
    managedAgents: team,
    executor,
    authorizedImports,
    output: output === undefined ? undefined : resolveSchema(output, "input", "output"),
    maxSteps: atLeast(1, "maxSteps", maxSteps),
    budget: checkBudget(budget, [{ modelId: model.id, price }, ...team.flatMap((member) => membersOf(member, price))]),
    price,
    planningInterval: planningInterval === undefined ? undefined : atLeast(1, "planningInterval", planningInterval),
    provideRunSummary: options.provideRunSummary ?? false,
    keepsMemory: options.keepsMemory ?? false,
    maySuspend,
  };
  return {
    ...options,
    definition,
    model,
    callable,
    finalAnswerChecks,
    retry: resolveRetry(options.retry),
    dataPolicy: oneOf(["off", "warn", "block", "ask"], "dataPolicy", dataPolicy),
    maxToolResultBytes: atLeast(1, "maxToolResultBytes", maxToolResultBytes),
    maxObservationCharacters: atLeast(100, "maxObservationCharacters", maxObservationCharacters),
    templates: checkTemplates(options.promptTemplates),
  };
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
