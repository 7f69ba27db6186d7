import type { ContentPart, Message } from "@codelet/core";
import { expect, it } from "vitest";
import { toolsAsText } from "./tools-as-text.ts";

const tools = [{ name: "f", description: "F.", inputSchema: { type: "object" } }];
const described = expect.stringContaining('{"name":"f","description":"F.","parameters":{"type":"object"}}');
const image: ContentPart = { type: "image", image: { url: "https://example.com/a.png" } };

it("describes the tools behind the system prompt, or in one of its own", () => {
  const user: Message = { role: "user", content: "A" };
  expect(toolsAsText([user], tools)).toEqual([{ role: "system", content: described }, user]);
  for (const content of ["S", [{ type: "text", text: "S" }]] as const) {
    const [system, ...others] = toolsAsText([{ role: "system", content }, user], tools);
    expect(system).toEqual({ role: "system", content: described });
    expect(system?.content).toMatch(/^S\n\nThe tools:\n/);
    expect(others).toEqual([user]);
  }
});

it("leaves pictures and thoughts beside the calls and results that become text, and other messages as they are", () => {
  const thought: ContentPart = { type: "reasoning", text: "hm" };
  const call: ContentPart = { type: "tool-call", id: "a", name: "f", input: { x: 1 } };
  const messages: readonly Message[] = [
    { role: "user", content: [image, { type: "text", text: "A" }] },
    { role: "assistant", content: [thought, { type: "text", text: "I call." }, call] },
    { role: "tool", content: [{ type: "tool-result", id: "a", name: "f", content: "2" }, image] },
  ];
  expect(toolsAsText(messages, [])).toEqual([
    messages[0],
    { role: "assistant", content: [thought, { type: "text", text: 'I call.\n{"name":"f","arguments":{"x":1}}' }] },
    { role: "user", content: [image, { type: "text", text: "Result of f:\n2" }] },
  ]);
});
