import type { JsonSchema } from "./schema.ts";
import type { Json, Media } from "./value.ts";

/**
 * A language model of one provider. Implementations do not retry (the kernel does, once, for all) and throw `ModelCallError` with the status.
 * A plain async function `(request) => response | string` is a model too. Every implementation passes the suite of `@codelet/testing/model-contract`.
 */
export interface Model {
  readonly id: string;
  /** Whether pictures that code displays or tools return are shown to it with the observation. Those of a task always are. @default false */
  readonly seesImages?: boolean | undefined;
  generate(request: ModelRequest): Promise<ModelResponse>;
  /** The same answer piece by piece; the last delta is `finish`. A stream that ends without it counts as cut. */
  stream?(request: ModelRequest): AsyncIterable<ModelDelta>;
}

/** A model as a plain function. */
export type ModelFunction = (request: ModelRequest) => Promise<ModelResponse | string>;

/** What a model is asked. */
export interface ModelRequest {
  /** A stable prefix of the next request's messages. Never changed after the call. */
  readonly messages: readonly Message[];
  readonly tools?: readonly ModelTool[] | undefined;
  /** @default "auto" when there are tools */
  readonly toolChoice?: "auto" | "required" | "none" | undefined;
  /** Texts that end the answer; they are not part of it. */
  readonly stop?: readonly string[] | undefined;
  /** The answer is JSON of this shape. */
  readonly responseSchema?: { readonly name: string; readonly schema: JsonSchema } | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A tool as a model is told of it. */
export interface ModelTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
}

/** One message of a prompt. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly content: string | readonly ContentPart[];
}

/** A part of a message, told apart by `type`. */
export type ContentPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image"; readonly image: Media | { readonly url: string } }
  /** A sound, a video or a document. A model that can't take it fails with `model-call`. */
  | { readonly type: "file"; readonly file: Media | { readonly url: string } }
  /** `signature` is the provider's own proof, to be sent back unchanged. */
  | { readonly type: "reasoning"; readonly text: string; readonly signature?: string | undefined }
  | ToolCallPart
  | ToolResultPart;

/** What a model's own call of a tool led to. */
export interface ToolResultPart {
  readonly type: "tool-result";
  readonly id: string;
  readonly name: string;
  readonly content: string;
  readonly isError?: boolean | undefined;
}

/** A model's own call of a tool. */
export interface ToolCallPart {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  /** Parsed arguments; the text itself where it was not JSON, or holds an integer that a number would round. Hostile until validated. */
  readonly input: Json;
  /** The provider's own proof, to be sent back unchanged. */
  readonly signature?: string | undefined;
}

/** Why an answer ended. */
export type FinishReason = "stop" | "length" | "tool-calls" | "content-filter" | "other";

/** A whole answer of a model. */
export interface ModelResponse {
  readonly content: readonly ContentPart[];
  readonly usage: Usage;
  readonly finishReason: FinishReason;
}

/** A piece of an answer as it comes, told apart by `type`. */
export type ModelDelta =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string; readonly signature?: string | undefined }
  | ToolCallPart
  | { readonly type: "finish"; readonly usage: Usage; readonly finishReason: FinishReason };

/** Tokens. `input` includes `cacheRead` and `cacheWrite`; `output` includes `reasoning`. */
export interface Usage {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

/** No tokens: where adding up begins, and what a model says that does not count. */
export const noUsage: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0 };

/** The sum; counts that are missing, negative or no numbers count as none. */
export function addUsage(a: Usage, b: Partial<Usage> | null | undefined): Usage {
  const sum: { -readonly [Name in keyof Usage]: number } = { ...a };
  for (const name of Object.keys(noUsage) as (keyof Usage)[]) {
    const count = b?.[name];
    if (typeof count === "number" && count > 0 && Number.isFinite(count)) sum[name] += count;
  }
  return sum;
}

/** The text parts of an answer, joined. */
export function textOf(content: readonly ContentPart[]): string {
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** A model of a model, or of a plain function. Throws TypeError when it is neither. */
export function toModel(model: Model | ModelFunction): Model {
  if (typeof model !== "function") {
    if (typeof model?.generate !== "function")
      throw new TypeError(`Expected \`model\` to be one, such as openai("gpt-5.1"), or a function (request) => text, got type \`${typeof model}\``);
    return model;
  }
  return {
    id: model.name || "function",
    async generate(request) {
      const response = await model(request);
      return typeof response === "string" ? { content: [{ type: "text", text: response }], usage: noUsage, finishReason: "stop" } : response;
    },
  };
}
