import { expect, it } from "vitest";
import { codeTags, markdownTags } from "../parse-code.ts";
import { describeTask, type PromptContext, promptTemplates } from "./prompts.ts";

const bare: PromptContext = {
  language: "python",
  tools: [],
  authorizedImports: undefined,
  tags: codeTags,
  structured: false,
  answerSchema: undefined,
  instructions: undefined,
};

it("stays under 3,500 characters without tools, with three worked examples", () => {
  const prompt = promptTemplates().system(bare);
  expect(prompt.length).toBeLessThanOrEqual(3_500);
  expect(prompt.match(/^Task: /gm)).toHaveLength(3);
});

it("shows tools as typed functions, and the answer's schema", () => {
  const tools = [{ name: "add", description: "Adds.", inputSchema: { type: "object", properties: { a: { type: "number" } }, required: ["a"] } }];
  const prompt = promptTemplates().system({ ...bare, tools, answerSchema: { type: "number" }, instructions: "Be brief." });
  expect(prompt).toContain('def add(a: float):\n    """Adds."""');
  expect(prompt).toContain('{"type":"number"}');
  expect(prompt.endsWith("Be brief.")).toBe(true);
});

it("uses the tags, the format and the language of the agent throughout", () => {
  expect(promptTemplates().system({ ...bare, tags: markdownTags("python") })).not.toContain("<code>");
  expect(promptTemplates().system({ ...bare, structured: true })).not.toContain("<code>\ncount");
  expect(promptTemplates().system({ ...bare, language: "javascript" })).not.toContain("Python");
});

it("says which imports are allowed", () => {
  expect(promptTemplates().system({ ...bare, authorizedImports: ["numpy", "pandas.*"] })).toContain("numpy, pandas.*");
});

it("tells name, type and a short preview of each variable, never the whole value", () => {
  const text = describeTask("Sum it.", { data: Array.from({ length: 5_000 }, (_, index) => index), flag: true });
  expect(text.length).toBeLessThan(400);
  expect(text).toContain("- data (list of 5000): [0,1,2");
  expect(text).toContain("- flag (bool): true");
});
