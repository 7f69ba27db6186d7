import { type ContentPart, ModelCallError, type ModelRequest, noUsage, textOf } from "@codelet/core";
import { deltasOf } from "../../deltas.ts";
import { ascii, asking, type Deltas, type Fault, failing, sending } from "./spoil.ts";

/** Of what is asked. */
export const requestFaults: readonly Fault[] = [
  { does: "drops system prompts", fails: ["requests: messages arrive"], spoil: sending((part, role) => (role === "system" ? [] : [part])) },
  {
    does: "sends ASCII only",
    fails: ["requests: every sign", "history: a result goes back"],
    spoil: sending((part) => {
      if (part.type === "tool-result") return [{ ...part, content: ascii(part.content) }];
      return [part.type === "text" ? { ...part, text: ascii(part.text) } : part];
    }),
  },
  {
    does: "streams a whole answer",
    fails: ["requests: a stream is asked for"],
    spoil: ({ id, generate }) => ({
      ...{ id, generate },
      async *stream(request) {
        yield* deltasOf(await generate(request));
      },
    }),
  },
  { does: "tells of no tools", fails: ["requests: tools are told"], spoil: asking((request) => ({ ...request, tools: undefined })) },
  { does: "lets the model choose", fails: ["requests: a call may be"], spoil: asking((request) => ({ ...request, toolChoice: undefined })) },
  { does: "tells of no schema", fails: ["requests: the shape"], spoil: asking((request) => ({ ...request, responseSchema: undefined })) },
  { does: "drops media", fails: mediaCases(), spoil: sending((part) => (isMedia(part) ? [] : [part])) },
  {
    does: "refuses media once it has asked",
    fails: mediaCases(),
    spoil: ({ id, generate }) => ({
      id,
      async generate(request) {
        const parts = request.messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
        if (!parts.some(isMedia)) return generate(request);
        await generate({ messages: [{ role: "user", content: textOf(parts) }] });
        throw new ModelCallError("No media.", { retryable: false });
      },
    }),
  },
  {
    does: "changes the request",
    fails: ["requests: a request is never changed"],
    spoil: asking((request) => {
      if (!Object.isFrozen(request.messages)) (request.messages as ModelRequest["messages"][number][]).push({ role: "user", content: "Please." });
      return request;
    }),
  },
];

/** Of what is sent back. */
export const historyFaults: readonly Fault[] = [
  {
    does: "drops results",
    fails: ["history: a call goes back", "history: several calls"],
    spoil: sending((part) => (part.type === "tool-result" ? [] : [part])),
  },
  {
    does: "names another tool in results",
    fails: ["history: several calls"],
    spoil: sending((part) => [part.type === "tool-result" ? { ...part, name: "look_up" } : part]),
  },
  {
    does: "drops the text beside calls",
    fails: ["history: text before a call"],
    spoil: sending((part, role) => (role === "assistant" && part.type === "text" ? [] : [part])),
  },
  {
    does: "drops proofs",
    fails: ["history: the proof of a call", "history: the proof of a thought"],
    spoil: sending((part) => [withoutSignature(part)]),
  },
  {
    does: "has no words for an empty answer",
    fails: ["history: an answer without text"],
    spoil: asking((request) => {
      if (request.messages.some(({ content }) => content.length === 0)) throw new TypeError("There is no content.");
      return request;
    }),
  },
];

/** Of failures. */
export const errorFaults: readonly Fault[] = [
  { does: "forgets the status", fails: ["errors: status "], spoil: failing(({ message }) => new ModelCallError(message)) },
  {
    does: "says nothing of what it was told",
    fails: ["errors: an error says", "errors: a server that gives up"],
    spoil: failing((error) => retold(error, "It failed.")),
  },
  {
    does: "forgets to wait",
    fails: ["errors: `Retry-After`"],
    spoil: failing((error) => (error instanceof ModelCallError ? new ModelCallError(error.message, { status: error.status }) : error)),
  },
  {
    does: "tries again by itself",
    fails: ["errors: a call is made once"],
    spoil: ({ id, generate }) => ({ id, generate: (request) => generate(request).catch(() => generate(request)) }),
  },
  {
    does: "gives up for ever",
    fails: ["errors: a connection that breaks", "errors: a server that isn't there"],
    spoil: failing(({ message }) => new ModelCallError(message, { retryable: false })),
  },
  {
    does: "takes what it doesn't know for an answer",
    fails: ["a web page is", "an empty body", "`null`", "an empty list", "an empty object", "half an object"].map((what) => `errors: ${what}`),
    spoil: failing(() => ended),
  },
  { does: "takes half an answer for one", fails: ["errors: a server that gives up", "cuts: "], spoil: failing(() => ended) },
  {
    does: "tells its key",
    fails: ["errors: the key is in no error"],
    spoil: failing((error, { apiKey }) => retold(error, `${error.message} The key was ${apiKey}.`)),
  },
  { does: "takes answers of any size", fails: ["errors: an answer that is too large"], spoil: (model) => model },
];

/** Of aborts. */
export const abortFaults: readonly Fault[] = [
  {
    does: "hears of no abort",
    fails: ["aborts: a call", "aborts: a stream that has begun", "aborts: an abort of one"],
    spoil: asking(({ signal: _, ...request }) => request),
  },
  {
    does: "tells of an abort as of a failure",
    fails: ["aborts: a call", "aborts: a stream that has begun", "aborts: an abort of one"],
    spoil: failing((error) => new ModelCallError(error.message)),
  },
  {
    does: "reads to the end what was left",
    fails: ["aborts: who leaves"],
    spoil: ({ id, generate, stream }) => ({
      ...{ id, generate },
      stream(request) {
        const deltas = stream(request)[Symbol.asyncIterator]();
        return { [Symbol.asyncIterator]: () => ({ next: () => deltas.next() }) };
      },
    }),
  },
  {
    does: "aborts all calls for one",
    fails: ["aborts: an abort of one"],
    spoil: ({ id, generate }) => {
      const all = new AbortController();
      return {
        id,
        generate(request) {
          request.signal?.addEventListener("abort", () => all.abort(request.signal?.reason));
          return generate({ ...request, signal: all.signal });
        },
      };
    },
  },
];

const ended: Deltas = [{ type: "finish", usage: noUsage, finishReason: "length" }];

function isMedia({ type }: ContentPart): boolean {
  return type === "image" || type === "file";
}

function mediaCases(): readonly string[] {
  const what = ["a picture", "the address of a picture", "a sound", "a document", "the address of a file", "a file of a type"];
  return what.map((each) => `requests: ${each}`);
}

function withoutSignature(part: ContentPart): ContentPart {
  return part.type === "reasoning" || part.type === "tool-call" ? { ...part, signature: undefined } : part;
}

/** The same failure in other words. */
function retold(error: Error, message: string): ModelCallError {
  return new ModelCallError(message, error instanceof ModelCallError ? { status: error.status, retryable: error.retryable } : {});
}
