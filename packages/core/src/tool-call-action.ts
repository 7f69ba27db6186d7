import { dispatchCall } from "./dispatch.ts";
import { ModelOutputError } from "./errors.ts";
import type { CallResult } from "./executor.ts";
import { jsonSafe } from "./loose-json.ts";
import type { Attachment } from "./media.ts";
import { type ContentPart, type ModelResponse, type ModelTool, type ToolCallPart, type ToolResultPart, textOf } from "./model.ts";
import { parseToolCalls } from "./parse-tool-calls.ts";
import { forModel, isPicture, quoted, showValue } from "./prompts/observation.ts";
import { renderPrompt } from "./prompts/templates.ts";
import { toolCallingSystem } from "./prompts/tool-calling-system.ts";
import type { ActionKind, Draft, ResolvedAgent } from "./resolved-agent.ts";
import type { RunContext } from "./run-context.ts";
import { isObject } from "./schema.ts";
import { looseInput, toolName } from "./tool-call-input.ts";
import { isMedia, isPythonValue, type Json, type Value } from "./value.ts";

const finalAnswer = "final_answer";
const cutOff = "Your answer was cut off: it is too long, or a filter of the server stopped it. ";
const howToCall = 'Where you can only write text, a call is one JSON object: {"name": the tool, "arguments": {its arguments}}.';

/** Actions that are the model's own tool calls, so many at a time. */
export function toolCallingKind(agent: ResolvedAgent, maxParallelCalls: number): ActionKind {
  const { definition, instructions } = agent;
  const { output } = definition;
  const tools = [...agent.callable.values()].map(({ name, description, input }): ModelTool => ({ name, description, inputSchema: input.json }));
  const answer: ModelTool = {
    name: finalAnswer,
    description: "Gives the answer to the task and ends it.",
    inputSchema: { type: "object", properties: { answer: output?.json ?? {} }, required: ["answer"], additionalProperties: false },
  };

  const all = [...tools, answer];

  async function act(run: RunContext, action: Draft, response: ModelResponse): Promise<{ readonly value: Value } | undefined> {
    const text = textOf(response.content);
    const native = response.content.filter((part) => part.type === "tool-call");
    const isCut = response.finishReason === "length" || response.finishReason === "content-filter";
    const said = native.length > 0 ? { thought: text, calls: native } : parseToolCalls(text, all);
    const calls = repaired(run, said.calls, action.step, isCut, all);
    action.modelOutput = text || "(no text)";
    action.thought = said.thought;
    if (calls.length === 0) {
      throw new ModelOutputError(`${isCut ? cutOff : ""}Call a tool in every answer; to end, call ${finalAnswer}. ${howToCall}`);
    }
    action.modelParts = [...spoken(response.content, native.length > 0, said.thought), ...calls.map(withObject)];
    const done = new Map<ToolCallPart, Done>();
    const final = calls.find(({ name }) => name === finalAnswer);
    const others = calls.filter(({ name }) => name !== finalAnswer);
    let answered = "Not taken: the run was stopped.";
    try {
      await performCalls(run, action.step, others, done, maxParallelCalls);
      answered = "Answer given.";
    } finally {
      const pictures: Attachment[] = [];
      action.toolResults = calls.map((call) => resultOf(run, call, call === final ? answered : done.get(call)?.result, pictures));
      action.toolCalls = calls.flatMap((call) => done.get(call)?.record ?? []);
      if (run.agent.model.seesImages) action.images = pictures;
    }
    return final && { value: answerOf(run, final.input, isCut && native.length > 0) };
  }
  const systemPrompt = renderPrompt(toolCallingSystem, agent.templates.toolCallingSystem, { tools, answerSchema: output?.json, instructions });
  return { agent, systemPrompt, request: { tools: all, toolChoice: "required" }, act };
}

/** What the model said beside its calls; of a text that holds them only what comes before, since a past action appears once. */
function spoken(content: readonly ContentPart[], isNative: boolean, thought: string): readonly ContentPart[] {
  if (isNative) return content.filter(({ type }) => type === "reasoning" || type === "text");
  return [...content.filter(({ type }) => type === "reasoning"), ...(thought === "" ? [] : [{ type: "text", text: thought } as const])];
}

type Done = Awaited<ReturnType<typeof dispatchCall>>;

/** Calls that run side by side, so many at a time; one that fails costs no other its result. */
async function performCalls(
  run: RunContext,
  step: number,
  calls: readonly ToolCallPart[],
  done: Map<ToolCallPart, Done>,
  maxParallel: number,
): Promise<void> {
  const queue = [...calls.entries()];
  const stopper = new AbortController();
  const signal = AbortSignal.any([run.signal, stopper.signal]);
  let failure: { readonly error: unknown } | undefined;
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined && failure === undefined && !run.signal.aborted; next = queue.shift()) {
      const [index, call] = next;
      try {
        const dispatched = await performCall(run, `${step}/tool.${idInPath(call, index)}.${call.name}`, call, signal);
        done.set(call, dispatched);
        if (dispatched.limit === undefined) continue;
        failure ??= { error: dispatched.limit };
        stopper.abort(dispatched.limit); // the run ends, and waits for no decision
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxParallel, calls.length) }, worker));
  if (failure !== undefined) throw failure.error;
  run.signal.throwIfAborted();
}

