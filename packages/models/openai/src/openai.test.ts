import { type ModelRequest, noUsage } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather, joined } from "./testing/gather.ts";
import { chunk, event, fixture, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const codeText = 'I\'ll count the cafés — naïvely — in 東京 🗼 first.\n<code>\nfound = search("cafés")\nprint(len(found))\n</code>';
const codeUsage = { input: 812, cacheRead: 768, cacheWrite: 0, output: 41, reasoning: 0 };
const calls = [
  { type: "tool-call", id: "call_a", name: "get_weather", input: { city: "Zürich" } },
  { type: "tool-call", id: "call_b", name: "get_weather", input: { city: "Oslo" } },
];

describe("generate", () => {
  it("returns text, usage and the finish reason", async () => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    const response = await openai("fixture-1", { baseURL: server.baseURL, apiKey: "key-of-the-test" }).generate(ask("Count."));
    expect(response).toEqual({ content: [{ type: "text", text: codeText }], usage: codeUsage, finishReason: "stop" });
    expect(server.requests[0]?.url).toBe("/v1/chat/completions");
    expect(server.requests[0]?.headers.authorization).toBe("Bearer key-of-the-test");
    expect(server.requests[0]?.body).toEqual({ model: "fixture-1", messages: [{ role: "user", content: "Count." }], stream: false });
  });

  it("returns parallel tool calls with parsed arguments", async () => {
    await using server = await loopbackServer(whole(fixture("parallel-calls.json")));
    const response = await openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Weather?"));
    expect(response).toMatchObject({ content: calls, finishReason: "tool-calls" });
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("returns each call of a message, also when the server gives them no ids and no indices", async () => {
    const call = (x: number): object => ({ type: "function", function: { name: "f", arguments: JSON.stringify({ x }) } });
    const body = { choices: [{ message: { tool_calls: [call(1), call(2)] }, finish_reason: "stop" }] };
    await using server = await loopbackServer(whole(body));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    const found = [
      { type: "tool-call", name: "f", input: { x: 1 } },
      { type: "tool-call", name: "f", input: { x: 2 } },
    ];
    expect(await model.generate(ask("Do."))).toMatchObject({ content: found, finishReason: "tool-calls" });
    expect(await gather(model, ask("Do."))).toMatchObject([...found, { type: "finish", finishReason: "tool-calls" }]);
  });

  it("reads a refusal as filtered text", async () => {
    await using server = await loopbackServer(
      whole({ choices: [{ index: 0, message: { content: null, refusal: "I won't." }, finish_reason: "stop" }] }),
    );
    const response = await openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Do."));
    expect(response).toEqual({ content: [{ type: "text", text: "I won't." }], usage: noUsage, finishReason: "content-filter" });
  });

  it("reads the reasoning that compatible servers send", async () => {
    const message = { content: "4", reasoning: "2 + 2" };
    await using server = await loopbackServer(whole({ choices: [{ message, finish_reason: "eos" }] }));
    const response = await openai("fixture-1", { baseURL: server.baseURL }).generate(ask("2 + 2?"));
    expect(response.content).toEqual([
      { type: "reasoning", text: "2 + 2" },
      { type: "text", text: "4" },
    ]);
    expect(response.finishReason).toBe("other");
  });

  it("sends options, tools, the response schema and images", async () => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    const model = openai("fixture-1", {
      baseURL: server.baseURL,
      organization: "org",
      headers: { "x-title": "codelet" },
      temperature: 0,
      maxTokens: 100,
      reasoningEffort: "low",
      parameters: { top_p: 0.5, model: "not-this" },
    });
    const request: ModelRequest = {
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image", image: { mediaType: "image/png", data: new Uint8Array([1, 2, 3]) } },
            { type: "image", image: { url: "https://example.com/a.png" } },
          ],
        },
      ],
      tools: [
        {
          name: "look",
          description: "Looks.",
          inputSchema: { type: "object", properties: { n: { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: 9 } } },
        },
      ],
      toolChoice: "required",
      responseSchema: { name: "an answer", schema: { type: "object", properties: { thought: { type: "string" } }, required: ["thought"] } },
    };
    await model.generate(request);
    expect(server.requests[0]?.headers).toMatchObject({ "openai-organization": "org", "x-title": "codelet" });
    expect(server.requests[0]?.body).toEqual({
      model: "fixture-1",
      temperature: 0,
      max_tokens: 100,
      reasoning_effort: "low",
      top_p: 0.5,
      stream: false,
      messages: [
        { role: "system", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AQID" } },
            { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          ],
        },
      ],
      tools: [
        {
          type: "function",
          function: { name: "look", description: "Looks.", parameters: { type: "object", properties: { n: { type: "integer", maximum: 9 } } } },
        },
      ],
      tool_choice: "required",
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "an_answer",
          strict: true,
          schema: { type: "object", properties: { thought: { type: "string" } }, required: ["thought"], additionalProperties: false },
        },
      },
    });
  });

  it.each([
    ["x".repeat(100), "x".repeat(64)],
    ["", "answer"],
  ])("sends a schema that no server can enforce strictly as it is, under a name that servers take", async (name, sent) => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    const schema = { type: "object", properties: { thought: { type: "string", minLength: 1 } }, required: [] };
    await openai("fixture-1", { baseURL: server.baseURL }).generate({ ...ask("Hi."), responseSchema: { name, schema } });
    expect(server.requests[0]?.body.response_format.json_schema).toEqual({ name: sent, strict: false, schema });
  });
});

