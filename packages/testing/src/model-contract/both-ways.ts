import assert from "node:assert/strict";
import { inspect } from "node:util";
import {
  CodeletError,
  type ContentPart,
  type Json,
  type Model,
  ModelCallError,
  type ModelDelta,
  type ModelRequest,
  type ModelResponse,
  type ToolCallPart,
  textOf,
} from "@codelet/core";
import type { ModelCaseContext, ServedModel } from "./case-context.ts";
import { eventually, within } from "./within.ts";

/** The plainest request. */
export const hello: ModelRequest = { messages: [{ role: "user", content: "Hello." }] };

const callDeadlineMs = 15_000;
const hangUpMs = 5_000;

/** An answer without the way in which it was cut into parts. */
export interface Said extends Omit<ModelResponse, "content"> {
  readonly text: string;
  readonly reasoning: string;
  /** The provider's proofs of its thoughts. */
  readonly signatures: readonly string[];
  readonly calls: readonly ToolCallPart[];
}

/** Asks whole, and as a stream where the model has them; the two have to agree. Returns the whole answer. */
export async function answerOf({ options }: ModelCaseContext, { model }: ServedModel, request: ModelRequest = hello): Promise<ModelResponse> {
  const [whole, streamed] = await Promise.all(waysOf(model).map((ask) => ask(request)));
  assert.ok(whole);
  if (streamed === undefined) return whole;
  const [asWhole, asStream] = [said(whole), said(streamed)];
  assert.deepEqual(withoutIds(asStream), withoutIds(asWhole), "`stream` gives another answer than `generate`");
  const [idsOfWhole, idsOfStream] = [idsOf(asWhole), idsOf(asStream)];
  if (options.lacks.callIds === undefined)
    assert.deepEqual(idsOfStream, idsOfWhole, "`stream` gives calls other ids than `generate`: declare lacks.callIds where the wire has none");
  return whole;
}

/** What an answer says; see {@link answerOf}. */
export async function saidOf(context: ModelCaseContext, served: ServedModel, request?: ModelRequest): Promise<Said> {
  return said(await answerOf(context, served, request));
}

/** What asking throws, whole and as a stream. Each has to be a `model-call`. */
export async function failuresOf({ model }: ServedModel, request: ModelRequest = hello): Promise<readonly ModelCallError[]> {
  const settled = await Promise.allSettled(waysOf(model).map((ask) => ask(request)));
  return settled.map((result) => {
    assert.equal(result.status, "rejected", `expected a failure, got ${inspect(result, { depth: 6, maxStringLength: 200, maxArrayLength: 10 })}`);
    const error: unknown = result.status === "rejected" ? result.reason : undefined;
    assert.ok(CodeletError.isInstance(error, "model-call"), `expected a ModelCallError, got ${String(error)}`);
    return error;
  });
}

/** The ways to ask a model: for the whole answer and, where it has streams, piece by piece. */
export function waysOf(model: Model): readonly ((request: ModelRequest) => Promise<ModelResponse>)[] {
  const { stream } = model;
  const whole = (request: ModelRequest): Promise<ModelResponse> => within(callDeadlineMs, "generate()", model.generate(request));
  const gathered = (request: ModelRequest): Promise<ModelResponse> => within(callDeadlineMs, "stream()", gather(model, request));
  return stream === undefined ? [whole] : [whole, gathered];
}

/** All that a stream says, as the kernel reads it: one without `finish` is cut. */
async function gather(model: Model, request: ModelRequest): Promise<ModelResponse> {
  const content: ContentPart[] = [];
  for await (const delta of model.stream?.(request) ?? []) {
    if (delta.type === "finish") return { content, usage: delta.usage, finishReason: delta.finishReason };
    content.push(delta);
  }
  throw new ModelCallError("The stream ended without `finish`.");
}

/** Every delta of a stream. */
export async function deltasOf(model: Model, request: ModelRequest = hello): Promise<readonly ModelDelta[]> {
  const deltas: ModelDelta[] = [];
  const gathering = (async () => {
    for await (const delta of model.stream?.(request) ?? []) deltas.push(delta);
  })();
  await within(callDeadlineMs, "stream()", gathering);
  return deltas;
}

export function said({ content, usage, finishReason }: ModelResponse): Said {
  const thoughts = content.filter((part) => part.type === "reasoning");
  return {
    text: textOf(content),
    reasoning: thoughts.map(({ text }) => text).join(""),
    signatures: thoughts.flatMap(({ signature }) => signature ?? []),
    calls: content.filter((part) => part.type === "tool-call").map((call) => ({ ...call, input: plainJson(call.input) })),
    usage: { ...usage },
    finishReason,
  };
}

/** The same JSON in ordinary objects. */
export function plainJson(input: Json): Json {
  return JSON.parse(JSON.stringify(input)) as Json;
}

function withoutIds(answer: Said): Said {
  return { ...answer, calls: answer.calls.map((call) => ({ ...call, id: "" })) };
}

function idsOf({ calls }: Said): readonly string[] {
  return calls.map(({ id }) => id);
}

/** Waits until the client of each request has gone. */
export async function hungUp({ requests }: ServedModel): Promise<void> {
  await eventually(hangUpMs, "the end of the connection", () => requests.length > 0 && requests.every(({ isHungUp }) => isHungUp));
}
