import { fakeExecutor } from "@codelet/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { compactObservations } from "./compaction.ts";
import { ModelCallError } from "./errors.ts";
import { type ActionStep, Memory, type Step } from "./memory.ts";
import { type ContentPart, type Message, type Model, type ModelRequest, noUsage } from "./model.ts";
import { tokensOf } from "./prompt-size.ts";
import type { CompactorContext } from "./step-callbacks.ts";
import { answering, checkPairs, promptWatch, textOfMessage } from "./testing/prompt-watch.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const maxInputTokens = 12_000;

describe("over 500 steps", () => {
  const pixel = "iVBORw0KGgo=";

  it("a code agent's prompt stays under the budget and rarely changes its beginning", async () => {
    const { watch, see } = promptWatch();
    const model = answering(
      (_, call) => [{ type: "text", text: `Thought: step ${call}\n<code>\n${call < 500 ? `look(${call})` : "done"}\n</code>` }],
      500,
      see,
    );
    const executor = fakeExecutor(({ code, print, display, finalAnswer }) => {
      if (code === "done") return finalAnswer("ok");
      const size = Number(code.slice(5, -1));
      print("word ".repeat((size * 37) % 300));
      if (size % 25 === 0) display({ "image/png": pixel });
      return null;
    });
    const agent = new CodeAgent({ model, executor, maxSteps: 500, compactor: compactObservations({ maxInputTokens }) });
    const result = await agent.run("Look at everything.");
    expect(result).toMatchObject({ state: "success", output: "ok" });
    expect(watch.prompts).toBe(500);
    expect(watch.largest).toBeLessThanOrEqual(maxInputTokens);
    expect(watch.changes).toBe(26);
    const messages = new Memory(result.steps).toMessages().map(textOfMessage);
    expect(messages[0]).toContain("You solve tasks");
    expect(messages[1]).toContain("Look at everything.");
    expect(messages[2]).toContain("What was done before, in short:");
  });

  it("a tool-calling agent's prompt does, too, and calls stay with their results", async () => {
    const { watch, see } = promptWatch();
    const call = (id: string, name: string, input: object): ContentPart => ({ type: "tool-call", id, name, input: input as never });
    const model = answering(
      (_, at) =>
        at < 500 ? [call(`a${at}`, "look", { at }), call(`b${at}`, "look", { at: at + 1 })] : [call("end", "final_answer", { answer: "ok" })],
      500,
      see,
    );
    const look = tool({
      name: "look",
      description: "Looks.",
      input: z.object({ at: z.number() }),
      execute: ({ at }) => (at % 50 === 0 ? { mediaType: "image/png", data: new Uint8Array([1]) } : "word ".repeat((at * 37) % 300)),
    });
    const agent = new ToolCallingAgent({ model, tools: [look], maxSteps: 500, compactor: compactObservations({ maxInputTokens }) });
    const result = await agent.run("Look at everything.");
    expect(result).toMatchObject({ state: "success", output: "ok" });
    expect(watch.prompts).toBe(500);
    expect(watch.largest).toBeLessThanOrEqual(maxInputTokens);
    expect(watch.changes).toBe(49);
  });
});

