import { type FinishReason, ModelCallError, noUsage, type Usage } from "@codelet/core";
import { asCount, asList, asRecord, asText, type ForeignRecord } from "./foreign-json.ts";

/** The first choice of an answer or a chunk; others are not asked for. */
export function firstChoice(answer: ForeignRecord): ForeignRecord | undefined {
  const choice = asRecord(asList(answer.choices)[0]);
  return choice !== undefined && asCount(choice.index) === 0 ? choice : undefined;
}

/** The text of a message or a delta: a string, or parts on some servers. */
export function contentText(message: ForeignRecord): string {
  if (typeof message.content === "string") return message.content;
  return asList(message.content)
    .map((part) => asText(asRecord(part)?.text))
    .join("");
}

/** What the model thought, which compatible servers send in a field of theirs. */
export function reasoningText(message: ForeignRecord): string {
  return asText(message.reasoning_content) || asText(message.reasoning);
}

/** Why a choice ended, as the server said it. Undefined while it goes on: some servers send `""` or `"null"` until then. */
export function endingOf(choice: ForeignRecord): unknown {
  const reason = choice.finish_reason;
  return reason === "" || reason === "null" ? undefined : (reason ?? undefined);
}

/** Tokens of an answer, with the names of OpenAI, DeepSeek and OpenRouter. Undefined where none are said. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = asRecord(value);
  if (usage === undefined) return undefined;
  const prompt = asRecord(usage.prompt_tokens_details);
  return {
    ...noUsage,
    input: asCount(usage.prompt_tokens),
    cacheRead: asCount(prompt?.cached_tokens) || asCount(usage.prompt_cache_hit_tokens),
    cacheWrite: asCount(prompt?.cache_write_tokens),
    output: asCount(usage.completion_tokens),
    reasoning: asCount(asRecord(usage.completion_tokens_details)?.reasoning_tokens),
  };
}

const finishReasons: ReadonlyMap<unknown, FinishReason> = new Map([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ["content_filter", "content-filter"],
]);

/** Why the answer ended. Throws `model-call` for `"error"`, which routers send when the server behind them failed in the middle. */
export function readFinishReason(
  value: unknown,
  found: { readonly isCut: boolean; readonly isRefusal: boolean; readonly hasCalls: boolean },
): FinishReason {
  if (found.isCut) return "stop";
  if (value === "error") throw new ModelCallError("The server failed in the middle of its answer.", { retryable: true });
  if (found.isRefusal) return "content-filter";
  const reason = finishReasons.get(value) ?? "other";
  return reason === "stop" && found.hasCalls ? "tool-calls" : reason;
}
