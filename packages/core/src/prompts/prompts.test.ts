import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { CodeAgent } from "../code-agent.ts";
import { codeTags, markdownTags } from "../code-tags.ts";
import type { Message } from "../model.ts";
import { ToolCallingAgent } from "../tool-calling-agent.ts";
import { pythonPrograms, codeSystem as withPrograms } from "./code-system.ts";
import { javascriptPrograms } from "./javascript-programs.ts";
import { planQuestion } from "./plan.ts";
import { describeTask } from "./task.ts";
import { type PromptContext, type PromptTemplates, renderPrompt } from "./templates.ts";

const bare: PromptContext = {
  language: "python",
  tools: [],
  authorizedImports: undefined,
  tags: codeTags,
  structured: false,
  answerSchema: undefined,
  instructions: undefined,
};

const codeSystem = (context: PromptContext): string => withPrograms(context, context.language === "python" ? pythonPrograms : javascriptPrograms);

it("stays under 3,500 characters without tools, with three worked examples", () => {
  const prompt = codeSystem(bare);
  expect(prompt.length).toBeLessThanOrEqual(3_500);
  expect(prompt.match(/^Task: /gm)).toHaveLength(3);
});

it("shows tools as typed functions, and the answer's schema", () => {
  const tools = [{ name: "add", description: "Adds.", inputSchema: { type: "object", properties: { a: { type: "number" } }, required: ["a"] } }];
  const prompt = codeSystem({ ...bare, tools, answerSchema: { type: "number" }, instructions: "Be brief." });
  expect(prompt).toContain('def add(a: float):\n    """Adds."""');
  expect(prompt).toContain('{"type":"number"}');
  expect(prompt.endsWith("Be brief.")).toBe(true);
});

it("uses the tags, the format and the language of the agent throughout", () => {
  expect(codeSystem({ ...bare, tags: markdownTags("python") })).not.toContain("<code>");
  expect(codeSystem({ ...bare, structured: true })).not.toContain("<code>\ncount");
  expect(codeSystem({ ...bare, language: "javascript" })).not.toContain("Python");
});

it("says which imports are allowed", () => {
  expect(codeSystem({ ...bare, authorizedImports: ["numpy", "pandas.*"] })).toContain("numpy, pandas.*");
  const ofJavascript = (authorizedImports?: readonly string[]): string => codeSystem({ ...bare, language: "javascript", authorizedImports });
  expect(ofJavascript(["lodash"])).toContain("9. Import only these modules: lodash.\n10. After");
  expect(ofJavascript([])).toContain("9. Import no modules.\n10. After");
  expect(ofJavascript()).toContain("\n9. After");
});

it("tells name, type and a short preview of each variable, never the whole value", () => {
  const text = describeTask("Sum it.", { data: Array.from({ length: 5_000 }, (_, index) => index), flag: true });
  expect(text.length).toBeLessThan(400);
  expect(text).toContain("- data (list of 5000): [0,1,2");
  expect(text).toContain("- flag (bool): true");
  const variables = { data: [1], none: null, ratio: 0.5, name: "x", flag: true, map: { a: 1 } };
  const types = (language: "python" | "javascript") => [...describeTask("", variables, language).matchAll(/\((.+)\):/g)].map(([, type]) => type);
  expect(types("python")).toEqual(["list of 1", "None", "float", "str of 1", "bool", "dict with 1 keys"]);
  expect(types("javascript")).toEqual(["array of 1", "null", "number", "string of 1", "boolean", "object with 1 keys"]);
});

