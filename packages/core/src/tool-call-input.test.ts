import { scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jsonSchema } from "./json-schema.ts";
import { type Message, noUsage as usage } from "./model.ts";
import { actionsOf, agentOf, answer, call, cut, expectValid, partsOf, resultsOf, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import type { Json, Media } from "./value.ts";

describe("bad input", () => {
  it("that is no JSON reaches no tool, not even one that takes a text called input", async () => {
    const received: unknown[] = [];
    const save = tool({ name: "save", description: "Saves.", input: z.object({ input: z.string() }), execute: (input) => received.push(input) });
    const [result] = await resultsOf([call("save", '{"input": "half a te')], { tools: [save] });
    expect(result).toMatchObject({ isError: true, content: expect.stringContaining("JSON object") });
    expect(received).toEqual([]);
  });

  it("is sent back as an object, as providers demand, and is an event like other calls", async () => {
    const { agent, model } = agentOf([says(call("add", "{a: 1", "x")), says(answer(1))]);
    const run = agent.start("task");
    const events: string[] = [];
    for await (const event of run) if (event.type === "tool-call" || event.type === "tool-result") events.push(event.type);
    expect(partsOf("tool-call", model.requests[1]?.messages.at(-2) as Message)).toEqual([call("add", { input: "{a: 1" }, "x")]);
    expect(events).toEqual(["tool-call", "tool-result"]);
  });

  it.each([
    ["null", null],
    ["an empty text", ""],
  ])("that is %s means no arguments", async (_, input) => {
    const ping = tool({ name: "ping", description: "Pings.", input: z.object({}), execute: () => "pong" });
    expect(await resultsOf([call("ping", input)], { tools: [ping] })).toMatchObject([{ content: "pong" }]);
  });

  it.each([
    ["functions.add", { a: 1, b: 2 }],
    ["tools.add", { a: 1, b: 2 }],
    ["add()", { a: 1, b: 2 }],
    [" add", { a: 1, b: 2 }],
    ["Add", { a: 1, b: 2 }],
    ["add:0", { a: 1, b: 2 }],
    ["add<|channel|>commentary", { a: 1, b: 2 }],
    ["add", '{"a": 1, "b": 2}'],
    ["add", JSON.stringify('{"a": 1, "b": 2}')],
    ["add", "{'a': 1, 'b': 2,}"],
  ])("is read as it is meant: %s %j", async (name, input) => {
    const { agent, model } = agentOf([says(call(name, input)), says(answer(3))]);
    await agent.run("task");
    const messages = model.requests[1]?.messages ?? [];
    expect(partsOf("tool-result", messages.at(-1) as Message)).toMatchObject([{ name: "add", content: "3", isError: false }]);
    expect(partsOf("tool-call", messages.at(-2) as Message)).toMatchObject([{ name: "add", input: { a: 1, b: 2 } }]);
  });

  it("that is a list is said to be one", async () => {
    expect((await resultsOf([call("add", [1, 2])]))[0]?.content).toMatch(/must be one JSON object.*a list/);
  });

  it("is described to the model: unknown tools, missing and wrong arguments", async () => {
    const results = await resultsOf([call("subtract"), call("add", { a: 1 }), call("add", { a: "1", b: 2 }), call("add", { a: 1, b: 2, c: 3 })]);
    expect(results.map(({ isError }) => isError)).toEqual([true, true, true, true]);
    expect(results[0]?.content).toMatch(/no tool `subtract`.*add, fail/);
    expect(results[1]?.content).toMatch(/wrong arguments: b/);
    expect(results[2]?.content).toMatch(/wrong arguments: a/);
    expect(results[3]?.content).toMatch(/no parameter `c`/);
  });

  it("does not reach a prototype", async () => {
    await resultsOf([call("add", JSON.parse('{"a": 1, "b": 2, "__proto__": {"polluted": 1}}') as Json)]);
    expect({}).not.toHaveProperty("polluted");
  });
});

describe("an answer that was cut off", () => {
  it("in the middle of arguments makes no call with them", async () => {
    const { agent } = agentOf([cut(call("add", { a: 1, b: 2 }), call("add", '{"a": 1, "b')), says(answer(3))]);
    const result = await agent.run("task");
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ content, isError }) => [isError, content])).toEqual([
      [false, "3"],
      [true, expect.stringContaining("JSON object")],
    ]);
  });

  it("in the middle of the final answer is no answer", async () => {
    const { agent, model } = agentOf([cut(call("final_answer", '{"answer": "It was a dark and')), says(answer("short"))]);
    expect(await agent.run("task")).toMatchObject({ state: "success", output: "short" });
    expectValid(model.requests[1]?.messages ?? []);
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("cut off");
  });

  it("before any call says so to the model", async () => {
    const { agent, model } = agentOf([cut({ type: "text", text: "Let me think about" }), says(answer(1))]);
    await agent.run("task");
    expect(JSON.stringify(model.requests[1]?.messages.at(-1))).toContain("cut off");
  });

  it("is no answer either when its JSON is broken otherwise", async () => {
    const { agent } = agentOf([says(call("final_answer", '{"answer": "He said "hi""}')), says(answer("hi"))]);
    expect(await agent.run("task")).toMatchObject({ output: "hi" });
  });
});

