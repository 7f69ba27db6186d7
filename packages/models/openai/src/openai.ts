import type { Model, ModelRequest } from "@codelet/core";
import { callError, type OptionalField, refusedField } from "./call-error.ts";
import { chatEndpoint } from "./chat-endpoint.ts";
import { openaiEnvironment } from "./openai-environment.ts";
import { type OpenAIModelOptions, resolveOptions } from "./openai-options.ts";
import { readCompletion } from "./read-completion.ts";
import { readStream } from "./read-stream.ts";
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
  const refused = new Set<OptionalField>(resolved.stopSequences === "send" ? [] : ["stop"]);

  /** Posts the request; once more without a field that the server refuses, and never with it again. */
  async function post<T>(request: ModelRequest, stream: boolean, send: (body: object, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    for (const without = new Set(refused); ; ) {
      const body = renderRequest(request, resolved, { stream, refused: without });
      try {
        const answer = await send(body, request.signal);
        for (const field of without) refused.add(field);
        return answer;
      } catch (error) {
        const field = refusedField(error);
        if (field === undefined || without.has(field) || body[field] === undefined || !isOptional(field, body[field])) throw error;
        without.add(field);
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
        throw callError(error, { modelId, baseURL, secrets, signal: request.signal });
      }
    },
    async *stream(request) {
      try {
        yield* readStream(await post(request, true, endpoint.stream), request.stop);
      } catch (error) {
        throw callError(error, { modelId, baseURL, secrets, signal: request.signal });
      }
    },
  };
}

/** Only the demand for a call can be left out: a model that must not call would. */
function isOptional(field: OptionalField, value: unknown): boolean {
  return field !== "tool_choice" || value === "required";
}
