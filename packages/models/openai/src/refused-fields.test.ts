import type { ModelRequest } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather } from "./testing/gather.ts";
import { chunk, event, fixture, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const tools = [{ name: "f", description: "F.", inputSchema: { type: "object" } }];
const responseSchema = { name: "a", schema: { type: "object" } };
const request: ModelRequest = { ...ask("Hi."), tools, toolChoice: "required", responseSchema, stop: ["x"] };
const refusal = (message: string) => whole({ error: { message } }, 400);
const answer = whole(fixture("code-answer.json"));

describe("a field that the server refuses", () => {
  it.each([
    ["tool_choice", "auto", "The tool_choice parameter does not support being set to required or object in thinking mode"],
    ["tool_choice", "auto", "tool_choice 'required' is incompatible with thinking enabled"],
    ["tool_choice", "auto", "Tool choice must be auto"],
    ["tool_choice", "auto", "No endpoints found that support the provided 'tool_choice' value."],
    ["tool_choice", "auto", "Only a tool_choice of 'auto' is supported for this model."],
    ["tool_choice", "auto", 'tool_choice is one of the strings that should be ["none", "auto"]'],
    ["response_format", undefined, "This response_format type is unavailable now"],
    ["response_format", undefined, "'response_format.type' : value is not one of the allowed values ['text','json_object']"],
    ["response_format", undefined, "This model does not support response format `json_schema`."],
    ["stop", undefined, "Unsupported parameter: stop"],
  ])("is left out from then on: %s, sent as %s after %s", async (field, sent, message) => {
    await using server = await loopbackServer(refusal(message), answer);
    const model = openai("new-model", { baseURL: server.baseURL });
    await model.generate(request);
    await model.generate(request);
    expect(server.requests.map(({ body }) => body[field]).slice(1)).toEqual([sent, sent]);
    expect(server.requests[1]?.body).toEqual({ ...server.requests[0]?.body, [field]: sent });
  });

  it("leaves a model without tools that can't be told not to call, and what it called as text", async () => {
    const message = "Bedrock doesn't support tool_choice=none. Supported tool_choice values=['auto', 'required', json object].";
    await using server = await loopbackServer(refusal(message), answer);
    const model = openai("new-model", { baseURL: server.baseURL });
    const messages: ModelRequest["messages"] = [
      { role: "user", content: "Hi." },
      { role: "assistant", content: [{ type: "tool-call", id: "a", name: "f", input: {} }] },
      { role: "tool", content: [{ type: "tool-result", id: "a", name: "f", content: "2" }] },
    ];
    await model.generate({ ...request, messages, toolChoice: "none" });
    expect(server.requests[1]?.body).not.toHaveProperty("tools");
    expect(server.requests[1]?.body).not.toHaveProperty("tool_choice");
    expect(server.requests[1]?.body.messages).toEqual([
      { role: "user", content: "Hi." },
      { role: "assistant", content: '{"name":"f","arguments":{}}' },
      { role: "user", content: "Result of f:\n2" },
    ]);
  });

  it.each([
    ["none", "required"],
    ["required", "none"],
  ] as const)("is left out by itself: of tool_choice %s, and not %s", async (toolChoice, other) => {
    await using server = await loopbackServer(refusal(`tool_choice ${toolChoice} is not supported`), answer);
    const model = openai("new-model", { baseURL: server.baseURL });
    await model.generate({ ...request, toolChoice });
    await model.generate({ ...request, toolChoice: other });
    expect(server.requests[2]?.body).toMatchObject({ tool_choice: other, tools: [{}] });
  });

  it("is left out of streams, one after the other", async () => {
    const refusals = [
      refusal("Unrecognized request argument supplied: stream_options"),
      refusal("tool_choice is not supported"),
      refusal("stop is not allowed"),
    ];
    await using server = await loopbackServer(...refusals, streamed(fixture("code-answer.sse")));
    expect((await gather(openai("new-model", { baseURL: server.baseURL }), request)).at(-1)).toMatchObject({ type: "finish" });
    expect(server.requests[3]?.body).not.toHaveProperty("stream_options");
    expect(server.requests[3]?.body).not.toHaveProperty("stop");
    expect(server.requests[3]?.body).toMatchObject({ tool_choice: "auto", tools: [{}] });
  });

  it.each([
    ["no status", {}],
    ["the status in its code", { code: 400 }],
  ])("is left out too where the error comes with status 200 and %s, as LM Studio's", async (_, more) => {
    const error = { message: "tool_choice is not supported", ...more };
    const refusals = [streamed(`event: error\n${event({ error })}`), whole({ error })];
    for (const [index, said] of [streamed(fixture("code-answer.sse")), answer].entries()) {
      await using server = await loopbackServer(refusals[index] ?? answer, said);
      const model = openai("new-model", { baseURL: server.baseURL });
      await (index === 0 ? gather(model, request) : model.generate(request));
      expect(server.requests.map(({ body }) => body.tool_choice)).toEqual(["required", "auto"]);
    }
  });

  it("is an error once the answer has begun", async () => {
    const late = event({ error: { message: "tool_choice is not supported", code: 400 } });
    await using server = await loopbackServer(streamed(chunk({ content: "a" }) + late));
    await expect(gather(openai("new-model", { baseURL: server.baseURL }), request)).rejects.toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(1);
  });

  it.each([401, 403, 429, 503])("is none where the status %i says something else", async (status) => {
    await using server = await loopbackServer(whole({ error: { message: "stop is not allowed" } }, status));
    await expect(openai("new-model", { baseURL: server.baseURL }).generate(request)).rejects.toMatchObject({ status });
    expect(server.requests).toHaveLength(1);
  });

  it("is looked for at the beginning of what a server says, which may be without end", async () => {
    await using server = await loopbackServer(refusal("reasoning_content ".repeat(500_000)));
    const startedAt = performance.now();
    await expect(openai("new-model", { baseURL: server.baseURL }).generate(request)).rejects.toMatchObject({ status: 400 });
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });

  it("that is refused again is the error", async () => {
    await using server = await loopbackServer(refusal("tool_choice is not supported"));
    await expect(openai("new-model", { baseURL: server.baseURL }).generate(request)).rejects.toMatchObject({ status: 400, retryable: false });
    expect(server.requests).toHaveLength(2);
  });

  it("is the error where the user's own parameters have it", async () => {
    await using server = await loopbackServer(refusal("response_format json_object is not supported"));
    const model = openai("new-model", { baseURL: server.baseURL, parameters: { response_format: { type: "json_object" } } });
    await expect(model.generate(ask("Hi."))).rejects.toMatchObject({ status: 400 });
    expect(server.requests.length).toBeLessThanOrEqual(2);
  });

  it.each<[string, ModelRequest]>([
    ["Invalid schema for response_format 'a': In context=(), 'minLength' is not permitted.", request],
    ["tool_choice is not supported", { ...request, toolChoice: "auto" }],
    ["tool_choice is not supported", ask("Hi.")],
    ["messages[0] is not supported", request],
    ["response_format: invalid schema", request],
    ["A text of stop is too long.", request],
  ])("is no other: %s", async (message, asked) => {
    await using server = await loopbackServer(refusal(message));
    await expect(openai("new-model", { baseURL: server.baseURL }).generate(asked)).rejects.toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(1);
  });
});

it.each([
  ["OpenAI", 400, "Invalid JSON schema: regex lookaround is not supported. Found at $.properties.a.pattern."],
  ["llama.cpp", 400, "Failed to initialize samplers: failed to parse grammar"],
  ["an older llama.cpp", 500, "JSON schema conversion failed:\nPattern must start with '^' and end with '$'"],
])("sends no patterns to a server that can't read one: %s", async (_, status, message) => {
  await using server = await loopbackServer(whole({ error: { message } }, status), answer);
  const model = openai("new-model", { baseURL: server.baseURL });
  const schema = { type: "object", properties: { a: { type: "string", pattern: "^(?!b)" } }, required: ["a"] };
  await model.generate({ ...request, tools: [{ name: "f", description: "F.", inputSchema: schema }], responseSchema: { name: "a", schema } });
  const sent = server.requests.map(({ body }) => JSON.stringify([body.tools, body.response_format]));
  expect(sent[0]?.match(/"pattern":/g)).toHaveLength(2);
  expect(sent[1]).toBe(sent[0]?.replaceAll(',"pattern":"^(?!b)"', ""));
});

it("gives a limit of tokens by its newer name to a server that refuses the old one", async () => {
  const message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  await using server = await loopbackServer(refusal(message), answer);
  await openai("gpt-5", { baseURL: server.baseURL, maxTokens: 9 }).generate(ask("Hi."));
  expect(server.requests[1]?.body).toMatchObject({ max_completion_tokens: 9 });
  expect(server.requests[1]?.body).not.toHaveProperty("max_tokens");
});
