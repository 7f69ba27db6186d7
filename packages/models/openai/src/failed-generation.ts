import { type ModelDelta, type ModelResponse, noUsage } from "@codelet/core";
import { failedGenerations, isStatusError } from "./call-error.ts";
import { stopCutter } from "./cut-at-stop.ts";
import { asRecord, asText } from "./foreign-json.ts";

/**
 * What the model wrote where Groq could make no calls or no JSON of it and answered with an error: the model's text up to a stop text, in which the kernel
 * finds calls, or tells the model what it lacks. Of a stream, what it had not shown yet. Undefined for any other error.
 */
export function failedGeneration(thrown: unknown, stop: readonly string[] = [], shown = ""): ModelResponse | undefined {
  const body = isStatusError(thrown) ? asRecord(thrown.error) : undefined;
  const written = failedGenerations.includes(asText(body?.code)) ? asText(body?.failed_generation) : "";
  if (written === "") return undefined;
  const cutter = stopCutter(stop);
  const text = cutter.push(written) + cutter.flush();
  const rest = text.startsWith(shown) ? text.slice(shown.length) : text;
  return { content: [{ type: "text", text: rest }], usage: noUsage, finishReason: cutter.isCut ? "stop" : "other" };
}

export function deltasOf({ content, usage, finishReason }: ModelResponse): readonly ModelDelta[] {
  return [...(content as readonly ModelDelta[]), { type: "finish", usage, finishReason }];
}
