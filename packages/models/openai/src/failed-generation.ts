import { type ModelDelta, type ModelResponse, noUsage } from "@codelet/core";
import { isStatusError, toolUseFailed } from "./call-error.ts";
import { asRecord, asText } from "./foreign-json.ts";

/**
 * What the model wrote where Groq could make no calls of it and answered with an error: the model's text, in which the kernel finds calls, or tells the
 * model that there are none. Of a stream, what it had not shown yet. Undefined for any other error.
 */
export function failedGeneration(thrown: unknown, shown = ""): ModelResponse | undefined {
  const body = isStatusError(thrown) ? asRecord(thrown.error) : undefined;
  const text = body?.code === toolUseFailed ? asText(body.failed_generation) : "";
  const rest = text.startsWith(shown) ? text.slice(shown.length) : text;
  return text === "" ? undefined : { content: [{ type: "text", text: rest }], usage: noUsage, finishReason: "other" };
}

export function deltasOf({ content, usage, finishReason }: ModelResponse): readonly ModelDelta[] {
  return [...(content as readonly ModelDelta[]), { type: "finish", usage, finishReason }];
}
