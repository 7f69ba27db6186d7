import { type FinishReason, noUsage, type Usage } from "@codelet/core";
import type { Reply, ReplyCall, ReplyPart } from "./model-wire.ts";

const someUsage: Usage = { ...noUsage, input: 20, output: 5 };

/** An answer with these parts. */
export function reply(parts: readonly ReplyPart[], finishReason: FinishReason = "stop", usage: Usage = someUsage): Reply {
  return { parts, finishReason, usage };
}

/** An answer of text, in these pieces. */
export function textReply(pieces: readonly string[], finishReason?: FinishReason): Reply {
  return reply(
    pieces.map((text) => ({ type: "text", text })),
    finishReason,
  );
}

/** An answer of calls of tools. */
export function callsReply(...calls: readonly ReplyCall[]): Reply {
  return reply(calls, "tool-calls");
}

/** A call as a model writes it. */
export function call(id: string, text: string, more: Partial<ReplyCall> = {}): ReplyCall {
  return { type: "tool-call", id, name: "look_up", arguments: text, input: exactValue(text), ...more };
}

// TypeScript's libraries don't have it yet: https://github.com/tc39/proposal-json-parse-with-source
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

function exactValue(text: string): unknown {
  const keep = (_: string, value: unknown, { source = "" }: { readonly source?: string } = {}): unknown =>
    typeof value === "number" ? rawJSON(source) : value;
  try {
    return JSON.parse(text, keep);
  } catch {
    return undefined;
  }
}
