import { type Json, ModelCallError, type ModelDelta, type ModelRequest, noUsage } from "@codelet/core";
import { deltasOf, responseOf } from "../../deltas.ts";
import { ascii, asking, type Deltas, type Fault, mapInputs, mapTexts, type Spoil, saying, streaming } from "./spoil.ts";

/** Of what a model says. */
export const answerFaults: readonly Fault[] = [
  {
    does: "says the first piece only",
    fails: ["answers: a text in pieces"],
    spoil: saying((deltas) => mapTexts(deltas, (text, index) => (index === 0 ? text : ""))),
  },
  {
    does: "says no more than a thousand pieces",
    fails: ["answers: a long text"],
    spoil: saying((deltas) => mapTexts(deltas, (text, index) => (index < 1_000 ? text : ""))),
  },
  {
    does: "drops `finish`",
    fails: ["answers: a stream has"],
    spoil: streaming((deltas) => deltas.filter(({ type }) => type !== "finish")),
  },
  {
    does: "says `finish` twice",
    fails: ["answers: a stream has"],
    spoil: streaming((deltas) => [...deltas, ...deltas.slice(-1)]),
  },
  { does: "streams all at once", fails: ["answers: a stream has"], spoil: streaming((deltas) => deltasOf(responseOf(deltas))) },
  {
    does: "streams something else",
    fails: ["answers: a text in pieces"],
    spoil: streaming((deltas) => mapTexts(deltas, (text) => text.toUpperCase())),
  },
  {
    does: "understands ASCII only",
    fails: ["answers: every sign"],
    spoil: saying((deltas) => mapTexts(deltas, (text) => ascii(text))),
  },
  {
    does: "takes an empty answer for none",
    fails: ["answers: an answer may be empty"],
    spoil: saying((deltas) => {
      if (deltas.length === 1) throw new ModelCallError("There is no answer.");
      return deltas;
    }),
  },
  {
    does: "thinks aloud",
    fails: ["answers: thoughts"],
    spoil: saying((deltas) => deltas.map((delta) => (delta.type === "reasoning" ? { type: "text", text: delta.text } : delta))),
  },
  {
    does: "always stops",
    fails: ["length", "content-filter", "other"].map((reason) => `answers: an answer that ends with "${reason}"`),
    spoil: ending({ finishReason: "stop" }),
  },
  { does: "never stops", fails: ['answers: an answer that ends with "stop"'], spoil: ending({ finishReason: "length" }) },
  { does: "counts no tokens", fails: ["answers: tokens"], spoil: ending({ usage: noUsage }) },
  {
    does: "takes the last request for each",
    fails: ["answers: many at once"],
    spoil: ({ id, generate }) => {
      let last: ModelRequest;
      return {
        id,
        async generate(request) {
          last = request;
          await new Promise(setImmediate);
          return generate(last);
        },
      };
    },
  },
  {
    does: "never recovers",
    fails: ["answers: a model has an id"],
    spoil: ({ id, generate }) => {
      let failed: Promise<never> | undefined;
      return {
        id,
        generate: (request) =>
          failed ??
          generate(request).catch((error: unknown) => {
            failed = Promise.reject(error);
            return failed;
          }),
      };
    },
  },
];

/** Of calls. */
export const callFaults: readonly Fault[] = [
  {
    does: "gives its own ids to calls",
    fails: ["calls: one comes", "history: a call goes back"],
    spoil: saying((deltas) => deltas.map((delta) => (delta.type === "tool-call" ? { ...delta, id: "my-id" } : delta))),
  },
  {
    does: "gives each call the same id",
    fails: ["calls: several come"],
    spoil: saying((deltas) => deltas.map((delta) => (delta.type === "tool-call" ? { ...delta, id: "call_a" } : delta))),
  },
  {
    does: "streams the arguments so far",
    fails: ["calls: a stream has each"],
    spoil: streaming((deltas) => deltas.flatMap((delta): Deltas => (delta.type === "tool-call" ? [{ ...delta, input: {} }, delta] : [delta]))),
  },
  {
    does: "keeps one call of each id",
    fails: ["calls: two with the same id"],
    spoil: saying((deltas) =>
      deltas.filter((delta, index) => delta.type !== "tool-call" || deltas.findIndex((each) => "id" in each && each.id === delta.id) === index),
    ),
  },
  { does: "assigns keys", fails: ["calls: odd arguments"], spoil: saying((deltas) => mapInputs(deltas, assigned)) },
  {
    does: "rounds integers",
    fails: ["calls: an integer", "history: integers"],
    spoil: saying((deltas) => mapInputs(deltas, (input) => parsed(input, input))),
  },
  {
    does: "drops what is no JSON",
    fails: ["calls: arguments that are no JSON", "history: arguments that are no JSON"],
    spoil: saying((deltas) => mapInputs(deltas, (input) => (typeof input === "string" ? parsed(input, {}) : input))),
  },
];

/** Of stop texts. */
export const stopFaults: readonly Fault[] = [
  { does: "goes on after stop texts", fails: ["stops: a stop text and what follows"], spoil: asking((request) => ({ ...request, stop: undefined })) },
  {
    does: "calls after stop texts",
    fails: ["stops: a call that follows"],
    spoil: (model) => ({
      id: model.id,
      async generate(request) {
        const { content } = await model.generate({ ...request, stop: undefined });
        const answer = await model.generate(request);
        return { ...answer, content: [...answer.content, ...content.filter(({ type }) => type === "tool-call")] };
      },
    }),
  },
  {
    does: "looks for stop texts in each piece alone",
    fails: ["stops: a stop text is found", "stops: no delta"],
    spoil: (model) => ({
      id: model.id,
      generate: model.generate,
      async *stream(request) {
        for await (const delta of model.stream({ ...request, stop: undefined })) {
          const index = delta.type === "text" ? Math.max(...(request.stop ?? []).map((stop) => delta.text.indexOf(stop))) : -1;
          yield delta.type === "text" && index !== -1 ? { ...delta, text: delta.text.slice(0, index) } : delta;
        }
      },
    }),
  },
  {
    does: "looks for one stop text",
    fails: ["stops: of several"],
    spoil: asking(({ stop, ...request }) => ({ ...request, stop: stop?.slice(0, 1) })),
  },
  {
    does: "takes the beginning of a stop text for it",
    fails: ["stops: what only begins"],
    spoil: asking(({ stop, ...request }) => ({ ...request, stop: stop?.map((text) => text.slice(0, -2)) })),
  },
  {
    does: "hangs up at a stop text",
    fails: ["stops: tokens"],
    spoil: saying((deltas, { stop }) =>
      stop === undefined ? deltas : deltas.map((delta) => (delta.type === "finish" ? { ...delta, usage: noUsage } : delta)),
    ),
  },
  {
    does: "has stop texts of its own",
    fails: ["stops: what the server is told"],
    spoil: asking(({ stop = [], ...request }) => ({ ...request, stop: [...stop, "</s>"] })),
  },
];

function ending(change: Partial<Extract<ModelDelta, { type: "finish" }>>): Spoil {
  return saying((deltas) => deltas.map((delta) => (delta.type === "finish" ? { ...delta, ...change } : delta)));
}

function assigned(input: Json): Json {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const copy: Record<string, Json> = {};
  for (const [key, value] of Object.entries(input)) copy[key] = value;
  return copy;
}

function parsed(input: Json, otherwise: Json): Json {
  try {
    return typeof input === "string" ? (JSON.parse(input) as Json) : input;
  } catch {
    return otherwise;
  }
}
