import type { Model, ModelRequest } from "@codelet/core";
import { callError, refusesStop } from "./call-error.ts";
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
  let sendsStop = resolved.stopSequences === "send";

  /** Posts the request; once more without stop texts when the server refuses those, and never with them again. */
  async function post<T>(request: ModelRequest, stream: boolean, send: (body: object, signal: AbortSignal | undefined) => Promise<T>): Promise<T> {
    const mode = { stream, sendsStop };
    try {
      return await send(renderRequest(request, resolved, mode), request.signal);
    } catch (error) {
      if (!mode.sendsStop || !request.stop?.length || !refusesStop(error)) throw error;
      sendsStop = false;
      return await send(renderRequest(request, resolved, { stream, sendsStop }), request.signal);
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
