import type { CodeTags } from "../code-tags.ts";
import type { ToolSignature } from "../executor.ts";
import type { ModelTool } from "../model.ts";
import { checkOptions, ofKind } from "../option-checks.ts";
import type { JsonSchema } from "../schema.ts";

/** What the system prompt is made from. */
export interface PromptContext {
  readonly language: "python" | "javascript";
  readonly tools: readonly ToolSignature[];
  readonly authorizedImports: readonly string[] | undefined;
  readonly tags: CodeTags;
  readonly structured: boolean;
  /** Typed answers: what final_answer must be given. */
  readonly answerSchema: JsonSchema | undefined;
  readonly instructions: string | undefined;
}

/** What the system prompt of a {@link ToolCallingAgent} is made from. */
export interface ToolCallingContext {
  readonly tools: readonly ModelTool[];
  readonly answerSchema: JsonSchema | undefined;
  readonly instructions: string | undefined;
}

/** What the prompt for the last answer is made from. */
export interface LastAnswerContext {
  readonly limit: string;
  readonly task: string;
  readonly answerSchema: JsonSchema | undefined;
}

/** What the prompt for a plan is made from. */
export interface PlanContext {
  /** False: a plan is there, and a better one is asked for. */
  readonly isFirst: boolean;
  readonly remainingSteps: number;
  /** Names of tools and managed agents. */
  readonly tools: readonly string[];
}

/** What a managed agent's task is made from. */
export interface ManagedTaskContext {
  /** Of the managed agent. */
  readonly name: string;
  readonly task: string;
}

/** Makes a text. `standard` is the kernel's own, to be extended. */
export type PromptTemplate<Context> = (context: Context, standard: string) => string;

/** The texts of the kernel, each replaceable. */
export interface PromptTemplates {
  /** Of a {@link CodeAgent}. */
  readonly system: PromptTemplate<PromptContext>;
  /** Of a {@link ToolCallingAgent}. */
  readonly toolCallingSystem: PromptTemplate<ToolCallingContext>;
  /** Asks for a plan, the first or a new one. */
  readonly plan: PromptTemplate<PlanContext>;
  /** A managed agent's task, as it reads it. */
  readonly managedTask: PromptTemplate<ManagedTaskContext>;
  /** Asks for the answer when a limit ends the run. */
  readonly lastAnswer: PromptTemplate<LastAnswerContext>;
}

const places: { readonly [Name in keyof PromptTemplates]: true } = {
  system: true,
  toolCallingSystem: true,
  plan: true,
  managedTask: true,
  lastAnswer: true,
};

/** The user's templates, each of which throws where it makes no text. Throws TypeError for one that doesn't exist or is no function. */
export function checkTemplates(own: Partial<PromptTemplates> = {}): Partial<PromptTemplates> {
  checkOptions("promptTemplates", own, places);
  const names = Object.keys(places).filter((name) => own[name as keyof PromptTemplates] !== undefined);
  return Object.fromEntries(names.map((name) => [name, checkTemplate(name, own[name as keyof PromptTemplates])]));
}

/** An async function would put a promise into the prompt. */
function checkTemplate(name: string, template: unknown): PromptTemplate<never> {
  if (typeof template !== "function")
    throw new TypeError(`Expected \`promptTemplates.${name}\` to be a function (context, standard) => text, got ${typeof template}`);
  return (context, standard) => ofKind("text", `what promptTemplates.${name} returns`, template(context, standard));
}

/** The kernel's own text, or what the user's template makes of it. */
export function renderPrompt<Context>(standard: (context: Context) => string, own: PromptTemplate<Context> | undefined, context: Context): string {
  const text = standard(context);
  return own === undefined ? text : own(context, text);
}
