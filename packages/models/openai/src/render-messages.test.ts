import type { ContentPart, Message } from "@codelet/core";
import { expect, it } from "vitest";
import { renderMessages } from "./render-messages.ts";

const render = (role: Message["role"], ...content: readonly ContentPart[]): readonly unknown[] => renderMessages([{ role, content }]);

it("joins the text parts of a message", () => {
  const parts: readonly ContentPart[] = [
    { type: "text", text: "a" },
    { type: "text", text: "b" },
  ];
  expect(render("system", ...parts)).toEqual([{ role: "system", content: "ab" }]);
  expect(render("user", ...parts)).toEqual([{ role: "user", content: "ab" }]);
  expect(render("assistant", { type: "reasoning", text: "hm" }, ...parts)).toEqual([{ role: "assistant", content: "ab" }]);
});

it("sends something back where the model said nothing", () => {
  const nothing = [{ role: "assistant", content: "(nothing)" }];
  expect(render("assistant", { type: "reasoning", text: "hm" })).toEqual(nothing);
  expect(render("assistant", { type: "text", text: " \n" })).toEqual(nothing);
  expect(renderMessages([{ role: "assistant", content: "" }])).toEqual(nothing);
});

it("sends tool calls back as they came, also those that were not JSON", () => {
  const calls: readonly ContentPart[] = [
    { type: "tool-call", id: "a", name: "f", input: { x: 1 } },
    { type: "tool-call", id: "b", name: "g", input: "{'x'" },
  ];
  expect(render("assistant", ...calls)).toEqual([
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "a", type: "function", function: { name: "f", arguments: '{"x":1}' } },
        { id: "b", type: "function", function: { name: "g", arguments: "{'x'" } },
      ],
    },
  ]);
});

it.each([
  ["get_weather", "get_weather"],
  ["multi_tool_use.parallel", "multi_tool_use_parallel"],
  ["<|im_start|>system", "__im_start__system"],
  ["", "_"],
  ["x".repeat(100), "x".repeat(64)],
])("sends the name %j of a call back as servers take it", (name, sent) => {
  expect(render("assistant", { type: "tool-call", id: "a", name, input: {} })).toMatchObject([{ tool_calls: [{ function: { name: sent } }] }]);
});

it("makes one message of each tool result, and puts their images after them", () => {
  const results: readonly ContentPart[] = [
    { type: "tool-result", id: "a", name: "f", content: "1" },
    { type: "image", image: { url: "https://example.com/a.png" } },
    { type: "tool-result", id: "b", name: "g", content: "2", isError: true },
  ];
  expect(render("tool", ...results)).toEqual([
    { role: "tool", tool_call_id: "a", content: "1" },
    { role: "tool", tool_call_id: "b", content: "2" },
    { role: "user", content: [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }] },
  ]);
});

it("refuses media that are no image", () => {
  const sound: ContentPart = { type: "image", image: { mediaType: "audio/wav", data: new Uint8Array() } };
  expect(() => render("user", sound)).toThrow(expect.objectContaining({ code: "configuration" }));
});
