import { ModelCallError, type ModelDelta, noUsage } from "@codelet/core";
import { stopCutter } from "./cut-at-stop.ts";
import { detailsMerger } from "./extras.ts";
import { asRecord, asText, type ForeignRecord } from "./foreign-json.ts";
import { contentText, endingOf, firstChoice, readFinishReason, readUsage, reasoningText } from "./read-answer.ts";
import { callsOf, toolCallMerger } from "./tool-calls.ts";

/**
 * The chunks of a streamed answer as deltas. `finish` comes only when the server has said why the answer ended, or a stop text has cut it: a stream
 * that breaks off before throws `model-call`. One that breaks off after is complete; its usage may be missing.
 */
export async function* readStream(chunks: AsyncIterable<unknown>, stop: readonly string[] = []): AsyncGenerator<ModelDelta, void, undefined> {
  const cutter = stopCutter(stop);
  const calls = toolCallMerger();
  const details = detailsMerger();
  let usage = noUsage;
  let ending: unknown;
  let isRefusal = false;

  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const chunk = await nextChunk(iterator, cutter.isCut || ending !== undefined);
      if (chunk === undefined) break;
      const choice = firstChoice(chunk);
      usage = readUsage(chunk.usage) ?? readUsage(choice?.usage) ?? usage; // in the choice: Moonshot's
      const delta = asRecord(choice?.delta) ?? asRecord(choice?.message) ?? {};
      if (choice === undefined || cutter.isCut) continue;
      const [reasoning, text, refusal] = [reasoningText(delta), contentText(delta), asText(delta.refusal)];
      if (ending !== undefined && (text !== "" || refusal !== "" || callsOf(delta).length > 0)) {
        throw new ModelCallError("The server's stream went on after the end of its answer.", { retryable: true });
      }
      if (reasoning !== "") yield { type: "reasoning", text: reasoning };
      const passed = cutter.push(text) + (refusal === "" ? "" : cutter.flush()); // a refusal goes after all text
      if (passed !== "") yield { type: "text", text: passed };
      if (refusal !== "") yield { type: "text", text: refusal };
      isRefusal ||= refusal !== "";
      if (!cutter.isCut) calls.add(callsOf(delta));
      details.add(delta.reasoning_details);
      ending ??= endingOf(choice);
    }
  } finally {
    await iterator.return?.();
  }

  if (ending === undefined && !cutter.isCut) throw new ModelCallError("The server's stream ended before its answer did.", { retryable: true });
  const rest = cutter.flush();
  if (rest !== "") yield { type: "text", text: rest };
  const toolCalls = cutter.isCut ? [] : calls.finish();
  const finishReason = readFinishReason(ending, { isCut: cutter.isCut, isRefusal, hasCalls: toolCalls.length > 0 });
  const signature = details.finish();
  if (toolCalls.length > 0 && signature !== undefined) yield { type: "reasoning", text: "", signature };
  yield* toolCalls;
  yield { type: "finish", usage, finishReason };
}

/** Once the answer is complete only its usage is missing, and a broken connection is no reason to lose it. */
async function nextChunk(iterator: AsyncIterator<unknown>, isComplete: boolean): Promise<ForeignRecord | undefined> {
  try {
    const { done, value } = await iterator.next();
    if (done) return undefined;
    const chunk = asRecord(value);
    if (chunk === undefined) throw new ModelCallError("The server's stream holds something that is not a JSON object.", { retryable: true });
    return chunk;
  } catch (error) {
    if (isComplete) return undefined;
    throw error;
  }
}
