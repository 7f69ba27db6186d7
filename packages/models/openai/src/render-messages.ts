import { type ContentPart, type Message, type ToolCallPart, textOf } from "@codelet/core";
import { extraContent, reasoningDetails } from "./extras.ts";
import { filePart, imagePart } from "./render-media.ts";

/** A message as chat completions take it. */
export type WireMessage = Readonly<Record<string, unknown>> & { readonly role: string };

export interface WireOptions {
  /** Send the model's reasoning back, for servers that want it: this API has no place for it. @default false */
  readonly reasoning?: boolean;
  /** Send back what a server added to calls and thoughts. @default true */
  readonly extras?: boolean;
}

/** Mistral and Anthropic refuse each prompt that holds an empty answer, as reasoning models give it now and then. */
const nothingSaid = "(nothing)";

/** The messages on the wire, in whole signs: servers refuse a half of one. One message of tool results becomes one per result. */
export function renderMessages(messages: readonly Message[], options: WireOptions = {}): readonly WireMessage[] {
  return messages.flatMap((message) => renderMessage(message, options)).map(wellFormed);
}

function wellFormed<Value>(value: Value): Value {
  if (typeof value === "string") return value.toWellFormed() as Value;
  if (Array.isArray(value)) return value.map(wellFormed) as Value;
  return typeof value === "object" && value !== null
    ? (Object.fromEntries(Object.entries(value).map(([key, item]) => [key, wellFormed(item)])) as Value)
    : value;
}

function renderMessage({ role, content: given }: Message, options: WireOptions): readonly WireMessage[] {
  const content = typeof given === "string" ? [{ type: "text", text: given } as const] : given;
  if (role === "system") return [{ role, content: textOf(content) }];
  return role === "assistant" ? [assistantMessage(content, options)] : [...toolResults(content), ...userMessage(content)];
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

function assistantMessage(content: readonly ContentPart[], { reasoning = false, extras = true }: WireOptions): WireMessage {
  const calls = content.flatMap((part) => (part.type === "tool-call" ? [renderCall(part, extras)] : []));
  const text = textOf(content);
  const withoutText = calls.length > 0 ? null : nothingSaid;
  const details = extras ? content.flatMap((part) => (part.type === "reasoning" ? reasoningDetails(part.signature) : [])) : [];
  const thought = content.map((part) => (part.type === "reasoning" ? part.text : "")).join("");
  return {
    role: "assistant",
    content: text.trim() === "" ? withoutText : text,
    ...(calls.length > 0 && { tool_calls: calls }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(reasoning && { reasoning_content: thought || " " }), // an empty one counts as missing
  };
}

function renderCall({ id, name, input, signature }: ToolCallPart, extras: boolean): Readonly<Record<string, unknown>> {
  const extra = extras ? extraContent(signature) : undefined;
  return { id, type: "function", function: { name: nameInHistory(name), arguments: argumentsText(input) }, ...(extra && { extra_content: extra }) };
}

/** Servers refuse each prompt from then on that holds a name which a model made up and no tool can have. */
function nameInHistory(name: string): string {
  return name.replace(/[^\w-]/g, "_").slice(0, 64) || "_";
}

/** Text is what the model wrote where it was not JSON, and goes back as it came. */
function argumentsText(input: unknown): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}