it("a final answer without an argument is asked for again, unless the output schema takes an empty one", async () => {
  const { agent, model } = agentOf([says({ type: "text", text: "It is 4." }, call("final_answer")), says(answer(4))]);
  expect(await agent.run("task")).toMatchObject({ state: "success", output: 4 });
  expect(model.requests[1]?.messages.at(-1)?.content).toContain('{"answer": …}');
  const output = z.object({ note: z.string().optional() });
  expect(await agentOf([says(call("final_answer"))], { output }).agent.run("task")).toMatchObject({ state: "success", output: {} });
});

describe("values by name", () => {
  const pixels: Media = { mediaType: "image/png", data: new Uint8Array([1, 2, 3]) };
  const draw = tool({ name: "draw", description: "Draws.", input: z.object({}), execute: () => pixels });
  const measure = tool({
    name: "measure",
    description: "Measures.",
    input: jsonSchema<{ readonly image: Media; readonly more?: readonly Media[] }>({
      type: "object",
      properties: { image: {}, more: {} },
      required: ["image"],
    }),
    execute: ({ image, more = [] }) => [image, ...more].reduce((sum, { data }) => sum + data.length, 0),
  });

  it("hand a picture from one tool to another, also in lists, without its bytes in the prompt", async () => {
    const { agent, model } = agentOf(
      [
        says(call("draw"), call("draw")),
        says(call("measure", { image: "image_1.png", more: ["image_2.png"] })),
        says(call("final_answer", { answer: "image_1.png" })),
      ],
      { tools: [draw, measure] },
    );
    const result = await agent.run("task");
    expect(actionsOf(result.steps)[0]?.toolResults?.map(({ content }) => content)).toEqual([
      expect.stringContaining('"image_1.png"'),
      expect.stringContaining('"image_2.png"'),
    ]);
    expect(actionsOf(result.steps)[1]?.toolResults).toMatchObject([{ content: "6" }]);
    expect(result).toMatchObject({ state: "success", output: pixels });
    expect(JSON.stringify(model.requests)).not.toContain('"data"');
  });

  it("are shown to a model that sees where it takes their kind", async () => {
    const kinds = ["image/png", "image/jpg", "image/svg+xml", "image/tiff", "audio/wav"];
    const draws = tool({
      name: "draw",
      description: "Draws.",
      input: z.object({}),
      execute: () => kinds.map((mediaType) => ({ ...pixels, mediaType })),
    });
    const model = { ...scriptedModel([says(call("draw")), says(answer(1))]), seesImages: true };
    const result = await new ToolCallingAgent({ model, tools: [draws] }).run("task");
    expect(actionsOf(result.steps)[0]?.images).toMatchObject([{ image: { mediaType: "image/png" } }, { image: { mediaType: "image/jpg" } }]);
    expect(actionsOf(result.steps)[0]?.toolResults?.[0]?.content).toMatch(/image_3\.svg.*image_4\.tiff.*audio_5\.wav/);
  });

  it("inside of a result are named where they stand", async () => {
    const pages = tool({ name: "pages", description: "Gives pages.", input: z.object({}), execute: () => ({ pages: [pixels, pixels], title: "t" }) });
    const [result] = await resultsOf([call("pages")], { tools: [pages] });
    expect(JSON.parse(result?.content ?? "")).toMatchObject({ pages: [/image_1/, /image_2/].map((name) => expect.stringMatching(name)), title: "t" });
  });

  it("show their pictures to a model that sees, after the results", async () => {
    const model = { ...scriptedModel([]), ...scriptedModel([says(call("draw")), says(answer(1))]), seesImages: true };
    await new ToolCallingAgent({ model, tools: [draw] }).run("task");
    expect(model.requests[1]?.messages.slice(-2)).toMatchObject([{ role: "tool" }, { role: "user", content: [{ type: "image", image: pixels }] }]);
  });

  it("come from additionalArgs too: the model is told the name, the tool is given the value", async () => {
    const data = Array.from({ length: 5_000 }, (_, index) => index);
    const sum = tool({
      name: "sum",
      description: "Sums.",
      input: z.object({ numbers: z.array(z.number()) }),
      execute: ({ numbers }) => numbers.reduce((total, each) => total + each, 0),
    });
    const { agent, model } = agentOf([says(call("sum", { numbers: "data" })), says(answer(1))], { tools: [sum] });
    const result = await agent.run("task", { additionalArgs: { data } });
    expect(actionsOf(result.steps)[0]?.toolResults).toMatchObject([{ content: "12497500" }]);
    expect(JSON.stringify(model.requests[0]).length).toBeLessThan(5_000);
    expect(JSON.stringify(model.requests[0]?.messages[1])).toMatch(/data \(list of 5000\)/);
    expect(JSON.stringify(model.requests[0]?.messages[1])).not.toContain("sandbox");
  });
});

