import { type ScriptedReply, scriptedModel } from "@codelet/testing";
import { expect } from "vitest";
import { z } from "zod";
import type { ActionStep, Step } from "../memory.ts";
import { type ContentPart, type Message, type ModelResponse, noUsage, type ToolCallPart, type ToolResultPart } from "../model.ts";
import { type AnyTool, tool } from "../tool.ts";
import { ToolCallingAgent, type ToolCallingAgentOptions } from "../tool-calling-agent.ts";
import type { Json, PlainValue } from "../value.ts";

/** Texts and calls of a scripted model, for agents that call tools. */
export const call = (name: string, input: Json = {}, id = ""): ToolCallPart => ({ type: "tool-call", id, name, input });
export const answer = (value: Json): ToolCallPart => call("final_answer", { answer: value }, "end");
export const says = (...content: readonly ContentPart[]): ModelResponse => ({ content, usage: noUsage, finishReason: "tool-calls" });
export const cut = (...content: readonly ContentPart[]): ModelResponse => ({ content, usage: noUsage, finishReason: "length" });

export const add: AnyTool = tool({
  name: "add",
  description: "Adds.",
  input: z.object({ a: z.number(), b: z.number() }),
  execute: ({ a, b }) => a + b,
});
export const fail: AnyTool = tool({
  name: "fail",
  description: "Fails.",
  input: z.object({}),
  execute: () => {
    throw new Error("no luck");
  },
});

export function agentOf<Output = PlainValue>(
  replies: readonly ScriptedReply[],
  options: Partial<ToolCallingAgentOptions<Output>> = {},
): { readonly agent: ToolCallingAgent<Output>; readonly model: ReturnType<typeof scriptedModel> } {
  const model = scriptedModel(replies);
  return { model, agent: new ToolCallingAgent<Output>({ model, tools: [add, fail], ...options } as ToolCallingAgentOptions<Output>) };
}

export const actionsOf = (steps: readonly Step[]): ActionStep[] => steps.filter((step) => step.type === "action");
export const partsOf = <Type extends ContentPart["type"]>(type: Type, { content }: Message): Extract<ContentPart, { type: Type }>[] =>
  typeof content === "string" ? [] : content.filter((part): part is Extract<ContentPart, { type: Type }> => part.type === type);

/** Providers refuse a prompt in which a call has no result in the next message, or shares its id with another. */
export function expectValid(messages: readonly Message[]): void {
  const ids = messages.flatMap((message) => partsOf("tool-call", message)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [index, message] of messages.entries()) {
    const called = partsOf("tool-call", message).map(({ id }) => id);
    if (called.length === 0) continue;
    expect(messages[index + 1]?.role).toBe("tool");
    expect(partsOf("tool-result", messages[index + 1] as Message).map(({ id }) => id)).toEqual(called);
  }
}

/** The results of one step as the model is shown them. */
export async function resultsOf(parts: readonly ToolCallPart[], options: Partial<ToolCallingAgentOptions> = {}): Promise<readonly ToolResultPart[]> {
  const { agent, model } = agentOf([says(...parts), says(answer(0))], options);
  const result = await agent.run("task");
  for (const { messages } of model.requests) expectValid(messages);
  return actionsOf(result.steps)[0]?.toolResults ?? [];
}
