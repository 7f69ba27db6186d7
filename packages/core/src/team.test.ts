import { scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { ManagedAgent } from "./managed-agent.ts";
import type { ModelFunction, ModelRequest } from "./model.ts";
import { eventsOf } from "./testing/code-agents.ts";
import { type Call, executor, type Kind, make, taskOf, textOfRequest, turn, worker } from "./testing/teams.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

describe("a team", () => {
  const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: (_, { agentPath }) => agentPath.join("/") });
  const level = (name: string, below: ManagedAgent[], calls: readonly Call[], kind: Kind = "code"): ManagedAgent =>
    make(kind, {
      name,
      description: "Works.",
      managedAgents: below,
      tools: [ping],
      model: scriptedModel([turn[kind](calls), turn[kind]([], `by ${name}`)]),
    });

  it("goes three levels deep, in one sequence of events with one terminal event", async () => {
    const third = level("third", [], [["ping", {}]]);
    const second = level("second", [third], [["third", { task: "down" }]], "tool-calling");
    const first = level("first", [second], [["second", { task: "down" }]]) as CodeAgent;
    const run = first.start("go");
    const events = await eventsOf(run);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
    expect(
      events.filter(({ type }) => /-start$|-end$/.test(type) && !/step|model/.test(type)).map(({ type, agentPath }) => [type, agentPath.join("/")]),
    ).toEqual([
      ["run-start", "first"],
      ["agent-start", "first/second"],
      ["agent-start", "first/second/third"],
      ["agent-end", "first/second/third"],
      ["agent-end", "first/second"],
      ["run-end", "first"],
    ]);
    const tasks = events.flatMap((event) => (event.type === "run-start" || event.type === "agent-start" ? [event.task] : []));
    expect(tasks).toEqual(["go", "down", "down"]);
    expect(events.find((event) => event.type === "tool-result" && event.tool === "ping")).toMatchObject({ value: "first/second/third" });
    expect(await run.result).toMatchObject({ state: "success", output: "by first", usage: { input: 60 } });
    expect(executor.openSessions).toBe(0);
  });

  it("is one definition: a hundred runs of it at once do not mix", async () => {
    const outer: ModelFunction = async (request) =>
      request.messages.length > 2
        ? turn.code([], (/by-\w+/.exec(textOfRequest(request)) ?? [""])[0])
        : turn.code([["worker", { task: `task-by-${taskOf(request)}` }]]);
    const inner: ModelFunction = async (request) => turn.code([], (/by-\w+/.exec(textOfRequest(request)) ?? [""])[0]);
    const team = new CodeAgent({ model: outer, executor, managedAgents: [worker("code", inner)] });
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => team.run(`task-${index}`)));
    for (const [index, result] of results.entries()) expect(result).toMatchObject({ state: "success", output: `by-${index}` });
  });

  it("steps by hand by the manager's steps", async () => {
    const first = level("first", [level("second", [], [["ping", {}]])], [["second", { task: "down" }]]) as CodeAgent;
    const run = first.start("go");
    expect(await run.step()).toMatchObject({ step: 1, code: expect.stringContaining("second") });
    expect(await run.step()).toMatchObject({ step: 2, isFinal: true });
    expect(await run.step()).toBeUndefined();
  });

  it("does not join the texts of two agents that speak at once", async () => {
    const pieces = scriptedModel(Array.from({ length: 2 }, () => ["<code>\n", '{"answer":', "1}", "\n</code>"]));
    const outer = scriptedModel([
      turn.code([
        ["worker", { task: "x" }],
        ["worker", { task: "y" }],
      ]),
      turn.code([], 1),
    ]);
    const run = new CodeAgent({ model: outer, executor, managedAgents: [worker("code", pieces)] }).start("go");
    await run.result;
    const texts = (await eventsOf(run)).flatMap((event) => (event.type === "model-delta" && event.agentPath.length > 1 ? [event] : []));
    const byAgent = Map.groupBy(texts, ({ agentPath }) => agentPath);
    expect([...byAgent.values()].map((events) => events.map(({ text }) => text).join(""))).toEqual(
      Array.from({ length: 2 }, () => '<code>\n{"answer":1}\n</code>'),
    );
  });

  it("obeys the policy of every manager, the outermost last, for the tools and agents below", async () => {
    const asked: string[] = [];
    const inner = scriptedModel([turn.code([["ping", {}]]), turn.code([], "done")]);
    const outer = scriptedModel([turn.code([["worker", { task: "x" }]]), turn.code([], 1)]);
    const toolPolicy = (who: string) => (call: { readonly tool: string; readonly agentPath: readonly string[] }) => {
      asked.push(`${who}: ${call.agentPath.join("/")} ${call.tool}`);
      return call.tool === "ping" && who === "outer" ? ({ deny: "no pings here" } as const) : "allow";
    };
    const managed = worker("code", inner, { tools: [ping], toolPolicy: toolPolicy("inner") });
    await new CodeAgent({ model: outer, executor, managedAgents: [managed], toolPolicy: toolPolicy("outer"), name: "boss" }).run("go");
    expect(asked).toEqual(["outer: boss worker", "inner: boss/worker ping", "outer: boss/worker ping"]);
    expect(textOfRequest(inner.requests[1] as ModelRequest)).toContain("no pings here");
  });

  it("gives answers of a schema that transforms as they were checked, once", async () => {
    const inner = scriptedModel([turn.code([], "four")]);
    const outer = scriptedModel([turn.code([["worker", { task: "x" }]]), turn.code([], 1)]);
    const output = z.string().transform((text) => text.length);
    const team = new CodeAgent({ model: outer, executor, managedAgents: [worker("code", inner, { output: output as never })] });
    expect((await team.run("go")).steps[2]).toMatchObject({ observation: expect.stringContaining("[4]") });
  });

  it("hands a picture to a managed agent by its name", async () => {
    const image = { mediaType: "image/png", data: new Uint8Array([1, 2]) };
    const draw = tool({ name: "draw", description: "Draws.", input: z.object({}), execute: () => image });
    const inner = scriptedModel([turn["tool-calling"]([], "picture")]);
    const given = { task: "look", additional_args: { picture: "image_1.png" } };
    const outer = scriptedModel([
      turn["tool-calling"]([["draw", {}]]),
      turn["tool-calling"]([["worker", given]]),
      turn["tool-calling"]([], "image_2.png"),
    ]);
    const team = new ToolCallingAgent({ model: outer, tools: [draw], managedAgents: [worker("tool-calling", inner)] });
    expect(await team.run("go")).toMatchObject({ state: "success", output: image });
  });

  it.each<readonly [string, object]>([
    ["without a description", { description: undefined }],
    ["with its manager's name", { name: "agent" }],
    ["with a tool's name", { name: "ping" }],
  ])("refuses a member %s", (_, options) => {
    const model = scriptedModel([]);
    expect(() => new ToolCallingAgent({ model, tools: [ping], managedAgents: [worker("code", model, options)] })).toThrow(TypeError);
  });
});

it("asks a manager about the arguments that its member's policy has put in the place of the model's", async () => {
  const paid: number[] = [];
  const pay = tool({ name: "pay", description: "Pays.", input: z.object({ x: z.number() }), execute: ({ x }) => void paid.push(x) });
  const inner = scriptedModel([turn.code([["pay", { x: 1 }]]), turn.code([], "done")]);
  const outer = scriptedModel([turn.code([["worker", { task: "x" }]]), turn.code([], 1)]);
  const managed = worker("code", inner, { tools: [pay], toolPolicy: () => ({ rewrite: { x: 1_000 } }) });
  const toolPolicy = ({ tool: name, input }: { readonly tool: string; readonly input: unknown }) =>
    name === "pay" && (input as { x: number }).x > 100 ? ({ deny: "too much" } as const) : "allow";
  await new CodeAgent({ model: outer, executor, managedAgents: [managed], toolPolicy, name: "boss" }).run("go");
  expect(paid).toEqual([]);
  expect(textOfRequest(inner.requests[1] as ModelRequest)).toContain("too much");
});
