import { abortable } from "./abort.ts";
import type { CodeOptions } from "./code-agent.ts";
import { type CodeTags, closeCode, codeTags, type Language, markdownTags, type ParsedAction, plainAction } from "./code-tags.ts";
import { CodeletError, ModelOutputError } from "./errors.ts";
import { type Evidence, execute } from "./execute.ts";
import type { Execution, Executor } from "./executor.ts";
import { type FinishReason, type ModelResponse, textOf } from "./model.ts";
import { atLeast, oneOf } from "./option-checks.ts";
import { codeSystem, pythonPrograms, structuredSchema } from "./prompts/code-system.ts";
import { picturesOf, renderExecution } from "./prompts/observation.ts";
import { type PromptContext, renderPrompt } from "./prompts/templates.ts";
import type { ActionKind, Draft, ResolvedAgent } from "./resolved-agent.ts";
import type { RunContext } from "./run-context.ts";
import type { Sandbox } from "./sandbox.ts";
import { toolSignature } from "./tool.ts";
import type { Value } from "./value.ts";

const defaultStepTimeoutMs = 30_000;

/** Half a program is none. */
const cuts: { readonly [Reason in FinishReason]?: string } = {
  length: "it is too long. Do less in one step.",
  "content-filter": "a filter of the server stopped it. Say it in another way.",
};

/** The options with their defaults. */
type ResolvedCode = Required<{ readonly [Name in "codeTags" | "actionFormat" | "stepTimeoutMs"]: NonNullable<CodeOptions[Name]> }>;

/** Throws TypeError when an option is wrong. */
export function resolveCode(options: CodeOptions): ResolvedCode {
  const { codeTags = "code", actionFormat = "text", stepTimeoutMs = defaultStepTimeoutMs } = options;
  oneOf(["text", "structured"], "actionFormat", actionFormat);
  atLeast(1, "stepTimeoutMs", stepTimeoutMs);
  const { open, close } = tagsOf(codeTags, "python") ?? {};
  if (![open, close].every((tag) => typeof tag === "string" && tag !== ""))
    throw new TypeError(`Expected \`codeTags\` to be "code", "markdown" or { open, close }, got \`${String(codeTags)}\``);
  if (open === close) throw new TypeError(`Expected \`codeTags\` to open and close differently, got \`${open}\` twice`);
  return { codeTags, actionFormat, stepTimeoutMs };
}

/** Actions that are programs. */
export async function codeKind(agent: ResolvedAgent, options: ResolvedCode, executor: Executor): Promise<ActionKind> {
  const { language } = executor;
  const structured = options.actionFormat === "structured";
  const tags = tagsOf(options.codeTags, language);
  const tools = [...agent.callable.values()].map(toolSignature);
  const { definition, instructions } = agent;
  const { output, authorizedImports } = definition;
  const context = { language, tools, authorizedImports, tags, structured, answerSchema: output?.json, instructions };
  const programs = language === "python" ? pythonPrograms : (await import("./prompts/javascript-programs.ts")).javascriptPrograms;
  const systemPrompt = renderPrompt((values: PromptContext) => codeSystem(values, programs), agent.templates.system, context);
  // At the beginning of a line: programs have both in their texts. A closing tag that is part of the opening one would stop the model before its code begins.
  const stop = ["\nObservation:", ...(tags.open.includes(tags.close) ? [] : [`\n${tags.close}`])];
  /** A text in the form that was asked for is read at once, any other with more care. */
  async function read(text: string): Promise<ParsedAction> {
    if (structured) return (await import("./parse-code.ts")).parseStructured(text, language);
    return plainAction(text, tags) ?? (await import("./parse-code.ts")).parseCode(text, tags, language);
  }

  async function act(run: RunContext, action: Draft, response: ModelResponse): Promise<{ readonly value: Value } | undefined> {
    const called = response.content.find(({ type }) => type === "tool-call");
    const said = textOf(response.content);
    const text = called === undefined || said.includes(tags.open) ? said : [said, JSON.stringify(called)].filter(Boolean).join("\n");
    action.modelOutput = (structured ? text : closeCode(text, tags)) || "(empty)";
    const cutOff = cuts[response.finishReason];
    if (cutOff !== undefined) throw new ModelOutputError(`Your answer was cut off: ${cutOff}`);
    Object.assign(action, await read(text));
    run.emit({ type: "code", thought: action.thought, code: action.code });
    const { finalAnswer, error } = await runProgram(run, action, options.stepTimeoutMs);
    if (error !== undefined) action.error = { code: "code-failed", name: error.name, message: error.message };
    return finalAnswer;
  }
  return { agent, executor, systemPrompt, request: structured ? { responseSchema: structuredSchema } : { stop }, act };
}

function tagsOf(style: ResolvedCode["codeTags"], language: Language): CodeTags {
  if (style === "code") return codeTags;
  return style === "markdown" ? markdownTags(language) : style;
}

/** A sandbox that crashes is replaced, and the model is told; one that keeps crashing ends the run. */
async function runProgram(run: RunContext, action: Draft, timeoutMs: number): Promise<Execution> {
  const evidence: Evidence = { toolCalls: [] };
  const sandbox = run.thread.sandbox as Sandbox;
  let hasLost = false;
  try {
    const session = await abortable(sandbox.session(), run.signal);
    hasLost = sandbox.takeLoss();
    return await execute(run, session, { key: String(action.step), code: action.code, timeoutMs, evidence });
  } catch (error) {
    const crashed = CodeletError.isInstance(error, "executor-crashed", "protocol") && !run.isControlFlow(error);
    if (!crashed || !(await sandbox.replace())) throw error;
    run.emit({ type: "warning", message: `The sandbox crashed and is replaced: ${error.message}` });
    const lost = { name: "SandboxCrashed", message: error.message };
    evidence.execution = { value: null, logs: "", outputs: [], error: lost, stateLost: true, durationMs: 0 };
    return evidence.execution;
  } finally {
    action.toolCalls = evidence.toolCalls;
    if (evidence.execution !== undefined) show(run, action, hasLost ? { ...evidence.execution, stateLost: true } : evidence.execution);
  }
}

function show(run: RunContext, action: Draft, execution: Execution): void {
  action.outputs = execution.outputs;
  action.observation = renderExecution(execution, run.agent.maxObservationCharacters);
  if (run.agent.model.seesImages) action.images = picturesOf(execution.outputs);
  run.emit({ type: "execution", execution });
  for (const output of execution.outputs) run.emit({ type: "rich-output", output });
}
