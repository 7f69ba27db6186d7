import type { Model, ModelRequest } from "@codelet/core";
import { callError } from "./call-error.ts";
import { chatEndpoint } from "./chat-endpoint.ts";
import { deltasOf, failedGeneration } from "./failed-generation.ts";
import { openaiEnvironment } from "./openai-environment.ts";
import { type OpenAIModelOptions, resolveOptions } from "./openai-options.ts";
import { readCompletion } from "./read-completion.ts";
import { readStream } from "./read-stream.ts";
import { isConcerned, type Refusal, refusalsIn } from "./refusals.ts";
import { renderRequest } from "./render-request.ts";
import { secretsOf } from "./secrets.ts";

/**
 * A model of OpenAI, or of any server that speaks its chat completions (vLLM, llama.cpp, LM Studio, Ollama, OpenRouter, LiteLLM, …).
 *
 * Throws `configuration` at once when there is no key for OpenAI. Calls throw `model-call` with status, `retryable` and `retryAfterMs`, or `aborted`;
 * they are never repeated here. No error and no log holds the key.
 *
 * @example
 * const model = openai("gpt-5-mini");
 * const local = openai("qwen3-coder", { baseURL: "http://localhost:8000/v1" });
 */
export function openai(modelId: string, options: OpenAIModelOptions = {}): Model {
  const resolved = resolveOptions(modelId, options, openaiEnvironment());
  const secrets = secretsOf(resolved);
  const endpoint = chatEndpoint(resolved, secrets);
  const { baseURL } = resolved;
  const refused = new Set<Refusal>(resolved.stopSequences === "send" ? [] : ["stop"]);

  /** Posts the request; once more without what the server refuses, and never with it again. */
  async function post<T>(request: ModelRequest, stream: boolean, send: (body: object, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    for (const without = new Set(refused); ; ) {
      const body = renderRequest(request, resolved, { stream, refused: without });
      try {
        const answer = await send(body, request.signal);
        for (const each of without) refused.add(each);
        return answer;
      } catch (error) {
        const next = refusalsIn(error).find((each) => !without.has(each) && isConcerned(each, body));
        if (next === undefined) throw error;
        without.add(next);
      }
    }
  }

  return {
    id: modelId,
    seesImages: resolved.seesImages,
    async generate(request) {
      try {
        return readCompletion(await post(request, false, endpoint.complete), request.stop);
      } catch (error) {
        const said = failedGeneration(error, request.stop);
        if (said !== undefined) return said;
        throw callError(error, { modelId, baseURL, secrets, signal: request.signal });
      }
    },
    async *stream(request) {
      let shown = "";
      try {
        for await (const delta of readStream(await post(request, true, endpoint.stream), request.stop)) {
          if (delta.type === "text") shown += delta.text;
          yield delta;
        }
      } catch (error) {
        const said = failedGeneration(error, request.stop, shown);
        if (said !== undefined) return yield* deltasOf(said);
        throw callError(error, { modelId, baseURL, secrets, signal: request.signal });
      }
    },
  };
}