describe("an integer that a number would round", () => {
  const { tools, received } = idTools();
  const large = 9007199254740993n;

  it.each<[string, ReturnType<typeof says>]>([
    ["as the text of a call", says(call("by_id", `{"id": ${large}, "more": [${large}]}`))],
    [
      "in a text",
      { content: [{ type: "text", text: `{"name": "by_id", "arguments": {"id": ${large}, "more": [${large}]}}` }], usage, finishReason: "stop" },
    ],
    ["in code", { content: [{ type: "text", text: `by_id(id=${large}, more=[${large}])` }], usage, finishReason: "stop" }],
  ])("reaches a tool as it is, %s, and goes back as JSON", async (_, response) => {
    received.length = 0;
    const { agent, model } = agentOf([response, says(answer(1))], { tools });
    const { steps } = await agent.run("task");
    expect(received).toEqual([{ id: large, more: [large] }]);
    expect(partsOf("tool-call", model.requests[1]?.messages[2] as Message)).toMatchObject([{ input: { id: String(large), more: [String(large)] } }]);
    expect(JSON.stringify(steps)).toContain(String(large));
  });

  it("is the answer as it is", async () => {
    const { agent } = agentOf([says(call("final_answer", `{"answer": ${large}}`))]);
    expect(await agent.run("task")).toMatchObject({ output: large });
  });

  it("is explained where a schema takes numbers only", async () => {
    const [result] = await resultsOf([call("by_number", `{"id": ${large}}`)], { tools });
    expect(result).toMatchObject({ isError: true, content: expect.stringMatching(/id: .*beyond ±9007199254740991: .*exponent.*text/) });
  });

  it("that is exact all the same is a number", async () => {
    received.length = 0;
    await resultsOf([call("by_id", '{"id": 1000000000000000000}'), call("by_id", `{"id": ${"9".repeat(5_000)}}`)], { tools });
    expect(received).toEqual([{ id: 1e18 }]);
  });
});

function idTools() {
  const received: unknown[] = [];
  const id = { type: "integer" };
  const byId = tool({
    name: "by_id",
    description: "By id.",
    input: jsonSchema<object>({ type: "object", properties: { id, more: { type: "array", items: id } }, required: ["id"] }),
    execute: (input) => received.push(structuredClone({ ...input })),
  });
  const byNumber = tool({ name: "by_number", description: "By number.", input: z.object({ id: z.number() }), execute: () => 0 });
  return { tools: [byId, byNumber], received };
}
