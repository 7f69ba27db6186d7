import { CodeletError, type Model, ModelCallError, type ModelDelta, type ModelRequest } from "@codelet/core";
import { type CassetteOutcome, cassetteHeader, cassetteLine } from "./cassette.ts";
import { checkModel } from "./check-options.ts";
import { requestDigest } from "./request-digest.ts";

/**
 * The same model, with every finished call written down for {@link replayModel}. A cassette holds answers and hashes of requests: no request, no key.
 * Calls that were aborted, cut or left early are not written, nor those that the model refused for its configuration.
 *
 * @param sink takes lines of JSON with their line end, one after the other, the first one at once; the call waits for it
 *
 * @example
 * writeFileSync("session.jsonl", ""); // a cassette is one recording
 * const model = recordModel(openai("gpt-5-mini"), (line) => appendFileSync("session.jsonl", line));
 */
export function recordModel(model: Model, sink: (line: string) => unknown): Model {
  checkModel(model);
  if (typeof sink !== "function") throw new TypeError(`Expected \`sink\` to be a function, got ${typeof sink}`);
  let calls = 0;
  let written: Promise<unknown> = Promise.resolve(cassetteHeader(model)).then(sink);
  written.catch(() => {});

  /** Lines of parallel calls don't mix: each waits for the one before. */
  async function write(call: number, request: ModelRequest, outcome: CassetteOutcome): Promise<void> {
    const line = cassetteLine({ call, digest: await requestDigest(request), messages: request.messages.length, ...outcome });
    written = written.then(() => sink(line));
    await written;
  }

  /** An error of another kind is written as the kernel would tell it. */
  async function writeError(call: number, request: ModelRequest, error: unknown): Promise<void> {
    if (request.signal?.aborted || CodeletError.isInstance(error, "configuration", "missing-package", "aborted")) return;
    const { message, status, retryable, retryAfterMs } = CodeletError.isInstance(error, "model-call") ? error : modelCallError(model, error);
    await write(call, request, {
      error: { message, retryable, ...(status !== undefined && { status }), ...(retryAfterMs !== undefined && { retryAfterMs }) },
    });
  }

  const { id, seesImages, stream } = model;
  return {
    id,
    seesImages,
    async generate(request) {
      const call = ++calls;
      const response = await model.generate(request).catch(async (error: unknown) => {
        await writeError(call, request, error);
        throw error;
      });
      await write(call, request, { response });
      return response;
    },
    ...(stream && {
      async *stream(request: ModelRequest): AsyncGenerator<ModelDelta, void, undefined> {
        const call = ++calls;
        const deltas: ModelDelta[] = [];
        try {
          for await (const delta of stream.call(model, request)) {
            deltas.push(delta);
            // Before it is handed over: who has the last delta need not ask for another.
            if (delta.type === "finish") await write(call, request, { deltas });
            yield delta;
          }
        } catch (error) {
          await writeError(call, request, error);
          throw error;
        }
      },
    }),
  };
}

function modelCallError({ id }: Model, error: unknown): ModelCallError {
  const status = (error as { readonly status?: unknown } | null | undefined)?.status;
  const { name, message } = error instanceof Error ? error : { name: "Error", message: `threw ${String(error)}` };
  return new ModelCallError(`The model ${id} failed: ${name}: ${message}`, typeof status === "number" ? { status } : { retryable: false });
}
