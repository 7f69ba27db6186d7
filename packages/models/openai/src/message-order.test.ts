import { expect, it } from "vitest";
import { byTurns, withoutSystem } from "./message-order.ts";

const picture = [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }];
const calling = { role: "assistant", content: null, tool_calls: [{ id: "a" }, { id: "b" }] };

it("joins what one role says in a row, as parts where it is more than text", () => {
  const messages = [
    { role: "user", content: "A" },
    { role: "user", content: picture },
    { role: "user", content: "B" },
    { role: "assistant", content: "C" },
    { role: "assistant", content: "D" },
  ];
  expect(byTurns(messages)).toEqual([
    { role: "user", content: [{ type: "text", text: "A" }, ...picture, { type: "text", text: "B" }] },
    { role: "assistant", content: "C\n\nD" },
  ]);
});

it("leaves calls and their results as they are, and answers the last before a user speaks", () => {
  const results = ["a", "b"].map((id) => ({ role: "tool", tool_call_id: id, content: "1" }));
  const [said, asked] = [
    { role: "assistant", content: "C" },
    { role: "user", content: "D" },
  ];
  expect(byTurns([said, calling, ...results, said])).toEqual([said, calling, ...results, said]);
  expect(byTurns([calling, said])).toEqual([calling, said]);
  expect(byTurns([calling, ...results, asked])).toEqual([calling, ...results, { role: "assistant", content: "I see." }, asked]);
});

it("puts the system prompt in front of the first user, wherever that is, or makes one", () => {
  const system = { role: "system", content: "S" };
  expect(withoutSystem([system, calling, { role: "user", content: picture }])).toEqual([
    calling,
    { role: "user", content: [{ type: "text", text: "S" }, ...picture] },
  ]);
  expect(withoutSystem([system, calling])).toEqual([{ role: "user", content: "S" }, calling]);
});
