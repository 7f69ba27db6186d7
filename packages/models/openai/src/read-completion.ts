import { type ContentPart, ModelCallError, type ModelResponse, noUsage } from "@codelet/core";
import { stopCutter } from "./cut-at-stop.ts";
import { detailsSignature } from "./extras.ts";
import { asRecord, asText } from "./foreign-json.ts";
import { contentText, firstChoice, readFinishReason, readUsage, reasoningText } from "./read-answer.ts";
import { numberedCalls, toolCallMerger } from "./tool-calls.ts";

/** An answer in one piece. Throws `model-call` when it is none. */
export function readCompletion(answer: unknown, stop: readonly string[] = []): ModelResponse {
  const completion = asRecord(answer);
  if (completion === undefined) throw new ModelCallError("The server's answer is not a JSON object.", { retryable: true });
  const choice = firstChoice(completion);
  const message = asRecord(choice?.message);
  if (choice === undefined || message === undefined) throw new ModelCallError("The server's answer holds no message.", { retryable: true });

  const cutter = stopCutter(stop);
  const refusal = asText(message.refusal);
  const text = cutter.push(contentText(message)) + cutter.flush() + refusal;
  const calls = toolCallMerger();
  if (!cutter.isCut) calls.add(numberedCalls(message));
  const reasoning = reasoningText(message);
  const toolCalls = calls.finish();
  const signature = toolCalls.length > 0 ? detailsSignature(message.reasoning_details) : undefined;
  const content: ContentPart[] = [];
  if (reasoning !== "" || signature !== undefined)
    content.push({ type: "reasoning", text: reasoning, ...(signature !== undefined && { signature }) });
  if (text !== "") content.push({ type: "text", text });
  content.push(...toolCalls);
  const finishReason = readFinishReason(choice.finish_reason, { isCut: cutter.isCut, isRefusal: refusal !== "", hasCalls: toolCalls.length > 0 });
  return { content, usage: readUsage(completion.usage) ?? noUsage, finishReason };
}
