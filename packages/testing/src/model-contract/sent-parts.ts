import type { ContentPart, Json } from "@codelet/core";
import type { Asked } from "./model-wire.ts";

/** A piece of a prompt, however its provider puts pieces into messages. */
export type SentPart = { readonly role: string; readonly text: string } | Exclude<ContentPart, { type: "text" }>;

/** What was sent, in its order. Texts of one role that follow one another are one. */
export function sentParts({ messages }: Pick<Asked, "messages">): readonly SentPart[] {
  const sent: SentPart[] = [];
  for (const { role, content } of messages) {
    const parts: readonly ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    for (const part of parts) {
      const last = sent.at(-1);
      if (part.type !== "text") sent.push(part);
      else if (last !== undefined && "role" in last && last.role === role) sent[sent.length - 1] = { role, text: last.text + part.text };
      else sent.push({ role, text: part.text });
    }
  }
  return sent;
}

/** Arguments that were sent back, as a value; the text itself where it is no JSON. */
export function sentInput(input: Json | undefined): Json | undefined {
  if (typeof input !== "string") return input;
  try {
    return JSON.parse(input) as Json;
  } catch {
    return input;
  }
}