describe("stream", () => {
  it("yields text as it comes, usage of the last chunk, and one finish", async () => {
    await using server = await loopbackServer(streamed(fixture("code-answer.sse")));
    const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Count."));
    expect(deltas).toHaveLength(7);
    expect(joined(deltas)).toEqual([
      { type: "text", text: codeText },
      { type: "finish", usage: codeUsage, finishReason: "stop" },
    ]);
    expect(server.requests[0]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
  });

  it("yields parallel tool calls whole, after their last piece", async () => {
    await using server = await loopbackServer(streamed(fixture("parallel-calls.sse")));
    const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Weather?"));
    expect(deltas).toEqual([...calls, { type: "finish", usage: { ...noUsage, input: 120, output: 36 }, finishReason: "tool-calls" }]);
  });

  it.each(["", "null"])("goes on at the finish reason %j", async (none) => {
    const body = chunk({ content: "one " }, none) + chunk({ content: "two" }, none) + chunk({}, "length");
    const inOnePiece = { choices: [{ message: { content: "one two" }, finish_reason: none }] };
    await using server = await loopbackServer(streamed(body), streamed(chunk({ content: "one" }, none)), whole(inOnePiece));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    expect(joined(await gather(model, ask("Count.")))).toEqual([
      { type: "text", text: "one two" },
      { type: "finish", usage: noUsage, finishReason: "length" },
    ]);
    await expect(gather(model, ask("Count."))).rejects.toMatchObject({ code: "model-call", retryable: true });
    expect((await gather(model, ask("Count."))).at(-1)).toMatchObject({ type: "finish", finishReason: "other" });
  });

  it("yields a refusal after the text before it, of which a part may be a stop text", async () => {
    await using server = await loopbackServer(streamed(chunk({ content: "So </co" }) + chunk({ refusal: "I won't." }, "stop")));
    const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), { ...ask("Do."), stop: ["</code>"] });
    expect(joined(deltas)).toEqual([
      { type: "text", text: "So </coI won't." },
      { type: "finish", usage: noUsage, finishReason: "content-filter" },
    ]);
  });

  it("is known by its content type in any letter case", async () => {
    const headers = { "content-type": "Text/Event-Stream; charset=UTF-8" };
    await using server = await loopbackServer(whole(fixture("code-answer.sse"), 200, headers));
    const model = openai("fixture-1", { baseURL: server.baseURL, maxEventBytes: 500 });
    expect(joined(await gather(model, ask("Count.")))[0]).toEqual({ type: "text", text: codeText });
  });

  it("yields reasoning apart from text", async () => {
    await using server = await loopbackServer(streamed(fixture("reasoning-answer.sse")));
    const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."));
    expect(joined(deltas)).toEqual([
      { type: "reasoning", text: "The user greets. Greet back." },
      { type: "text", text: "Grüß dich!" },
      { type: "finish", usage: { input: 20, cacheRead: 0, cacheWrite: 0, output: 30, reasoning: 18 }, finishReason: "stop" },
    ]);
  });
});

it("does not follow a redirect to another host", async () => {
  await using other = await loopbackServer(whole(fixture("code-answer.json")));
  await using server = await loopbackServer(whole("", 307, { location: `${other.baseURL}/chat/completions` }));
  await expect(openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Hi."))).rejects.toMatchObject({
    code: "model-call",
    status: 307,
    retryable: false,
  });
  expect(other.requests).toHaveLength(0);
});

it("streams the answer of a server that sends it in one piece all the same", async () => {
  await using server = await loopbackServer(whole(fixture("parallel-calls.json")), whole(fixture("code-answer.json")));
  const model = openai("fixture-1", { baseURL: server.baseURL });
  expect(await gather(model, ask("Weather?"))).toMatchObject([...calls, { type: "finish", finishReason: "tool-calls" }]);
  expect(await gather(model, ask("Count."))).toEqual([
    { type: "text", text: codeText },
    { type: "finish", usage: codeUsage, finishReason: "stop" },
  ]);
});

it("takes a base URL with a slash at its end for the one without", async () => {
  let sent = "";
  const fetch: typeof globalThis.fetch = async (input, init) => {
    sent = `${String(input)} ${String(init?.body)}`;
    return new Response(fixture("code-answer.json"), { headers: { "content-type": "application/json" } });
  };
  await openai("fixture-1", { baseURL: "https://api.openai.com/v1/", apiKey: "some-key", maxTokens: 5, fetch }).generate(ask("Hi."));
  expect(sent).toMatch(/^https:\/\/api\.openai\.com\/v1\/chat\/completions .*"max_completion_tokens":5/);
});

it("goes on past chunks without choices and unknown fields", async () => {
  const bytes = `: connected\n\n${event({ object: "ping" })}${chunk({ content: "ok", extra: 1 })}${event({ choices: null })}${chunk({}, "stop")}`;
  await using server = await loopbackServer(streamed(bytes));
  expect(await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).toEqual([
    { type: "text", text: "ok" },
    { type: "finish", usage: noUsage, finishReason: "stop" },
  ]);
});
