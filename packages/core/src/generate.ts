import { abortable } from "./abort.ts";
import { CodeletError, describeThrown, ModelCallError } from "./errors.ts";
import { errorOf } from "./journal.ts";
import { addUsage, type ContentPart, type ModelDelta, type ModelRequest, type ModelResponse, noUsage } from "./model.ts";
import { retryDelayMs } from "./retry.ts";
import type { RunContext } from "./run-context.ts";

/** One answer of the model through the journal, with the kernel's only retries. Throws ModelCallError, LimitError, or the signal's reason. */
export async function generate(run: RunContext, key: string, request: ModelRequest, which?: "last"): Promise<ModelResponse> {
  const isKnown = run.root.scope.continuation?.recorder?.knows(run.path + key);
  await run.spend("modelCalls", key, () => isKnown || run.ledger.checkModelCall({ isLast: which === "last" }));
  for (let attempt = 0; ; attempt++) {
    request.signal?.throwIfAborted();
    const attemptKey = attempt === 0 ? key : `${key}.${attempt}`;
    const outcome = await run.operate<ModelResponse>(attemptKey, "model", () => callModel(run, request));
    if ("value" in outcome) {
      run.ledger.addUsage(outcome.value.usage, run.agent.model.id);
      run.emit({ type: "model-end", usage: outcome.value.usage });
      return outcome.value;
    }
    request.signal?.throwIfAborted();
    const error = errorOf(outcome.error);
    const delayMs = retryDelayMs(error, attempt, run.agent.retry, `${run.runId}/${run.path}${attemptKey}`);
    if (delayMs === undefined) throw error;
    run.emit({ type: "model-retry", message: outcome.error.message, delayMs });
    await run.journal.sleep(`${attemptKey}.retry`, delayMs, request.signal);
  }
}

/** The `model` operation: one call; a stream is gathered here, its pieces go to the events. */
async function callModel(run: RunContext, request: ModelRequest): Promise<ModelResponse> {
  const { model } = run.agent;
  const { signal } = request;
  const onText: OnText = (part, text) => run.emit({ type: "model-delta", part, text });
  try {
    if (model.stream === undefined) return checkResponse(await abortable(model.generate(request), signal));
    return checkResponse(await gather(model.stream(request)[Symbol.asyncIterator](), signal, onText));
  } catch (error) {
    if (signal?.aborted || CodeletError.isInstance(error, "model-call", "configuration", "missing-package", "aborted")) throw error;
    const status = (error as { readonly status?: unknown } | null | undefined)?.status;
    const { name, message } = describeThrown(error);
    const known = typeof status === "number" ? { status } : { retryable: false };
    throw new ModelCallError(`The model ${model.id} failed: ${name}: ${message}`, { cause: error, ...known });
  }
}

/** A model is foreign code: what it returns is checked, what else is in it stays out of the journal, and strange token counts count as none. */
function checkResponse(response: ModelResponse): ModelResponse {
  if (!Array.isArray(response?.content) || !response.content.every(isPart))
    throw new ModelCallError("The model gave no { content: [{ type, … }], usage, finishReason }; a function may give text.", { retryable: false });
  const { content, finishReason, usage } = response;
  return { content: content.map(knownPart), finishReason, usage: addUsage(noUsage, usage) };
}

const partFields: readonly string[] = ["type", "text", "signature", "id", "name", "input", "image", "file", "content", "isError"];

function knownPart(part: ContentPart): ContentPart {
  if (part.type === "text") return { type: "text", text: part.text };
  const known = Object.entries(part).filter(([name, value]) => value !== undefined && partFields.includes(name));
  return { ...Object.fromEntries(known), ...(part.type === "tool-call" && isDeep(part.input) && { input: "{…}" }) } as ContentPart;
}

/** Nobody can walk or keep such arguments: they become a text, which is no object, and the model is told so. */
function isDeep(value: unknown, levels = 100): boolean {
  return typeof value === "object" && value !== null && (levels === 0 || Object.values(value).some((item) => isDeep(item, levels - 1)));
}

function isPart(part: ContentPart | null | undefined): boolean {
  if (part?.type === "tool-call") return typeof part.name === "string";
  return part?.type === "text" || part?.type === "reasoning" ? typeof part.text === "string" : typeof part?.type === "string";
}

type OnText = (part: "text" | "reasoning", text: string) => void;

async function gather(deltas: AsyncIterator<ModelDelta>, signal: AbortSignal | undefined, onText: OnText): Promise<ModelResponse> {
  const content: ContentPart[] = [];
  try {
    for (;;) {
      const { done, value: delta } = await abortable(deltas.next(), signal);
      if (done) throw new ModelCallError("The model's stream ended before its answer did.");
      if (typeof delta?.type !== "string") throw new ModelCallError("The model's stream gave no { type, … }: expected deltas.", { retryable: false });
      if (delta.type === "finish") return { content, usage: delta.usage, finishReason: delta.finishReason };
      if (delta.type !== "tool-call") onText(delta.type, delta.text);
      const last = content.at(-1);
      const isSealed = last?.type === "reasoning" && last.signature !== undefined;
      if (delta.type === "tool-call" || last?.type !== delta.type || isSealed) content.push(delta);
      else content[content.length - 1] = { ...delta, text: last.text + delta.text };
    }
  } finally {
    Promise.resolve(deltas.return?.()).catch(() => {});
  }
}
