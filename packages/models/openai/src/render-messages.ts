import { type ContentPart, type Message, textOf } from "@codelet/core";
import { filePart, imagePart } from "./render-media.ts";

/** A message as chat completions take it. */
export type WireMessage = Readonly<Record<string, unknown>> & { readonly role: string };

/** The messages on the wire, in whole signs: servers refuse a half of one. One message of tool results becomes one per result; reasoning is not sent back, for this API has no place for it. */
export function renderMessages(messages: readonly Message[]): readonly WireMessage[] {
  return messages.flatMap(renderMessage).map(wellFormed);
}

function wellFormed<Value>(value: Value): Value {
  if (typeof value === "string") return value.toWellFormed() as Value;
  if (Array.isArray(value)) return value.map(wellFormed) as Value;
  return typeof value === "object" && value !== null
    ? (Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wellFormed(item)])) as Value)
    : value;
}

function renderMessage({ role, content }: Message): readonly WireMessage[] {
  if (typeof content === "string") return [{ role: role === "tool" ? "user" : role, content }];
  switch (role) {
    case "system":
      return [{ role, content: textOf(content) }];
    case "user":
      return [...toolResults(content), ...userMessage(content)];
    case "tool":
      return [...toolResults(content), ...userMessage(content)];
    default:
      return [assistantMessage(content)];
  }
}

function toolResults(content: readonly ContentPart[]): readonly WireMessage[] {
  return content.flatMap((part) => (part.type === "tool-result" ? [{ role: "tool", tool_call_id: part.id, content: part.content }] : []));
}

/** Text and media; as plain text where there is nothing else, which every server takes. */
function userMessage(content: readonly ContentPart[]): readonly WireMessage[] {
  const parts = content.filter((part) => part.type === "text" || part.type === "image" || part.type === "file");
  if (parts.length === 0) return [];
  if (parts.every((part) => part.type === "text")) return [{ role: "user", content: textOf(parts) }];
  return [{ role: "user", content: parts.map(userPart) }];
}

function userPart(part: Extract<ContentPart, { type: "text" | "image" | "file" }>): Readonly<Record<string, unknown>> {
  if (part.type === "text") return { type: "text", text: part.text };
  return part.type === "image" ? imagePart(part.image) : filePart(part.file);
}

function assistantMessage(content: readonly ContentPart[]): WireMessage {
  const calls = content.flatMap((part) =>
    part.type === "tool-call"
      ? [{ id: part.id, type: "function", function: { name: nameInHistory(part.name), arguments: argumentsText(part.input) } }]
      : [],
  );
  const text = textOf(content);
  return calls.length === 0 ? { role: "assistant", content: text } : { role: "assistant", content: text || null, tool_calls: calls };
}

/** Servers refuse each prompt from then on that holds a name which a model made up and no tool can have. */
function nameInHistory(name: string): string {
  return name.replace(/[^\w-]/g, "_").slice(0, 64) || "_";
}

/** Text is what the model wrote where it was not JSON, and goes back as it came. */
function argumentsText(input: unknown): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}