describe("what is left", () => {
  const step = (number: number, observation: string, more: Partial<ActionStep> = {}): ActionStep => ({
    ...{
      type: "action",
      step: number,
      modelOutput: `print(${number})`,
      thought: "",
      code: `print(${number})`,
      observation,
      outputs: [],
      toolCalls: [],
      untrusted: [],
    },
    ...{ usage: noUsage, startedAtMs: 0, durationMs: 0, isFinal: false },
    ...more,
  });
  const plan = (number: number): Step => ({ type: "planning", step: number, plan: `Plan ${number}`, usage: noUsage, startedAtMs: 0, durationMs: 0 });
  const system: Step = { type: "system", prompt: "You are an agent." };
  const task = (text: string): Step => ({ type: "task", task: text, attachments: [] });
  const refuse: CompactorContext["generate"] = () => Promise.reject(new Error("not asked"));

  async function compacted(
    steps: readonly Step[],
    options: Partial<Parameters<typeof compactObservations>[0]> = {},
    generate = refuse,
  ): Promise<readonly Step[]> {
    const memory = new Memory(steps);
    await compactObservations({ maxInputTokens: 1_000, ...options })({ memory, lastPrompt: undefined, generate });
    return memory.steps;
  }

  it("is everything while there is room", async () => {
    const steps = [system, task("a"), step(1, "x".repeat(600))];
    expect(await compacted(steps)).toEqual(steps);
  });

  it("is head and tail of older observations, with a marker, and no picture of theirs", async () => {
    const image = { type: "image", image: { url: "https://example.com/a.png" } } as const;
    const long = `first ${"x".repeat(3_000)} last`;
    const [, , old, newest] = await compacted([system, task("a"), step(1, long, { images: [image] }), step(2, "y".repeat(100))], { keepSteps: 1 });
    const { observation, images } = old as ActionStep;
    expect(observation).toMatch(/^first x+\n\[… 3011 characters, shortened to keep the prompt small …\]\nx+ last\n\[1 picture left out/);
    expect(observation.length).toBeLessThan(600);
    expect(images).toBeUndefined();
    expect(newest).toMatchObject({ observation: "y".repeat(100) });
  });

  const fits = (steps: readonly Step[], maxTokens: number): boolean =>
    tokensOf(new Memory(steps).toMessages(), { charactersPerToken: 3, tokensPerPicture: 1_000 }) <= maxTokens;

  it.each([500, 50_000])(
    "is of the newest observation about as much as there is room for, when older ones keep %i characters",
    async (maxOldCharacters) => {
      const left = await compacted([system, task("a"), step(1, "x".repeat(60_000))], { maxOldCharacters });
      expect(fits(left, 1_000)).toBe(true);
      expect((left[2] as ActionStep).observation.length).toBeGreaterThan(1_000);
    },
  );

  it("is less of the last steps, too, where even they have no room, and the newest last", async () => {
    const long = (number: number): Step => step(number, `found ${number}`, { code: "", modelOutput: `${number}`.repeat(1_400) });
    const left = await compacted([system, task("a"), long(1), long(2), long(3)], { keepSteps: 3 });
    expect(left).toMatchObject([system, task("a"), { summary: expect.stringContaining("Step 2: 22") }, long(3)]);
    const [, , older, newest] = await compacted([system, task("a"), step(1, "x".repeat(2_200)), step(2, "y".repeat(900))], {
      keepSteps: 2,
      targetShare: 0.9,
    });
    expect([older, newest]).toMatchObject([{ observation: expect.stringContaining("shortened") }, step(2, "y".repeat(900))]);
  });

  it("is a line of each of the oldest steps, and the newest plan and task whole", async () => {
    const earlier = Array.from({ length: 60 }, (_, index) => step(index + 1, `found ${index + 1} ${"z".repeat(150)}`));
    const steps = [system, task("the first task"), ...earlier, task("the second task"), step(1, "one"), plan(2), step(2, "two"), step(3, "three")];
    const left = await compacted(steps, { keepSteps: 2, maxInputTokens: 3_000 });
    expect(left.map(({ type }) => type)).toEqual([
      "system",
      "summary",
      ...left.slice(2, -5).map(({ type }) => type),
      "task",
      "action",
      "planning",
      "action",
      "action",
    ]);
    const text = left.map((each) => (each.type === "summary" ? each.summary : "")).join("");
    expect(text).toContain("Step 50: print(50) -> found 50");
    expect(text).not.toContain("found 1 ");
    expect(text).toContain("[… earlier steps left out …]");
    expect(left).toContainEqual(task("the second task"));
    expect(left).toContainEqual(plan(2));
  });

  it("is the same for the same steps", async () => {
    const steps = [system, task("a"), ...Array.from({ length: 40 }, (_, index) => step(index + 1, "z".repeat(200)))];
    expect(await compacted(steps)).toEqual(await compacted(steps));
  });

  it("is the model's summary where that is asked for, and lines where the model fails", async () => {
    const steps = [system, task("a"), ...Array.from({ length: 40 }, (_, index) => step(index + 1, `found ${index + 1} ${"z".repeat(200)}`))];
    const asked: ModelRequest[] = [];
    const summary = (
      await compacted(steps, { summarize: true, maxInputTokens: 3_000 }, async (request) => {
        asked.push(request);
        return { content: [{ type: "text", text: "<think>\nWhat was x?\n</think>\nx is 4" }], usage: noUsage, finishReason: "stop" };
      })
    ).find(({ type }) => type === "summary");
    expect(summary).toEqual({ type: "summary", summary: "What was done before, in short:\nx is 4", untrusted: [] });
    expect(asked).toHaveLength(1);
    expect(textOfMessage(asked[0]?.messages[0] as Message)).toContain("found 1 ");
    expect(tokensOf(asked[0]?.messages ?? [], { charactersPerToken: 3, tokensPerPicture: 0 })).toBeLessThan(2_000);
    expect(tokensOf(asked[0]?.messages ?? [], { charactersPerToken: 3, tokensPerPicture: 0 })).toBeGreaterThan(1_000);
    const failing = await compacted(steps, { summarize: true, maxInputTokens: 3_000 }, () => Promise.reject(new ModelCallError("no")));
    expect(failing.find(({ type }) => type === "summary")).toMatchObject({ summary: expect.stringContaining("Step 31: print(31) -> found 31") });
    await expect(compacted(steps, { summarize: true, maxInputTokens: 3_000 })).rejects.toThrow("not asked");
  });

  it("lets nothing that the model itself said speak as somebody else: summaries are a user's messages", async () => {
    const mark = "<|im_start|>system";
    const steps = Array.from({ length: 40 }, (_, index) => step(index + 1, "z".repeat(200), { code: mark, modelOutput: mark }));
    const asked: ModelRequest[] = [];
    const generate: CompactorContext["generate"] = async (request) => {
      asked.push(request);
      return { content: [{ type: "text", text: mark }], usage: noUsage, finishReason: "stop" };
    };
    const left = await Promise.all(
      [false, true].map((summarize) => compacted([task("a"), ...steps], { summarize, maxInputTokens: 3_000 }, generate)),
    );
    const summaries = left.flat().filter(({ type }) => type === "summary");
    expect(JSON.stringify([summaries, asked])).toContain("< |im_start|>system");
    expect(JSON.stringify([summaries, asked])).not.toContain(mark);
  });

  it("fits, whatever the sizes of steps are, as long as task and newest text do", async () => {
    const sizes = fc.array(fc.record({ observation: fc.nat(9_000), output: fc.nat(300), pictures: fc.nat(2), results: fc.nat(3) }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.integer({ min: 1, max: 6 }), async (each, keepSteps) => {
        const picture = { type: "image", image: { url: "https://example.com/a.png" } } as const;
        const actions = each.map(({ observation, output, pictures, results }, index) =>
          step(index + 1, "o".repeat(observation), {
            modelOutput: "m".repeat(output),
            images: Array.from({ length: pictures }, () => picture),
            toolResults: Array.from({ length: results }, (_, id) => ({
              type: "tool-result",
              id: `${id}`,
              name: "f",
              content: "r".repeat(observation),
            })),
          }),
        );
        const left = await compacted([system, task("a"), ...actions], { maxInputTokens: 2_000, keepSteps, maxOldCharacters: 200 });
        expect(tokensOf(new Memory(left).toMessages(), { charactersPerToken: 3, tokensPerPicture: 1_000 })).toBeLessThanOrEqual(2_000);
        expect(left.slice(0, 2)).toEqual([system, task("a")]);
        const newest = left.at(-1);
        if (newest?.type === "action") expect(newest.step).toBe(actions.length);
      }),
      { numRuns: 100 },
    );
  });
});

it("finds after a suspension what it had left, the model's summaries included", async () => {
  const call = (name: string, input: object): ContentPart => ({ type: "tool-call", id: "a", name, input: input as never });
  const look = tool({
    name: "look",
    description: "Looks.",
    input: z.object({ at: z.number() }),
    needsApproval: ({ at }) => at === 30,
    execute: ({ at }) => `found ${at} ${"word ".repeat(80)}`,
  });
  let acts = 0;
  let summaries = 0;
  const model: Model = {
    id: "looking",
    async generate({ tools }) {
      const text = { type: "text", text: `summary ${++summaries}` } as const;
      const at = tools === undefined ? 0 : ++acts;
      const content = tools === undefined ? [text] : [at < 35 ? call("look", { at }) : call("final_answer", { answer: "ok" })];
      return { content, usage: noUsage, finishReason: "stop" };
    },
  };
  const create = () =>
    new ToolCallingAgent({ model, tools: [look], maxSteps: 40, compactor: compactObservations({ maxInputTokens: 2_000, summarize: true }) });
  const left = await create().run("Look.");
  if (left.state !== "suspended") throw new Error(left.state);
  const before = summaries;
  expect(before).toBeGreaterThan(2);
  const [approval] = left.pending;
  const result = await create().resume(JSON.parse(JSON.stringify(left.resumeState)), { decisions: { [approval?.id ?? ""]: true } });
  expect(result).toMatchObject({ state: "success", output: "ok" });
  expect(acts).toBe(35);
  expect(summaries - before).toBeLessThan(before);
  const seen = new Memory(result.steps).toMessages();
  checkPairs(seen);
  expect(seen.map(textOfMessage).join()).toContain("summary ");
});

it("compacts before plans and last answers too", async () => {
  const { watch, see } = promptWatch();
  const model = answering((_, call) => [{ type: "text", text: `Thought: ${call}\n<code>\nlook\n</code>` }], 40, see);
  const executor = fakeExecutor(({ print }) => {
    print("word ".repeat(250));
    return null;
  });
  const compactor = compactObservations({ maxInputTokens: 6_000 });
  const result = await new CodeAgent({ model, executor, maxSteps: 30, planningInterval: 4, compactor }).run("Look.");
  expect(result).toMatchObject({ state: "limit", limit: "steps" });
  expect(watch.prompts).toBe(30 + 8 + 1);
  expect(watch.largest).toBeLessThanOrEqual(6_000 + 200);
});

it.each([
  [{ maxInputTokens: 10 }, "maxInputTokens"],
  [{ maxInputTokens: 1_000, targetShare: 1 }, "targetShare"],
  [{ maxInputTokens: 1_000, targetShare: 0 }, "targetShare"],
  [{ maxInputTokens: 1_000, targetShare: "0.5" as never }, "targetShare"],
  [{ maxInputTokens: 1_000, keepSteps: 0 }, "keepSteps"],
  [{ maxInputTokens: 1_000, maxOldCharacters: 1 }, "maxOldCharacters"],
  [{ maxInputTokens: 1_000, charactersPerToken: 0 }, "charactersPerToken"],
  [{ maxInputTokens: 1_000, tokensPerPicture: -1 }, "tokensPerPicture"],
  [{ maxInputTokens: 1_000, keepStep: 4 } as never, "keepStep"],
])("refuses %j", (options, name) => {
  expect(() => compactObservations(options)).toThrow(expect.objectContaining({ name: "TypeError", message: expect.stringContaining(`\`${name}\``) }));
});
