import { describe, expect, it } from "vitest";
import type { ActionStep, Step, SummaryStep } from "./memory.ts";
import { noUsage } from "./model.ts";
import { askForSummary, summarizeSteps } from "./summarize-steps.ts";

const heading = "What was done before, in short:";
const leftOut = "[… earlier steps left out …]";

const step = (number: number, more: Partial<ActionStep> = {}): ActionStep => ({
  ...{ type: "action", step: number, modelOutput: "", thought: "", code: "", observation: "", outputs: [], toolCalls: [], untrusted: [] },
  ...{ usage: noUsage, startedAtMs: 0, durationMs: 0, isFinal: false },
  ...more,
});
const task: Step = { type: "task", task: "Find\n  the way.", attachments: [] };
const plan: Step = { type: "planning", step: 1, plan: "1. Look.\n2. Go.", usage: noUsage, startedAtMs: 0, durationMs: 0 };
const coded = step(1, { modelOutput: "Thought: look\n<code>look()</code>", code: "look()", observation: "a wall" });
const talked = step(2, { modelOutput: "I don't know.", observation: "Write code." });
const called = step(3, {
  modelOutput: "I call two.",
  modelParts: [
    { type: "text", text: "I call two." },
    { type: "tool-call", id: "a", name: "look", input: { at: 1 } },
    { type: "tool-call", id: "b", name: "go", input: {} },
  ],
  toolResults: [
    { type: "tool-result", id: "a", name: "look", content: "a door" },
    { type: "tool-result", id: "b", name: "go", content: "gone" },
  ],
});
const linesOf = ({ summary }: SummaryStep): readonly string[] => summary.split("\n");

describe("a summary", () => {
  it("has a line of each step: what was done, and what was seen", () => {
    expect(linesOf(summarizeSteps([{ type: "system", prompt: "Be good." }, task, plan, coded, talked, called], 2_000))).toEqual([
      heading,
      "Task: Find the way.",
      "Plan: 1. Look. 2. Go.",
      "Step 1: look() -> a wall",
      "Step 2: I don't know. -> Write code.",
      'Step 3: look({"at":1}), go({}) -> a door; gone',
    ]);
  });

  it("has the lines of an earlier one, under one heading, and tells once that it has not all", () => {
    const earlier = summarizeSteps([coded], 2_000);
    expect(linesOf(summarizeSteps([earlier, talked], 2_000))).toEqual([heading, "Step 1: look() -> a wall", "Step 2: I don't know. -> Write code."]);
    const cut: Step = { type: "summary", summary: `${heading}\n${leftOut}\nStep 1: look() -> a wall`, untrusted: [] };
    expect(linesOf(summarizeSteps([cut, talked], 2_000))).toEqual([
      heading,
      leftOut,
      "Step 1: look() -> a wall",
      "Step 2: I don't know. -> Write code.",
    ]);
  });

  it("cuts long lines at their ends", () => {
    const long = step(1, { code: "c".repeat(140), observation: "o".repeat(200) });
    expect(linesOf(summarizeSteps([long], 2_000))[1]).toBe(`Step 1: ${long.code} -> ${long.observation}`);
    const longer = step(1, { code: "c".repeat(141), observation: "o".repeat(201) });
    expect(linesOf(summarizeSteps([longer], 2_000))[1]).toBe(`Step 1: ${"c".repeat(138)} … -> ${"o".repeat(198)} …`);
  });

  it("is not longer than it may be, and leaves out no line that has room", () => {
    const steps = [1, 2, 3].map((number) => step(number, { code: "c", observation: "o" }));
    const line = "\nStep 1: c -> o";
    for (const [count, expected] of [0, 1, 2].entries()) {
      const most = `${heading}\n${leftOut}`.length + count * line.length;
      expect(linesOf(summarizeSteps(steps, most + line.length - 1))).toHaveLength(2 + expected);
      expect(summarizeSteps(steps, most).summary).toHaveLength(most);
    }
  });
});

describe("a summary of the model's", () => {
  const ask = async (text: string, maxCharacters = 2_000): Promise<readonly [SummaryStep, string]> => {
    let asked = "";
    const summary = await askForSummary([task, coded, talked, called], {
      maxCharacters,
      maxRequestCharacters: 10_000,
      generate: async ({ messages }) => {
        asked = messages[0]?.content as string;
        return { content: [{ type: "text", text }], usage: noUsage, finishReason: "stop" };
      },
    });
    return [summary, asked];
  };

  it("is made of all that the model said and saw", async () => {
    const [, asked] = await ask("x is 4");
    const work = [
      "Task: Find the way.",
      "Step 1: Thought: look\n<code>look()</code>\na wall",
      "Step 2: I don't know.\nWrite code.",
      'Step 3: look({"at":1}), go({})\na door; gone',
    ];
    expect(asked).toContain(`---\n${work.join("\n\n")}\n---`);
  });

  it("is not longer than it may be", async () => {
    const [{ summary }] = await ask(`x ${"is 4 ".repeat(500)}`, 400);
    expect(summary.length).toBeGreaterThan(380);
    expect(summary.length).toBeLessThanOrEqual(400);
  });

  it("is a line of each step where the model has nothing to say", async () => {
    const [summary] = await ask("<think>\nHm.\n</think>\n");
    expect(summary).toEqual(summarizeSteps([task, coded, talked, called], 2_000));
  });
});
