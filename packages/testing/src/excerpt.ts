import { type ModelRequest, textOf } from "@codelet/core";

const maxCharacters = 200;

/** The end of a request's last message, for an error that must tell which request it was. */
export function excerptOf({ messages }: ModelRequest): string {
  const last = messages.at(-1);
  if (last === undefined) return "no message.";
  const text = (typeof last.content === "string" ? last.content : textOf(last.content)).trim();
  return `message ${messages.length} (${last.role}): ${text.length > maxCharacters ? `…${text.slice(-maxCharacters)}` : text}`;
}
