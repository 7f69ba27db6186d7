import type { AgentOptions } from "./agent.ts";
import type { FinalAnswerCheck } from "./answer.ts";
import { atLeast } from "./at-least.ts";
import type { CodeAgentOptions, CodeOptions } from "./code-agent.ts";
import { memoryJournal } from "./journal.ts";
import { Ledger, type Limits } from "./limits.ts";
import { type Model, type ModelRequest, toModel } from "./model.ts";
import { closeCode, codeTags, markdownTags, type ParsedAction, parseCode, parseStructured, structuredAction } from "./parse-code.ts";
import { defaultPrompts, type Prompts } from "./prompts/prompts.ts";
import { type ResolvedRetry, resolveRetry } from "./retry.ts";
import { type ResolvedSchema, resolveSchema } from "./schema.ts";
import { type AnyTool, checkName, toolSignature } from "./tool.ts";

type Defaulted = "name" | "maxToolResultBytes" | "maxObservationCharacters" | "journal" | "stepTimeoutMs";
type Kept = "price" | "toolPolicy" | "authorizedImports";
type Options = AgentOptions & CodeOptions;

/** A definition with every default filled in; made once per agent and language. */
export interface ResolvedAgent extends Pick<Options, Kept>, Required<{ readonly [Key in Defaulted]: NonNullable<Options[Key]> }> {
  readonly limits: Limits;
  readonly model: Model;
  readonly tools: ReadonlyMap<string, AnyTool>;
  /** Whether runs are recorded in a journal of the user's, from which they may go on. */
  readonly hasOwnJournal: boolean;
  readonly output: ResolvedSchema | undefined;
  readonly finalAnswerChecks: readonly FinalAnswerCheck<never>[];
  readonly retry: ResolvedRetry;
  readonly prompts: Prompts;
  readonly systemPrompt: string;
  /** How an action is asked for: stop texts, or a response schema. */
  readonly actionRequest: Pick<ModelRequest, "stop" | "responseSchema">;
  /** The model's text as memory keeps it. */
  close(text: string): string;
  /** The program in the model's text. Throws ModelOutputError. */
  parse(text: string): ParsedAction;
}

const defaultMaxToolResultBytes = 16 * 1024 * 1024;
const defaultMaxObservationCharacters = 20_000;
const defaultStepTimeoutMs = 30_000;

/** Checks the options at the door. Throws TypeError that names the option. */
export function resolveAgent<Output>(options: CodeAgentOptions<Output>, language: "python" | "javascript"): ResolvedAgent {
  const { name = "agent", output, price, toolPolicy, authorizedImports, codeTags: style = "code" } = options;
  const { maxSteps, maxTokens, maxCost, maxDurationMs, maxToolCalls } = options;
  const limits = { maxSteps, maxTokens, maxCost, maxDurationMs, maxToolCalls };
  checkName(name);
  if ((options.executor === undefined) === (options.executorType === undefined))
    throw new TypeError("Expected exactly one of `executor` and `executorType`");
  new Ledger(limits, price);
  const tools = toolsByName(options.tools ?? []);
  const schema = output && resolveSchema(output, "input", "output");
  const structured = oneOf(["text", "structured"], "actionFormat", options.actionFormat ?? "text") === "structured";
  const tags = style === "code" ? codeTags : style === "markdown" ? markdownTags(language) : style;
  if (!tags?.open || !tags.close) throw new TypeError(`Expected \`codeTags\` to be "code", "markdown" or { open, close }, got \`${String(tags)}\``);
  const { finalAnswerChecks = [] } = options;
  if (!Array.isArray(finalAnswerChecks)) throw new TypeError("Expected `finalAnswerChecks` to be a list of functions");
  const prompts = { ...defaultPrompts, ...options.prompts };
  const systemPrompt = prompts.system({
    language,
    tools: [...tools.values()].map(toolSignature),
    authorizedImports,
    tags,
    structured,
    answerSchema: schema?.json,
    instructions: options.instructions,
  });
  // A closing tag that is part of the opening one would stop the model before its code begins.
  const stop = tags.open.includes(tags.close) ? ["Observation:"] : [tags.close, "Observation:"];
  return {
    ...{ name, limits, price, toolPolicy, authorizedImports, tools, prompts, systemPrompt },
    maxToolResultBytes: atLeast(1, "maxToolResultBytes", options.maxToolResultBytes ?? defaultMaxToolResultBytes),
    maxObservationCharacters: atLeast(100, "maxObservationCharacters", options.maxObservationCharacters ?? defaultMaxObservationCharacters),
    stepTimeoutMs: atLeast(1, "stepTimeoutMs", options.stepTimeoutMs ?? defaultStepTimeoutMs),
    model: toModel(options.model),
    output: schema,
    finalAnswerChecks,
    retry: resolveRetry(options.retry),
    journal: options.journal ?? memoryJournal(),
    hasOwnJournal: options.journal !== undefined,
    actionRequest: structured ? { responseSchema: structuredAction } : { stop },
    close: (text) => (structured ? text : closeCode(text, tags)),
    parse: (text) => (structured ? parseStructured(text) : parseCode(text, tags, language)),
  };
}

function oneOf<Choice extends string>(choices: readonly Choice[], name: string, value: Choice): Choice {
  if (choices.includes(value)) return value;
  throw new TypeError(`Expected \`${name}\` to be one of ${choices.join(", ")}, got \`${value}\` (${typeof value})`);
}

function toolsByName(tools: readonly AnyTool[]): ReadonlyMap<string, AnyTool> {
  for (const tool of tools) if (typeof tool?.input?.check !== "function") throw new TypeError("Expected `tools` to be made by `tool({ … })`");
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  if (byName.size < tools.length) throw new TypeError(`Expected tools to have different names, got: ${tools.map(({ name }) => name).join(", ")}`);
  return byName;
}