describe("a template of one's own", () => {
  const act = (code: string): string => `Thought: go\n<code>\n${code}\n</code>`;
  const executor = fakeExecutor(({ code, finalAnswer, call }) => {
    if (code.startsWith("ask ")) return call("member", [code.slice(4)]);
    return code === "idle" ? null : finalAnswer(code);
  });
  const textOf = ({ content }: Message): string => String(content);

  it("replaces the text of each place, and knows what that is about", async () => {
    const model = scriptedModel(["the plan", act("ask something"), act("done"), act("idle"), "the last answer"]);
    const member = new CodeAgent({ model, executor, name: "member", description: "Helps.", promptTemplates: { system: () => "MEMBER" } });
    const promptTemplates: Partial<PromptTemplates> = {
      system: ({ language, tools }) => `SYSTEM ${language} ${tools.map(({ name }) => name)}`,
      plan: ({ isFirst, remainingSteps, tools }) => `PLAN ${isFirst} ${remainingSteps} ${tools}`,
      managedTask: ({ name, task }) => `MANAGED ${name} ${task}`,
      lastAnswer: ({ limit, task }) => `LAST ${limit} ${task}`,
    };
    const agent = new CodeAgent({ model, executor, managedAgents: [member], maxSteps: 2, planningInterval: 5, promptTemplates });
    expect(await agent.run("the task")).toMatchObject({ state: "limit", output: "the last answer" });
    const [plan, action, managed, , last] = model.requests.map(({ messages }) => messages.map(textOf));
    expect(plan).toEqual(["SYSTEM python member", "New task:\nthe task", "PLAN true 2 member"]);
    expect(action?.[0]).toBe("SYSTEM python member");
    expect(managed).toEqual(["MEMBER", "New task:\nMANAGED member something"]);
    expect(last?.at(-1)).toBe("LAST steps the task");
  });

  it("may be a method of a class", async () => {
    class Prompts {
      system(): string {
        return "SYSTEM";
      }
    }
    const model = scriptedModel([act("done")]);
    await new CodeAgent({ model, executor, promptTemplates: new Prompts() }).run("task");
    expect(textOf(model.requests[0]?.messages[0] as Message)).toBe("SYSTEM");
  });

  it.each([
    ["a number", () => 5 as never, "`what promptTemplates.system returns` to be text, got Number"],
    ["a promise", async () => "SYSTEM", "`what promptTemplates.system returns` to be text, got Promise"],
  ])("that makes %s ends the run before the model is asked", async (_, system, message) => {
    const model = scriptedModel([act("done")]);
    const agent = new CodeAgent({ model, executor, promptTemplates: { system: system as never } });
    await expect(agent.run("task")).rejects.toMatchObject({ name: "TypeError", message: expect.stringContaining(message) });
    expect(model.requests).toEqual([]);
  });

  it("replaces the system prompt of tool calling", async () => {
    const answer = { type: "tool-call", id: "a", name: "final_answer", input: { answer: 1 } } as const;
    const model = scriptedModel([[answer]]);
    const toolCallingSystem: PromptTemplates["toolCallingSystem"] = ({ tools, instructions }) => `CALL ${tools.length} ${instructions}`;
    await new ToolCallingAgent({ model, instructions: "Be brief.", promptTemplates: { toolCallingSystem } }).run("task");
    expect(model.requests[0]?.messages[0]?.content).toBe("CALL 0 Be brief.");
  });

  it("extends the standard text", () => {
    expect(renderPrompt(codeSystem, (_, standard) => `${standard}\nSpeak French.`, bare)).toBe(`${codeSystem(bare)}\nSpeak French.`);
    expect(renderPrompt(planQuestion, undefined, { isFirst: true, remainingSteps: 1, tools: [] })).toContain("You have 1 step left.");
  });

  it.each([
    [{ sytem: () => "" }, "got `sytem`"],
    [{ toString: (): string => "" }, "got `toString`"],
    [{ system: "You are …" }, "`promptTemplates.system` to be a function"],
    [{ plan: null }, "`promptTemplates.plan` to be a function"],
  ])("is refused when it is %j", (own, message) => {
    const create = (): unknown => new CodeAgent({ model: scriptedModel([]), executor, promptTemplates: own as never });
    expect(create).toThrow(expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }));
  });
});