/** Journals and the services that a call goes to are given its path: an id that is very long, as where a gateway hides data in it, or holds controls stays out of it. */
function idInPath({ id }: ToolCallPart, index: number): string {
  return /^(?!#)[^\p{Cc}\p{Cs}]{1,64}$/u.test(id) ? id : `#${index + 1}`;
}

async function performCall(run: RunContext, key: string, call: ToolCallPart, signal: AbortSignal): Promise<Done> {
  const { id, name, input } = call;
  if (!isObject(input)) return refused(run, call);
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", abort);
  try {
    const kwargs = withValues(run, input) as { [name: string]: Value };
    return await dispatchCall(run, key, { id, tool: name, args: [], kwargs }, controller);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** What the model is told of a call. */
function resultOf(run: RunContext, call: ToolCallPart, result: CallResult | string | undefined, pictures: Attachment[]): ToolResultPart {
  const { id, name } = call;
  const part = (content: string, isError = false): ToolResultPart => {
    return { type: "tool-result", id, name, content: forModel(quoted(content), run.agent.maxObservationCharacters), isError };
  };
  if (typeof result === "string") return part(result);
  if (name === finalAnswer) return part("Only the first final answer of a turn counts.", true);
  if (result === undefined) return part("Not called: the run was stopped.", true);
  if ("error" in result) return part(`${result.error.name}: ${result.error.message}`, true);
  return part(showValue(keepMedia(run, result.value, pictures)) || "(no result)");
}

/** A call whose arguments are no JSON object is not made: what was cut off or quoted wrongly must not reach a tool as text. */
function refused(run: RunContext, { id, name, input }: ToolCallPart): Done {
  const error = {
    name: "ToolInputError",
    message: `The arguments of ${name} must be one JSON object. They were ${Array.isArray(input) ? "a list" : "not valid JSON"}.`,
  };
  run.emit({ type: "tool-call", callId: id, tool: name, input });
  run.emit({ type: "tool-result", callId: id, tool: name, error, durationMs: 0 });
  return { result: { id, error }, record: { id, tool: name, error } };
}

/** Each call has the name of a tool, an id of its own in the whole prompt, as providers want it, and arguments. An id is part of the call's path, and must not lead to another's. */
function repaired(
  run: RunContext,
  calls: readonly ToolCallPart[],
  step: number,
  isCut: boolean,
  tools: readonly ModelTool[],
): readonly ToolCallPart[] {
  const callIds = callIdsOf(run);
  return calls.map((call, index) => {
    let id = typeof call.id === "string" ? call.id : "";
    if (id === "" || id.includes("/") || callIds.has(id)) id = `call_${step}_${index + 1}`;
    while (callIds.has(id)) id += "_";
    callIds.add(id);
    const input = call.input === "" ? {} : (call.input ?? {});
    return { ...call, id, name: toolName(call.name, tools), input: isCut ? input : looseInput(input) };
  });
}

const callIdsByRun = new WeakMap<RunContext, Set<string>>();

/** Ids of the model's own calls, in what it is shown of earlier runs too. */
function callIdsOf(run: RunContext): Set<string> {
  const known = callIdsByRun.get(run);
  if (known !== undefined) return known;
  const results = run.memory.steps.flatMap((step) => (step.type === "action" && step.toolResults) || []);
  const ids = new Set(results.map(({ id }) => id));
  callIdsByRun.set(run, ids);
  return ids;
}

/** As providers take it back: arguments are an object. */
function withObject(call: ToolCallPart): ToolCallPart {
  return { ...call, input: jsonSafe(isObject(call.input) ? call.input : { input: call.input }) };
}

/** Pictures and other media stay on the host: the model is told a name that it can pass on. */
function keepMedia(run: RunContext, value: Value, pictures: Attachment[]): Value {
  const { values } = run.thread;
  if (isMedia(value)) {
    const [kind = "file", format = "bin"] = value.mediaType.split("/");
    const name = `${kind}_${values.size + 1}.${format.split("+")[0]}`;
    values.set(name, value);
    if (isPicture(value.mediaType)) pictures.push({ type: "image", image: value });
    return `Stored as "${name}": pass this name to a tool that takes it.`;
  }
  if (Array.isArray(value)) return value.map((item) => keepMedia(run, item as Value, pictures));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || isPythonValue(value)) return value;
  return Object.fromEntries(Object.entries(value as { readonly [key: string]: Value }).map(([key, item]) => [key, keepMedia(run, item, pictures)]));
}

/** Arguments with the values that they name, also in lists and objects such as a managed agent's `additional_args`. */
function withValues(run: RunContext, input: Json): Value {
  if (typeof input === "string") return run.thread.values.get(input) ?? input;
  if (Array.isArray(input)) return input.map((item) => withValues(run, item as Json));
  return isObject(input) ? Object.fromEntries(Object.entries(input).map(([key, item]) => [key, withValues(run, item)])) : input;
}

/** A text instead of arguments may be meant as the answer, unless it is broken JSON. No argument is no answer, unless a schema takes it for one. */
function answerOf(run: RunContext, input: Json, isCut: boolean): Value {
  const isMissing = run.agent.definition.output === undefined && isObject(input) && Object.keys(input).length === 0;
  if (isMissing || (typeof input === "string" && (isCut || /^\s*\{/.test(input))))
    throw new ModelOutputError(`${isCut ? cutOff : ""}The arguments of ${finalAnswer} must be one JSON object: {"answer": …}.`);
  return withValues(run, isObject(input) && "answer" in input ? (input.answer as Json) : input);
}
