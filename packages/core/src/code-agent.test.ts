import { type FakeHandler, fakeExecutor, faultyModel, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import { ConfigurationError, ExecutorCrashedError } from "./errors.ts";
import type { ModelRequest } from "./model.ts";
/** The model's text of one action; the fake executor's handler decides what its code does. */
import { action, agentOf, answering, eventsOf } from "./testing/code-agents.ts";
import { tool } from "./tool.ts";
import type { PlainValue } from "./value.ts";

describe("a run", () => {
  it("has what the code displayed in its steps and events, and the model is told", async () => {
    const picture = { "image/png": "iVBORw0KGgo=", "text/plain": "<Figure>" };
    const displaying: FakeHandler = ({ display, finalAnswer }) => {
      display(picture);
      return finalAnswer(1);
    };
    const run = agentOf([action("plot")], { executor: fakeExecutor(displaying) }).start("task");
    expect((await eventsOf(run)).filter(({ type }) => type === "rich-output")).toMatchObject([{ step: 1, output: picture }]);
    expect((await run.result).steps.at(-1)).toMatchObject({ outputs: [picture], observation: expect.stringContaining("<Figure>") });
  });

  it("ends with the answer that the code gives", async () => {
    const result = await agentOf([action("hello"), action('answer {"a": 1}')]).run("task");
    expect(result).toMatchObject({ state: "success", output: { a: 1 } });
    expect(result.steps.map((step) => step.type)).toEqual(["system", "task", "action", "action"]);
  });

  it("gives a typed answer, and shows the model a wrong one", async () => {
    const agent = agentOf([action('answer "four"'), action("answer 4")], { output: z.number() });
    const result = await agent.run("task");
    expect(result).toMatchObject({ state: "success", output: 4 });
    expect(result.steps[2]).toMatchObject({ error: { code: "model-output" }, observation: expect.stringContaining('{"type":"number"}') });
  });

  it("asks the checks before an answer counts", async () => {
    const finalAnswerChecks = [
      (answer: PlainValue) => (answer === 1 ? "too small" : true),
      (answer: PlainValue) => {
        if (answer === 2) throw new Error("no twos");
        return answer !== 3;
      },
    ];
    const result = await agentOf(
      [1, 2, 3, 4].map((n) => action(`answer ${n}`)),
      { finalAnswerChecks },
    ).run("task");
    expect(result).toMatchObject({ state: "success", output: 4 });
    expect(result.steps.slice(2, 5).map((step) => step.type === "action" && step.error?.message)).toEqual([
      "The answer was refused: too small",
      "The answer was refused: no twos",
      "The answer was refused: the check of the answer failed",
    ]);
  });

  it("shows errors of the code and texts without code to the model, and goes on", async () => {
    const result = await agentOf([action("fail"), "no code here", action("answer 1")]).run("task");
    expect(result.steps.slice(2)).toMatchObject([{ error: { code: "code-failed" } }, { error: { code: "model-output" } }, { isFinal: true }]);
  });

  it("shows each past action once, in a prompt whose beginning never changes", async () => {
    const model = scriptedModel([action("first"), action("second"), "prose", action("answer 1")]);
    await agentOf([], { model }).run("task");
    const prompts = model.requests.map(({ messages }) => JSON.stringify(messages));
    for (const [index, prompt] of prompts.entries()) {
      if (index > 0) expect(prompt.startsWith(prompts[index - 1]?.slice(0, -1) ?? "")).toBe(true);
    }
    expect(prompts.at(-1)?.split("<code>\\nfirst")).toHaveLength(2);
  });

  it("gives variables to the sandbox, and only their names and previews to the model", async () => {
    const model = scriptedModel([action("show data"), action("answer 1")]);
    const data = Array.from({ length: 5_000 }, (_, index) => index);
    const result = await agentOf([], { model }).run("task", { additionalArgs: { data } });
    expect(JSON.stringify(model.requests[0]).length).toBeLessThan(6_000);
    expect(result.steps[2]).toMatchObject({ observation: expect.stringContaining("4999]") });
  });

  it("tells the model of variables as they are in the sandbox, whatever objects of the host they were", async () => {
    interface Row {
      readonly euros: number;
    }
    const rows: readonly Row[] = [{ euros: 1 }];
    const model = scriptedModel([action("answer 1")]);
    const variables = { rows, since: new Date(0), names: new Map([[1, "one"]]), ids: new Set([7]), page: new URL("http://example.com/a") };
    await agentOf([], { model }).run("task", { additionalArgs: variables });
    const task = String(model.requests[0]?.messages[1]?.content);
    expect(task).toMatch(/- since \(datetime\): "1970-.*\n- names \(dict\): \{"1":"one"\}\n- ids \(set\): \[7\]\n- page \(str of 20\): http/);
  });

  it("shows images to the model with the task", async () => {
    const model = scriptedModel([action("answer 1")]);
    const image = { mediaType: "image/png", data: new Uint8Array([1]) };
    await agentOf([], { model }).run("what is this?", { images: [image] });
    expect(model.requests[0]?.messages[1]?.content).toMatchObject([{ type: "text" }, { type: "image", image }]);
  });

  it("asks for structured actions by a response schema", async () => {
    const model = scriptedModel([JSON.stringify({ thought: "t", code: "answer 7" })]);
    const result = await agentOf([], { model, actionFormat: "structured" }).run("task");
    expect(result).toMatchObject({ state: "success", output: 7 });
    expect(model.requests[0]?.responseSchema?.name).toBe("action");
    expect(model.requests[0]?.stop).toBeUndefined();
  });

  it("stops the model at the end of a block, not at a tag in a text of the program", async () => {
    const model = scriptedModel([action("answer 7")]);
    await agentOf([], { model }).run("task");
    expect(model.requests[0]?.stop).toEqual(["\nObservation:", "\n</code>"]);
  });

  it("asks for markdown without a stop text that would cut the opening fence", async () => {
    const model = scriptedModel(["```python\nanswer 7\n```"]);
    expect(await agentOf([], { model, codeTags: "markdown" }).run("task")).toMatchObject({ output: 7 });
    expect(model.requests[0]?.stop).toEqual(["\nObservation:"]);
  });

  it("runs an unclosed block up to the observation that the model made up", async () => {
    const result = await agentOf(["<code>\nanswer 1\nObservation: 2"]).run("task");
    expect(result).toMatchObject({ state: "success", output: 1 });
    expect(result.steps.at(-1)).toMatchObject({ code: "answer 1" });
  });

  it("closes the block that the stop text cut off", async () => {
    const result = await agentOf(["Thought: t\n<code>\nanswer 7\n"]).run("task");
    expect(result.steps[2]).toMatchObject({ modelOutput: "Thought: t\n<code>\nanswer 7\n</code>" });
  });

  it.each(["length", "content-filter"] as const)("does not run code that was cut off by %s", async (finishReason) => {
    const cut = {
      content: [{ type: "text" as const, text: "<code>\nanswer 1" }],
      usage: { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 },
      finishReason,
    };
    const model = scriptedModel([cut, action("answer 2")]);
    expect(await agentOf([], { model }).run("task")).toMatchObject({ output: 2 });
  });

  it("cuts the middle out of long observations", async () => {
    const executor = fakeExecutor(({ code, print, finalAnswer }) => {
      if (code === "end") return finalAnswer(1);
      print("x".repeat(50_000));
      return null;
    });
    const result = await agentOf([action("flood"), action("end")], { executor, maxObservationCharacters: 1_000 }).run("task");
    const [step] = result.steps.slice(2);
    expect(step?.type === "action" && step.observation.length).toBeLessThan(1_200);
  });
});

describe("isolation between runs", () => {
  it("keeps a hundred runs of one agent apart", async () => {
    const executor = fakeExecutor(async ({ code, variables, call, finalAnswer }) => {
      if (code === "end") return finalAnswer([variables.mine ?? null, variables.leak ?? null] as never);
      variables.leak = variables.leak === undefined ? (variables.mine as number) : "someone else's";
      return call("wait", []);
    });
    const model = async (request: ModelRequest): Promise<string> => action(request.messages.length < 4 ? "begin" : "end");
    const wait = tool({
      name: "wait",
      description: "Waits.",
      input: z.object({}),
      execute: (_, { context }) => new Promise<number>((resolve) => setTimeout(() => resolve(context as number), 5)),
    });
    const agent = new CodeAgent({ model, executor, tools: [wait] });
    const results = await Promise.all(Array.from({ length: 100 }, (_, mine) => agent.run("task", { additionalArgs: { mine }, context: mine })));
    for (const [mine, result] of results.entries()) expect(result).toMatchObject({ state: "success", output: [mine, mine] });
    expect(new Set(results.map(({ runId }) => runId)).size).toBe(100);
    expect(executor.openSessions).toBe(0);
  });
});

describe("model failures", () => {
  it("survive a 503, a cut stream and a lost connection", async () => {
    const model = faultyModel(scriptedModel([action("half"), action("a"), action("answer 1")]), [
      { call: 1, type: "error", status: 503 },
      { call: 2, type: "cut", afterDeltas: 1 },
      { call: 3, type: "error" },
    ]);
    const events = await eventsOf(agentOf([], { model }).start("task"));
    expect(events.filter(({ type }) => type === "model-retry")).toHaveLength(3);
    expect(events.at(-1)).toMatchObject({ state: "success" });
  });

  it.each([400, 401, 403])("are raised at once for %d, with what was done", async (status) => {
    const model = faultyModel(scriptedModel([action("a")]), [{ call: 2, type: "error", status }]);
    await expect(agentOf([], { model }).run("task")).rejects.toMatchObject({ code: "model-call", status, run: { steps: { length: 3 } } });
  });

  it("of a plain function are raised with their cause", async () => {
    const bug = new TypeError("my bug");
    await expect(agentOf([], { model: () => Promise.reject(bug) }).run("task")).rejects.toMatchObject({ code: "model-call", cause: bug });
  });

  it.each([undefined, {}, { content: null }, { content: ["text"] }, { content: [null] }, { content: [{ type: "text" }] }])(
    "include answers that are none: %o",
    async (response) => {
      await expect(agentOf([], { model: (async () => response) as never }).run("task")).rejects.toMatchObject({ code: "model-call" });
    },
  );

  it("end after the last try", async () => {
    const model = faultyModel(
      scriptedModel([]),
      [1, 2, 3].map((call) => ({ call, type: "error", status: 500 })),
    );
    await expect(agentOf([], { model, retry: { maxRetries: 2, firstDelayMs: 1 } }).run("task")).rejects.toMatchObject({ status: 500 });
  });
});

describe("a sandbox that fails", () => {
  it("to close is a warning: the answer is there", async () => {
    const executor = fakeExecutor(answering);
    const closing = {
      ...executor,
      open: async () => Object.assign(await executor.open(), { [Symbol.asyncDispose]: () => Promise.reject(new Error("stuck")) }),
    };
    const events = await eventsOf(agentOf([action("answer 1")], { executor: closing }).start("task"));
    expect(events.slice(-2)).toMatchObject([{ type: "warning" }, { type: "run-end", state: "success" }]);
  });

  it("to open ends the run at once, with the reason", async () => {
    const executor = { ...fakeExecutor(answering), open: () => Promise.reject(new ConfigurationError("no bubblewrap")) };
    const model = (): Promise<never> => new Promise(() => {});
    await expect(agentOf([], { executor, model }).run("task")).rejects.toMatchObject({ code: "configuration", run: { steps: { length: 2 } } });
  });

  it("in the middle of a step is replaced twice, and the model is told; then the run ends", async () => {
    const crash: FakeHandler = () => {
      throw new ExecutorCrashedError("gone");
    };
    const model = scriptedModel(Array.from({ length: 3 }, () => action("x")));
    const failure = await agentOf([], { executor: fakeExecutor(crash), model })
      .run("task")
      .catch((error) => error);
    expect(failure).toMatchObject({ code: "executor-crashed" });
    expect(failure.run.steps[2].observation).toContain("all variables, functions and imports are gone");
  });
});

describe("a changed copy", () => {
  it("keeps the other options", async () => {
    const agent = agentOf([action("a"), "the end"]);
    expect(await agent.with({ maxSteps: 1 }).run("task")).toMatchObject({ state: "limit", limit: "steps", text: "the end" });
  });
});

describe("options", () => {
  const executor = fakeExecutor(answering);
  it.each<readonly [string, object, RegExp]>([
    ["no executor", { executor: undefined }, /exactly one of `executor` and `executorType`/],
    ["two executors", { executorType: "wasm" }, /exactly one/],
    ["the name of an executor", { executor: "wasm" }, /Expected `executor` to be one, .* got type `string`\. A name is an `executorType`/],
    ["the factory of an executor", { executor: fakeExecutor }, /Expected `executor` to be one, such as wasmExecutor\(\), got type `function`/],
    ["a bad limit", { maxSteps: 0 }, /Expected `maxSteps` to be a number >= 1, got `0` \(number\)/],
    ["a cost without a price", { budget: { costUsd: 1 } }, /`price/],
    ["a budget of something else", { budget: { dollars: 1 } }, /Expected `budget` to have only steps, modelCalls/],
    ["a template of something else", { promptTemplates: { sistem: () => "" } }, /Expected `promptTemplates` to have only system/],
    ["no model", { model: undefined }, /Expected `model`/],
    ["an unknown format", { actionFormat: "structred" }, /Expected `actionFormat` to be one of text, structured/],
    ["unknown tags", { codeTags: "xml" }, /Expected `codeTags`/],
    ["empty tags", { codeTags: { open: "", close: "" } }, /Expected `codeTags`/],
    ["a check that is no list", { finalAnswerChecks: () => true }, /finalAnswerChecks/],
    ["tools that are no list", { tools: { add: 1 } }, /Expected `tools` to be a list, got an object/],
    ["a tool that isn't one", { tools: [{ name: "x" }] }, /made by `tool/],
    ["a retry that is no number", { retry: { maxRetries: "3" } }, /retry.maxRetries/],
    ["a bad name", { name: "my agent" }, /Python identifier/],
    [
      "two tools of one name",
      { tools: [1, 2].map(() => tool({ name: "t", description: "d", input: z.object({}), execute: () => 1 })) },
      /a different `name` each/,
    ],
    ["a managed agent without a name", { managedAgents: [agentOf([], { description: "d" })] }, /a different `name` each, got: agent, agent/],
    ["a schema that isn't one", { output: { type: "number" } }, /jsonSchema<T>/],
    ["a bad timeout", { stepTimeoutMs: -5 }, /Expected `stepTimeoutMs` to be a number >= 1, got `-5` \(number\)/],
  ])("are refused at the door: %s", (_, options, message) => {
    expect(() => new CodeAgent({ model: scriptedModel([]), executor, ...options } as never)).toThrow(message);
  });
});

it.each<readonly [string, object, RegExp]>([
  ["an option that is misspelled", { maxStep: 3 }, /`agent` to have only .*maxSteps.*, got `maxStep`/],
  ["a policy that is no function", { toolPolicy: "ask" }, /`toolPolicy` to be a function/],
  ["imports that are no list", { authorizedImports: "math" }, /`authorizedImports` to be a list/],
  ["instructions that are no text", { instructions: 5 }, /`instructions` to be text/],
  ["checks that are no functions", { finalAnswerChecks: [1] }, /`finalAnswerChecks\[0\]` to be a function/],
  ["tags that are the same", { codeTags: { open: "$$", close: "$$" } }, /open and close differently/],
  ["tools that tool() has not made", { tools: [{ name: "a", description: "d", input: z.object({}), execute: () => 1 }] }, /made by `tool/],
  ["a retry that is misspelled", { retry: { retries: 0 } }, /`retry` to have only/],
])("refuses %s", (_, options, message) => {
  expect(() => new CodeAgent({ model: scriptedModel([]), executor: fakeExecutor(() => null), ...options } as never)).toThrow(message);
});

it("refuses an option of a run that is misspelled", async () => {
  const agent = new CodeAgent({ model: scriptedModel([]), executor: fakeExecutor(() => null) });
  await expect(agent.run("task", { maxStep: 1 } as never)).rejects.toThrow("`run` to have only signal, context, maxSteps");
});
