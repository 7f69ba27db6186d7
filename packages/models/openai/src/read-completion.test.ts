import { expect, it } from "vitest";
import { readCompletion } from "./read-completion.ts";

const call = { id: "a", function: { name: "f", arguments: "{}" } };
const answer = (message: object) => ({ choices: [{ message, finish_reason: "stop" }] });

it("has no calls behind a stop text", () => {
  const said = answer({ content: "a</code>b", tool_calls: [call] });
  expect(readCompletion(said, ["</code>"])).toMatchObject({ content: [{ type: "text", text: "a" }], finishReason: "stop" });
});

it("keeps what signs the thoughts for a call only: nothing else is sent back with them", () => {
  const thought = { reasoning: "hm", reasoning_details: [{ type: "reasoning.text", text: "hm", signature: "s" }] };
  expect(readCompletion(answer({ ...thought, content: "a" })).content).toEqual([
    { type: "reasoning", text: "hm" },
    { type: "text", text: "a" },
  ]);
  expect(readCompletion(answer({ ...thought, tool_calls: [call] })).content[0]).toMatchObject({ signature: expect.stringContaining('"s"') });
});
