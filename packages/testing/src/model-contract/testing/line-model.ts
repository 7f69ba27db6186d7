import {
  AbortedError,
  CodeletError,
  type ContentPart,
  type Json,
  type Model,
  ModelCallError,
  type ModelDelta,
  type ModelRequest,
  type ModelResponse,
} from "@codelet/core";
import type { ModelSetup } from "../contract-options.ts";
import type { ModelWire, Reply } from "../model-wire.ts";

/** A line of an answer: a part of it, its end, or a failure. */
type Line = Reply["parts"][number] | ({ readonly type: "end" } & Omit<Reply, "parts">) | { readonly type: "failure"; readonly message: string };

/** The plainest protocol: requests and answers in the kernel's own words. */
export const lineWire: ModelWire = {
  read: ({ body }) => JSON.parse(body),
  whole: (reply) => JSON.stringify(linesOf(reply)),
  pieces: (reply) => linesOf(reply).map((line) => `${JSON.stringify(line)}\n`),
  failurePiece: (message) => `${JSON.stringify({ type: "failure", message })}\n`,
};

function linesOf({ parts, finishReason, usage }: Reply): readonly Line[] {
  return [...parts, { type: "end", finishReason, usage }];
}

/** A model that keeps the contract, and lacks media and limits. */
export function lineModel({ baseURL, apiKey }: ModelSetup): Model & Required<Pick<Model, "stream">> {
  async function post(request: ModelRequest, streams: boolean): Promise<Response> {
    for (const { content } of request.messages)
      if (typeof content !== "string" && content.some(({ type }) => type === "image" || type === "file"))
        throw new ModelCallError("No media.", { retryable: false });
    const { signal = null, ...asked } = request;
    const body = JSON.stringify({ ...asked, streams });
    const response = await fetch(baseURL, { method: "POST", headers: { authorization: apiKey }, body, signal, redirect: "manual" });
    if (response.ok) return response;
    const { status, headers } = response;
    const retryAfter = headers.get("retry-after") ?? "";
    const waitMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now();
    const said = (await response.text()).replaceAll(apiKey, "[key]");
    throw new ModelCallError(`${status}: ${said}`, { status, ...(!Number.isNaN(waitMs) && { retryAfterMs: waitMs }) });
  }
  return {
    id: "line-1",
    async generate(request) {
      try {
        return await gathered(deltas((await (await post(request, false)).json()) as readonly Line[], request.stop));
      } catch (error) {
        throw callError(error, request);
      }
    },
    async *stream(request) {
      try {
        const { body } = await post(request, true);
        yield* deltas(linesIn(body ?? new ReadableStream()), request.stop);
      } catch (error) {
        throw callError(error, request);
      }
    },
  };
}

function callError(error: unknown, { signal }: ModelRequest): CodeletError {
  if (signal?.aborted) return new AbortedError(signal.reason);
  return CodeletError.isInstance(error) ? error : new ModelCallError("The connection failed, or what came was no answer.");
}

async function gathered(stream: AsyncIterable<ModelDelta>): Promise<ModelResponse> {
  const content: ContentPart[] = [];
  for await (const delta of stream) {
    if (delta.type === "finish") return { content, usage: delta.usage, finishReason: delta.finishReason };
    content.push(delta);
  }
  throw new ModelCallError("No end.");
}

async function* linesIn(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Line, void, undefined> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Line;
  }
}

async function* deltas(lines: AsyncIterable<Line> | Iterable<Line>, stop: readonly string[] = []): AsyncGenerator<ModelDelta, void, undefined> {
  let held = "";
  let isCut = false;
  for await (const line of lines) {
    if (line.type === "failure") throw new ModelCallError(line.message);
    if (!isCut) {
      if (line.type === "text") held += line.text;
      const found = stop.map((each) => held.indexOf(each)).filter((index) => index !== -1);
      isCut = found.length > 0;
      const shown = held.slice(0, isCut ? Math.min(...found) : held.length - (line.type === "text" ? beginning(held, stop) : 0));
      held = held.slice(shown.length);
      if (shown !== "") yield { type: "text", text: shown };
      if (line.type === "reasoning") yield line;
      if (line.type === "tool-call") yield { ...withoutArguments(line), input: readArguments(line.arguments) };
    }
    if (line.type === "end") return yield { type: "finish", usage: line.usage, finishReason: isCut ? "stop" : line.finishReason };
  }
  throw new ModelCallError("No end.");
}

function withoutArguments({ arguments: _, ...call }: Extract<Line, { type: "tool-call" }>) {
  return call;
}

function beginning(text: string, stop: readonly string[]): number {
  return Math.max(0, ...stop.flatMap((each) => Array.from(each, (_, index) => (text.endsWith(each.slice(0, index)) ? index : 0))));
}

function readArguments(text: string): Json {
  let isExact = true;
  const note = (_: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown => {
    isExact &&= !/^-?\d+$/.test(source) || Number.isSafeInteger(value);
    return value;
  };
  try {
    const value = JSON.parse(text, note) as Json;
    return isExact ? value : text;
  } catch {
    return text;
  }
}
