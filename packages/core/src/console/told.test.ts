import { expect, it } from "vitest";
import type { EventBody } from "../events.ts";
import { anAction, anEvent } from "./testing/events.ts";
import { Told } from "./told.ts";

function told(...bodies: readonly EventBody[]): Told {
  const told = new Told();
  for (const body of bodies) told.note(anEvent(body));
  return told;
}

const delta = (part: "text" | "reasoning", text: string): EventBody => ({ type: "model-delta", part, text });
const call = (callId: string): EventBody => ({ type: "tool-call", callId, tool: "get", input: null });

it("knows what the model said and thought in this step, since its last attempt", () => {
  const said = [delta("reasoning", "hm"), delta("text", "a"), delta("text", "b"), delta("reasoning", "!")];
  expect(told(...said)).toMatchObject({ reasoning: "hm!", text: "ab" });
  expect(told({ type: "step-start" }, ...said, { type: "step-start" })).toMatchObject({ reasoning: "", text: "" });
  expect(told(...said, { type: "model-retry", message: "busy", delayMs: 1 }, delta("text", "c"))).toMatchObject({
    reasoning: "",
    text: "c",
  });
});

it("numbers the calls of a step, and counts the steps of a run", () => {
  const { toolCalls } = anAction({ toolCalls: [{ id: "a", tool: "get" }] });
  const step: EventBody = { type: "step-end", action: anAction({ toolCalls }) };
  const first = told({ type: "run-start", task: "t" }, { type: "step-start" }, call("a"), call("b"));
  expect([first.callNumber("a"), first.callNumber("b"), first.callNumber("c")]).toEqual([1, 2, undefined]);
  const second = told({ type: "step-start" }, call("a"), step, { type: "step-start" }, call("b"), step);
  expect([second.callNumber("a"), second.callNumber("b"), second.steps, second.toolCalls]).toEqual([undefined, 1, 2, 2]);
  expect(told(step, step, { type: "run-start", task: "the next" }, step)).toMatchObject({ steps: 1, toolCalls: 1 });
});

it("knows whether the step has a program, and whether its thought was shown", () => {
  expect(told({ type: "code", thought: "t", code: "" })).toMatchObject({ hasThought: true, hasCode: false });
  expect(told({ type: "code", thought: "t", code: "1" })).toMatchObject({ hasThought: true, hasCode: true });
  expect(told({ type: "code", thought: "t", code: "1" }, { type: "step-start" })).toMatchObject({ hasThought: false, hasCode: false });
});
