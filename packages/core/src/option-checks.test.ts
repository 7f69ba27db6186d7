import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compactObservations } from "./compaction.ts";
import { consoleReporter, replay } from "./console/index.ts";
import { agentTree } from "./describe.ts";
import { CodeAgent, loadExecutor, Memory, memoryJournal, runCode, ToolCallingAgent, tool } from "./index.ts";
import { poolExecutor } from "./pool-executor.ts";
import { fromLiteLLM, pricesOf } from "./prices.ts";
import { answering } from "./testing/code-agents.ts";

const executor = fakeExecutor(answering);
const agentOf = (options: object = {}): CodeAgent => new CodeAgent({ model: scriptedModel([]), executor, ...options } as never);
const add = { name: "add", description: "Adds.", input: z.object({ a: z.number() }), execute: () => 1 };
const result = { state: "success", output: 1, steps: [], runId: "r" };

describe("a mistake in plain JavaScript is a TypeError that names what was expected", () => {
  it.each<readonly [string, () => unknown, string]>([
    ["an agent without options", () => new CodeAgent(undefined as never), "Expected `options of agent` to be an object, got undefined"],
    ["an agent of a text", () => new ToolCallingAgent("gpt-5.1" as never), "`options of agent` to be an object, got text"],
    ["a model's name", () => agentOf({ model: "gpt-5.1" }), "`model` to be one, such as openai"],
    ["no schema", () => agentOf({ output: null }), "`output` to be a Standard JSON Schema"],
    ["a tool as a managed agent", () => agentOf({ managedAgents: [tool(add)] }), "`managedAgents` to be agents, such as new CodeAgent"],
    ["nothing as a managed agent", () => agentOf({ managedAgents: [null] }), "`managedAgents` to be agents"],
    ["a description that is no text", () => agentOf({ description: 5 }), "`description` to be text, got Number"],
    ["nothing as a tool", () => agentOf({ tools: [null] }), "made by `tool"],
    ["a budget of no step", () => agentOf({ budget: { steps: 0 } }), "`budget.steps` to be a number >= 1, got `0`"],
    ["a budget that is no number", () => agentOf({ budget: { wallTimeMs: "1s" } }), "`budget.wallTimeMs` to be a number >= 1, got `1s`"],
    ["a cost below nothing", () => agentOf({ budget: { costUsd: -1 }, price: () => 0 }), "`budget.costUsd` to be a number >= 0, got `-1`"],
    ["tags of null", () => agentOf({ codeTags: null }), "`codeTags` to be"],
    ["no budget", () => agentOf({ budget: null }), "`budget` to be an object, got null"],
    ["a number as retry", () => agentOf({ retry: 5 }), "`retry` to be an object, got Number"],
    ["templates that are none", () => agentOf({ promptTemplates: null }), "`promptTemplates` to be an object"],
    ["a journal that is none", () => agentOf({ journal: {} }), "`journal` to be a function, such as memoryJournal(), got an object"],
    ["a flag as text", () => agentOf({ keepsMemory: "no" }), "`keepsMemory` to be true or false, got text"],
    ["callbacks that are none", () => agentOf({ stepCallbacks: "log" }), "`stepCallbacks` to be a function or an object, got text"],
    ["a callback's kind that is misspelled", () => agentOf({ stepCallbacks: { acton: () => {} } }), "`stepCallbacks` to have only system, task"],
    ["a callback that is none", () => agentOf({ stepCallbacks: { task: [null] } }), "`task[0]` to be a function, got null"],
    ["no executor type", () => agentOf({ executor: undefined, executorType: null }), "`executorType` to be text, got null"],
    ["a tool of nothing", () => tool(undefined as never), "to be an object, got undefined"],
    ["a tool with an empty output", () => tool({ ...add, output: null } as never), "`output of tool add` to be a Standard JSON Schema"],
    ["an approval as text", () => tool({ ...add, needsApproval: "yes" } as never), "`needsApproval` to be true or false, or a function, got text"],
    ["a tool with no name for a function", () => tool({ ...add, name: "add-up" }), "`name` to be a Python identifier"],
    ["a tool named as a keyword", () => tool({ ...add, name: "lambda" }), "and no keyword, got `lambda`"],
    ["a tool that is named as the answer", () => tool({ ...add, name: "final_answer" }), "The name `final_answer` is taken by the sandbox"],
    ["a tool without a description", () => tool({ ...add, description: " " }), "`description` of tool `add` to be text for the model"],
    ["a tool described by an object", () => tool({ ...add, description: {} } as never), "`description` of tool `add` to be text for the model"],
    ["a tool that does nothing", () => tool({ ...add, execute: undefined } as never), "`execute` of tool `add` to be a function"],
    ["a tool without time", () => tool({ ...add, timeoutMs: 0 }), "`timeoutMs` to be a number >= 1, got `0`"],
    ["a tool that reads what is secret", () => tool({ ...add, reads: "secret" } as never), "`reads` to be one of private, public"],
    ["a tool that ingests anything", () => tool({ ...add, ingests: true } as never), "`ingests` to be one of trusted, untrusted"],
    ["a tool that takes a text", () => tool({ ...add, input: z.string() }), "`input` of tool `add` to be an object schema"],
    ["a tool that takes one of two", () => tool({ ...add, input: z.union([add.input, z.object({ b: z.number() })]) }), "to be an object schema"],
    ["tags by an unknown name", () => agentOf({ codeTags: "html" }), '`codeTags` to be "code", "markdown" or { open, close }, got `html`'],
    ["tags that open with nothing", () => agentOf({ codeTags: { open: "", close: "</run>" } }), "`codeTags` to be"],
    ["null for a number with a default", () => agentOf({ maxSteps: null }), "`maxSteps` to be a number >= 1, got `null`"],
    ["null for a wait with a default", () => agentOf({ retry: { maxDelayMs: null } }), "`retry.maxDelayMs` to be a number >= 0, got `null`"],
    ["tags that are numbers", () => agentOf({ codeTags: { open: 1, close: 2 } }), "`codeTags` to be"],
    ["a choice that has no text", () => agentOf({ dataPolicy: Symbol("off") }), "`dataPolicy` to be one of off, warn, block, ask, got `Symbol(off)`"],
    ["a number that has no text", () => agentOf({ maxSteps: Symbol("5") }), "`maxSteps` to be a number >= 1, got `Symbol(5)` (symbol)"],
    ["imports that are no names", () => agentOf({ authorizedImports: ["math", null] }), "`authorizedImports[1]` to be text, got null"],
    ["options for an executor that is made already", () => agentOf({ executorOptions: {} }), "`executorOptions` beside an `executorType` only"],
    ["a tool that would take the program's output", () => tool({ ...add, name: "print" }), "The name `print` is taken by the sandbox"],
    ["tags that don't close", () => agentOf({ codeTags: { open: "<run>" } }), "`codeTags` to be"],
    ["a memory of a result", () => new Memory([result as never]), "Expected memory to be made of steps, as in `result.steps`"],
    ["a clock that is misspelled", () => memoryJournal({ clok: {} } as never), "`memoryJournal` to have only clock"],
    ["a pool of a name", () => poolExecutor("wasm" as never, { size: 1 }), "`executor` to be one"],
    ["a pool of no size", () => poolExecutor(executor, undefined as never), "`options of poolExecutor` to be an object"],
    ["a pool's option that is misspelled", () => poolExecutor(executor, { size: 1, max: 2 } as never), "`poolExecutor` to have only size"],
    ["prices of nothing", () => pricesOf(undefined as never), "`table` to be an object, got undefined"],
    ["a price that is none", () => pricesOf({ m: null } as never), "`options of price of m` to be an object, got null"],
    ["a price that is misspelled", () => pricesOf({ m: { input: 1, output: 1, cached: 0 } } as never), "`price of m` to have only input"],
    ["LiteLLM's text", () => fromLiteLLM("{}" as never), "`entries` to be an object, got text"],
    ["a compactor's option that is misspelled", () => compactObservations({ maxInputTokens: 500, keep: 1 } as never), "to have only maxInputTokens"],
    ["a verbosity alone", () => consoleReporter("debug" as never), "`options of consoleReporter` to be an object, got text"],
    ["a reporter's option that is misspelled", () => consoleReporter({ colours: true } as never), "`consoleReporter` to have only verbosity"],
    ["a language that is unknown", () => consoleReporter({ language: "ruby" } as never), "`language` to be one of python, javascript"],
    ["a replay of a promise", () => replay(Promise.resolve(result) as never), "`run.steps` to be a list of steps"],
    ["a tree of a result", () => agentTree(result as never), "`agent` to be one, such as new CodeAgent"],
  ])("%s", (_, mistake, message) => {
    expect(mistake).toThrow(expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }));
  });

  it.each<readonly [string, readonly unknown[], string]>([
    ["no task", [], "Expected `task` to be text, got undefined"],
    ["a task that is none", [{ task: "x" }], "`task` to be text, got an object"],
    ["a task that is not awaited", [Promise.resolve("x")], "`task` to be text, got Promise"],
    ["no options", ["x", null], "`options of run` to be an object, got null"],
    ["a signal as options", ["x", AbortSignal.timeout(1_000)], "`options of run` to be an object, got AbortSignal"],
    ["a controller as the signal", ["x", { signal: new AbortController() }], "`signal` to be an AbortSignal, got AbortController"],
    ["a path that is no list", ["x", { images: "photo.jpg" }], "`images` to be a list, got text"],
    ["variables in a map", ["x", { additionalArgs: new Map() }], "`additionalArgs` to be an object, got Map"],
    ["a variable that is a tool's", ["x", { additionalArgs: { add: 1 } }], "variables to have names of their own, got `add`, which is a tool"],
    ["a variable that can't cross", ["x", { additionalArgs: { f: () => 1 } }], "the variable `f` to be plain data: a function can't leave the host"],
    ["a number as its id", ["x", { runId: 5 }], "`runId` to be a text, got `5` (number)"],
    ["a result as memory", ["x", { memory: result }], "`memory` to be a list of steps, such as `result.steps`, got an object"],
    ["a picture that is none", ["x", { images: [null] }], "Expected a picture or another file to be bytes, a Blob"],
    ["a picture in base64", ["x", { images: [{ mediaType: "image/png", data: "aGk=" }] }], "{ mediaType, data } with bytes as data"],
    ["a variable that is no name", ["x", { additionalArgs: { "a b": 1 } }], "`name of a variable` to be a Python identifier"],
    ["nothing as a step", ["x", { memory: [null] }], "Expected memory to be made of steps, as in `result.steps`, got null"],
    ["texts as memory", ["x", { memory: ["hello"] }], "Expected memory to be made of steps"],
    ["an approval that is no function", ["x", { approve: true }], "`approve` to be a function, got true or false"],
  ])("a run with %s", async (_, args, message) => {
    const agent = agentOf({ tools: [tool(add)] });
    const run = agent.run as (...args: readonly unknown[]) => Promise<unknown>;
    await expect(run.apply(agent, [...args])).rejects.toThrow(
      expect.objectContaining({ name: "TypeError", message: expect.stringContaining(message) }),
    );
  });

  it.each<readonly [string, readonly unknown[], string]>([
    ["nothing", [], "`executor` to be one"],
    ["a name", ["wasm", "1"], "`executor` to be one, such as wasmExecutor()"],
    ["an executor alone", [executor], "`code` to be text, got undefined"],
    ["a timeout alone", [executor, "1", 5], "`options of runCode` to be an object, got Number"],
    ["an option that is misspelled", [executor, "1", { timeout: 5 }], "`runCode` to have only tools"],
    ["a tool that is no list", [executor, "1", { tools: tool(add) }], "`tools` to be a list, got an object"],
  ])("runCode with %s", async (_, args, message) => {
    await expect((runCode as (...args: readonly unknown[]) => Promise<unknown>)(...args)).rejects.toThrow(message);
  });

  it("but what is undefined is not there", async () => {
    const agent = agentOf({ model: scriptedModel(["<code>\nanswer 1\n</code>"]), maxStep: undefined, budget: { step: undefined }, retry: undefined });
    expect(await agent.run("x", { additionalArgs: undefined, maxStep: undefined } as never)).toMatchObject({ state: "success" });
  });

  it("an executor by no name, and by a path", async () => {
    await expect(loadExecutor(null as never)).rejects.toThrow("`executorType` to be text, got null");
    await expect(loadExecutor("./mine.js")).rejects.toThrow('There is no executor type "./mine.js"');
  });
});

describe("a model that gives what is no answer fails with what was expected", () => {
  it.each<readonly [string, object]>([
    ["nothing", { generate: async () => undefined }],
    ["another library's answer", { generate: async () => ({ text: "hello" }) }],
    [
      "a stream of texts",
      {
        stream: async function* () {
          yield "hello";
        },
      },
    ],
    [
      "a stream of nothing",
      {
        stream: async function* () {
          yield null;
        },
      },
    ],
  ])("%s", async (_, model) => {
    const failure = await agentOf({ model: { id: "m", generate: async () => "", ...model } })
      .run("x")
      .catch((error) => error);
    expect(failure).toMatchObject({ code: "model-call", retryable: false, message: expect.stringContaining("{ type, …") });
  });
});
