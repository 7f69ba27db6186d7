import { CodeletError, type ContentPart, type Json, type Message, type Model, type ModelDelta, type ModelRequest } from "@codelet/core";
import { deltasOf, responseOf } from "../../deltas.ts";
import type { ModelSetup } from "../contract-options.ts";
import type { lineModel } from "./line-model.ts";

export type StreamingModel = ReturnType<typeof lineModel>;
/** What a model does wrong, and the cases that have to fail for it: their names, or how those begin. */
export interface Fault {
  readonly does: string;
  readonly fails: readonly string[];
  readonly spoil: Spoil;
}

/** Makes a model with one fault of one that keeps the contract. */
export type Spoil = (model: StreamingModel, setup: ModelSetup) => Model;
export type Deltas = readonly ModelDelta[];

/** Asks for something else. */
export function asking(change: (request: ModelRequest) => ModelRequest): Spoil {
  return ({ id, generate, stream }) => ({ id, generate: async (request) => generate(change(request)), stream: (request) => stream(change(request)) });
}

/** Sends other messages. */
export function sending(change: (part: ContentPart, role: Message["role"]) => readonly ContentPart[]): Spoil {
  const changed = ({ role, content }: Message): Message => {
    const parts: readonly ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    return { role, content: parts.flatMap((part) => change(part, role)) };
  };
  return asking((request) => ({ ...request, messages: request.messages.map(changed) }));
}

/** Says something else, in both ways. */
export function saying(change: (deltas: Deltas, request: ModelRequest) => Deltas): Spoil {
  return (model) => ({
    id: model.id,
    generate: async (request) => responseOf(change(deltasOf(await model.generate(request)), request)),
    stream: streaming(change)(model).stream,
  });
}

/** Says something else as a stream. */
export function streaming(change: (deltas: Deltas, request: ModelRequest) => Deltas): (model: StreamingModel) => StreamingModel {
  return ({ id, generate, stream }) => ({
    ...{ id, generate },
    async *stream(request) {
      yield* change(await allOf(stream(request)), request);
    },
  });
}

/** Tells what fails in another way, or takes it for an answer. */
export function failing(change: (error: CodeletError, setup: ModelSetup) => Error | Deltas): Spoil {
  return ({ id, generate, stream }, setup) => {
    const told = (error: unknown): Deltas => {
      const changed = CodeletError.isInstance(error) ? change(error, setup) : [];
      if (changed instanceof Error) throw changed;
      return changed;
    };
    return {
      id,
      generate: (request) => generate(request).catch((error: unknown) => responseOf(told(error))),
      async *stream(request) {
        try {
          yield* stream(request);
        } catch (error) {
          yield* told(error);
        }
      },
    };
  };
}

export function mapTexts(deltas: Deltas, change: (text: string, index: number) => string): Deltas {
  let index = 0;
  return deltas.map((delta) => (delta.type === "text" ? { ...delta, text: change(delta.text, index++) } : delta));
}

export function mapInputs(deltas: Deltas, change: (input: Json) => Json): Deltas {
  return deltas.map((delta) => (delta.type === "tool-call" ? { ...delta, input: change(delta.input) } : delta));
}

export function ascii(text: string): string {
  return text.replaceAll(/[^\n -~]/g, "?");
}

/** Every delta of a stream. */
export async function allOf(stream: AsyncIterable<ModelDelta>): Promise<Deltas> {
  const deltas: ModelDelta[] = [];
  for await (const delta of stream) deltas.push(delta);
  return deltas;
}
