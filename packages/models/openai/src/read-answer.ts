import { type FinishReason, ModelCallError, type Usage } from "@codelet/core";
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

/** Tokens of an answer, with the names of OpenAI, DeepSeek, OpenRouter and Anthropic. Undefined where none are said. */
export function readUsage(value: unknown): Usage | undefined {
  const usage = asRecord(value);
  if (usage === undefined) return undefined;
  const [prompt, completion, total] = [asCount(usage.prompt_tokens), asCount(usage.completion_tokens), asCount(usage.total_tokens)];
  const details = asRecord(usage.prompt_tokens_details);
  const cacheRead = asCount(details?.cached_tokens) || asCount(usage.prompt_cache_hit_tokens) || asCount(usage.cache_read_input_tokens);
  const cacheWrite = asCount(details?.cache_write_tokens) || asCount(usage.cache_creation_input_tokens);
  const cached = cacheRead + cacheWrite;
  // Portkey and others count what is cached beside the prompt, as Anthropic does, and in the total.
  const isBeside = cached > prompt || (cached > 0 && total === prompt + completion + cached);
  const input = isBeside ? prompt + cached : prompt;
  return {
    input,
    cacheRead,
    cacheWrite,
    // Google and xAI count the thoughts in the total only, which tells nothing where the prompt is not counted.
    output: prompt === 0 ? completion : Math.max(completion, total - input),
    reasoning: asCount(asRecord(usage.completion_tokens_details)?.reasoning_tokens),
  };
}

/** With the words of Mistral, Z.ai, Gemini and others. */
const finishReasons: ReadonlyMap<unknown, FinishReason> = new Map([
  ["stop", "stop"],
  ["tool_calls", "tool-calls"],
  ["function_call", "tool-calls"],
  ...["length", "model_length", "max_tokens", "max_output_tokens", "model_context_window_exceeded"].map((word) => [word, "length"] as const),
  ...["content_filter", "sensitive", "safety"].map((word) => [word, "content-filter"] as const),
]);
/** The server, or the one behind it, gave up: vLLM, SGLang, DeepSeek and Z.ai say it so. */
const failures = ["error", "abort", "aborted", "cancelled", "canceled", "network_error", "insufficient_system_resource"];

/** Why the answer ended. Throws `model-call` where it is one of {@link failures}: half an answer is none. */
export function readFinishReason(
  value: unknown,
  found: { readonly isCut: boolean; readonly isRefusal: boolean; readonly hasCalls: boolean },
): FinishReason {
  if (found.isCut) return "stop";
  const word = typeof value === "string" ? value.toLowerCase() : value;
  if (failures.includes(word as string)) throw new ModelCallError("The server failed in the middle of its answer.", { retryable: true });
  if (found.isRefusal) return "content-filter";
  const reason = finishReasons.get(word) ?? "other";
  return reason === "stop" && found.hasCalls ? "tool-calls" : reason;
}
