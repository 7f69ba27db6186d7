import { scriptedModel } from "@codelet/testing";
import { expect } from "vitest";
import { type ContentPart, type Message, type ModelRequest, type ModelResponse, noUsage, textOf } from "../model.ts";
import { type PromptScale, tokensOf } from "../prompt-size.ts";

/** A tokenizer that finds more tokens than the estimate, and counts the tools. */
const denser: PromptScale = { charactersPerToken: 2.2, tokensPerPicture: 1_200 };
const countTokens = ({ messages, tools = [] }: ModelRequest): number => Math.ceil(tokensOf(messages, denser) + JSON.stringify(tools).length / 2.2);

/** A model that answers so, counts tokens and shows what it was asked. */
export function answering(
  content: (request: ModelRequest, call: number) => readonly ContentPart[],
  calls: number,
  seen: (request: ModelRequest) => void,
): ReturnType<typeof scriptedModel> {
  let call = 0;
  const reply = (request: ModelRequest): ModelResponse => {
    seen(request);
    const usage = { ...noUsage, input: countTokens(request), output: 20 };
    return { content: content(request, ++call), usage, finishReason: "stop" };
  };
  return {
    ...scriptedModel(
      Array.from({ length: calls }, () => reply),
      { keepRequests: false },
    ),
    stream: undefined as never,
    seesImages: true,
  };
}

interface PromptWatch {
  prompts: number;
  changes: number;
  largest: number;
}

/** How often a prompt doesn't begin with the whole prompt before it, and the largest one. */
export function promptWatch(): { readonly watch: PromptWatch; readonly see: (request: ModelRequest) => void } {
  let before: readonly Message[] = [];
  const watch: PromptWatch = { prompts: 0, changes: 0, largest: 0 };
  const see = (request: ModelRequest): void => {
    const { messages } = request;
    const shared = before.findIndex((message, index) => message !== messages[index]);
    if (shared >= 0) watch.changes++;
    watch.prompts++;
    watch.largest = Math.max(watch.largest, countTokens(request));
    before = messages;
    checkPairs(messages);
  };
  return { watch, see };
}

/** Every call has its result in the next message, and every result its call in the one before. */
export function checkPairs(messages: readonly Message[]): void {
  for (const [index, { role, content }] of messages.entries()) {
    const ids = (type: "tool-call" | "tool-result", parts: Message["content"]): readonly string[] =>
      typeof parts === "string" ? [] : parts.flatMap((part) => (part.type === type ? [part.id] : []));
    if (role === "assistant") expect(ids("tool-result", messages[index + 1]?.content ?? "")).toEqual(ids("tool-call", content));
    if (role === "tool") expect(messages[index - 1]?.role).toBe("assistant");
  }
}

export const textOfMessage = ({ content }: Message): string => (typeof content === "string" ? content : textOf(content));
