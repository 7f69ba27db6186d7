import { type ContentPart, ModelCallError, type ModelDelta, type ModelResponse } from "@codelet/core";

/** A whole answer as a stream would bring it, one delta per part. */
export function deltasOf({ content, usage, finishReason }: ModelResponse): readonly ModelDelta[] {
  const parts = content.filter((part) => part.type === "text" || part.type === "reasoning" || part.type === "tool-call");
  return [...parts, { type: "finish", usage, finishReason }];
}

/** A streamed answer as a whole one. Throws `model-call` when it has no end. */
export function responseOf(deltas: readonly ModelDelta[]): ModelResponse {
  const content: ContentPart[] = [];
  for (const delta of deltas) {
    if (delta.type === "finish") return { content, usage: delta.usage, finishReason: delta.finishReason };
    const last = content.at(-1);
    if (delta.type === "text" && last?.type === "text") content[content.length - 1] = { type: "text", text: last.text + delta.text };
    else if (delta.type === "reasoning" && last?.type === "reasoning")
      content[content.length - 1] = { ...last, ...delta, text: last.text + delta.text };
    else content.push(delta);
  }
  throw new ModelCallError("The stream ended before its answer did.", { retryable: true });
}
