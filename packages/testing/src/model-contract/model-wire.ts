import type { FinishReason, ModelRequest, Usage } from "@codelet/core";

/**
 * The protocol of one provider, from the server's side: how a request is read there, and how an answer is written. The suite asks for a thing in the
 * kernel's words, and so finds out whether an adapter says it and understands it.
 */
export interface ModelWire {
  /** What a request asks, in the kernel's words: the system prompt as the first message, a result of a tool as a part of type `tool-result`. */
  read(request: HttpRequest): Asked;
  /** The body of an answer in one piece. Left out where a model always streams. */
  whole?(reply: Reply): string | Uint8Array;
  /** The body of a streamed answer: a piece for each part at least, and then what ends it. Left out where a model never streams. */
  pieces?(reply: Reply): readonly (string | Uint8Array)[];
  /** The content type of a streamed answer. @default "text/event-stream" */
  readonly streamType?: string | undefined;
  /** The body of an error. @default { "error": { "message": … } } */
  failure?(status: number, message: string): string;
  /** A piece with which a server gives up in the middle of a stream. Cases that need it are skipped without. */
  failurePiece?(message: string): string | Uint8Array;
}

/** A request as it arrived. */
export interface HttpRequest {
  /** Path and query. */
  readonly url: string;
  /** With names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** What a server is asked for. The arguments of calls may be text as well as parsed. */
export interface Asked extends Omit<ModelRequest, "signal"> {
  /** Whether the answer is to be streamed. */
  readonly streams: boolean;
}

/** An answer as a server is to write it. */
export interface Reply {
  /** Thoughts, then text, then calls. Texts that follow one another are pieces of one; for an answer in one piece they are joined. */
  readonly parts: readonly ReplyPart[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

/** A part of an answer, told apart by `type`. */
export type ReplyPart =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "reasoning"; readonly text: string; readonly signature?: string | undefined }
  | ReplyCall;

/** A call of a tool as a model wrote it. */
export interface ReplyCall {
  readonly type: "tool-call";
  readonly id: string;
  readonly name: string;
  /** As the model wrote them: JSON as a rule. */
  readonly arguments: string;
  /** The same for a wire that has a value in their place: `JSON.stringify` writes it digit by digit. Undefined where they are no JSON. */
  readonly input: unknown;
  readonly signature?: string | undefined;
}
