import { type Message, ToolCallingAgent, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather } from "./testing/gather.ts";
import { type Answer, chunk, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const population = tool({
  name: "population",
  description: "Inhabitants of a city.",
  input: jsonSchema<{ city: string }>({ type: "object", properties: { city: { type: "string" } }, required: ["city"] }),
  execute: ({ city }) => city.length,
});
const refusal = (error: unknown, status = 400): Answer => whole({ error }, status);
const text = (content: string): Answer => whole({ choices: [{ message: { content }, finish_reason: "stop" }] });
const calls = (message: object, ...names: readonly string[]): Answer =>
  whole({
    choices: [
      {
        message: {
          ...message,
          tool_calls: names.map((name) => ({ id: name, type: "function", function: { name, arguments: '{"city":"Rome","answer":4}' } })),
        },
      },
    ],
  });

describe("a server that takes no tools", () => {
  it.each<[string, unknown, number?]>([
    ["Ollama", { message: "registry.ollama.ai/library/gemma3:4b does not support tools", type: "api_error", param: null, code: null }],
    ["llama.cpp", { code: 500, message: "tools param requires --jinja flag", type: "server_error" }, 500],
    ["a llama.cpp of its time", { code: 500, message: "Cannot use tools with stream", type: "server_error" }, 500],
    ["an older llama.cpp", { code: 500, message: "Unsupported param: tools", type: "server_error" }, 500],
    ["vLLM", { message: '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set', type: "BadRequestError" }],
    ["OpenRouter", { message: "No endpoints found that support tool use. To learn more about provider routing, visit: …", code: 404 }, 404],
    ["LiteLLM", { message: "litellm.UnsupportedParamsError: x does not support parameters: ['tools'], for model=y." }],
    ["an older LiteLLM", { message: "litellm.UnsupportedParamsError: nvidia_nim does not support parameters: {'tools': [{'type': 'function'}]}" }],
    ["Google", { code: 400, message: "Function calling is not enabled for models/gemma-3-27b-it", status: "INVALID_ARGUMENT" }],
    ["Groq", { message: "`tool calling` is not supported with this model", type: "invalid_request_error" }],
    ["OpenAI", { message: "'tools' is not supported with this model.", code: "unsupported_parameter" }],
    ["DeepSeek", { message: "deepseek-reasoner does not support Function Calling", type: "invalid_request_error" }],
  ])("gets them in the prompt, and its calls are read in the text: %s", async (_, error, status) => {
    await using server = await loopbackServer(
      refusal(error, status),
      text('I look.\n{"name": "population", "arguments": {"city": "Rome"}}'),
      text('{"name": "final_answer", "arguments": {"answer": 4}}'),
    );
    const { id, generate } = openai("small", { baseURL: server.baseURL });
    const result = await new ToolCallingAgent({ model: { id, generate }, tools: [population] }).run("How many?");
    expect(result).toMatchObject({ state: "success", output: 4, steps: [{}, {}, { toolCalls: [{ tool: "population" }] }, { isFinal: true }] });
    expect(server.requests).toHaveLength(3);
    const { messages, tools, tool_choice } = server.requests[2]?.body ?? {};
    expect([tools, tool_choice]).toEqual([undefined, undefined]);
    expect(messages.map(({ role }: Message) => role)).toEqual(["system", "user", "assistant", "user"]);
    expect(messages[0].content).toContain('{"name":"population","description":"Inhabitants of a city.","parameters":{"type":"object"');
    expect(messages[2].content).toBe('I look.\n{"name":"population","arguments":{"city":"Rome"}}');
    expect(messages[3].content).toBe("Result of population:\n4");
  });

  it("gets calls as text also in a request without tools", async () => {
    await using server = await loopbackServer(refusal({ message: "m does not support tools" }), text("Fine."));
    const model = openai("m", { baseURL: server.baseURL });
    await model.generate({ ...ask("Hi."), tools: [{ name: "f", description: "F.", inputSchema: {} }] });
    const call = { type: "tool-call", id: "a", name: "f", input: { x: 1 } } as const;
    const result = { type: "tool-result", id: "a", name: "f", content: "2" } as const;
    await model.generate({
      messages: [
        { role: "assistant", content: [call] },
        { role: "tool", content: [result] },
      ],
    });
    expect(server.requests[2]?.body.messages).toEqual([
      { role: "assistant", content: '{"name":"f","arguments":{"x":1}}' },
      { role: "user", content: "Result of f:\n2" },
    ]);
  });

  it.each([
    "Invalid 'tools[0].function.name': string does not match pattern.",
    "tool_choice is not supported",
    "The model `tools` does not exist",
    "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.",
    "Parallel tool calls are not supported",
  ])("is another than one that says %s", async (message) => {
    await using server = await loopbackServer(refusal({ message }));
    const model = openai("m", { baseURL: server.baseURL });
    await expect(model.generate({ ...ask("Hi."), tools: [{ name: "f", description: "F.", inputSchema: {} }] })).rejects.toMatchObject({
      status: 400,
    });
    expect(server.requests.every(({ body }) => body.tools.length === 1)).toBe(true);
  });
});

describe("a server that wants back what it sent", () => {
  it.each([
    "The `reasoning_content` in the thinking mode must be passed back to the API.",
    "Missing `reasoning_content` field in the assistant message at message index 2.",
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
  ])("gets the reasoning once it asks for it: %s", async (message) => {
    const thought = { reasoning_content: "Rome first." };
    await using server = await loopbackServer(calls(thought, "population"), refusal({ message }), calls({}, "population"), calls({}, "final_answer"));
    const { id, generate } = openai("deepseek", { baseURL: server.baseURL });
    const result = await new ToolCallingAgent({ model: { id, generate }, tools: [population] }).run("How many?");
    expect(result).toMatchObject({ state: "success", output: 4 });
    const sent = server.requests.map(({ body }) => body.messages.flatMap((each: { reasoning_content?: string }) => each.reasoning_content ?? []));
    expect(sent).toEqual([[], [], ["Rome first."], ["Rome first.", " "]]);
  });

  const extra = { extra_content: { google: { thought_signature: "abc" } } };
  const call = { id: "a", type: "function", function: { name: "population", arguments: '{"city":"Rome"}' }, ...extra };

  it.each<[string, Answer]>([
    ["whole", whole({ choices: [{ message: { tool_calls: [call] } }] })],
    ["streamed", streamed(chunk({ tool_calls: [{ index: 0, ...call }] }) + chunk({}, "stop"))],
  ])("gets Google's signature of a call, %s", async (form, answer) => {
    await using server = await loopbackServer(
      answer,
      form === "whole" ? calls({}, "final_answer") : streamed(chunk({ content: '{"name":"final_answer","arguments":{"answer":1}}' }, "stop")),
    );
    const gemini = openai("gemini-3", { baseURL: server.baseURL });
    const model = form === "whole" ? { id: gemini.id, generate: gemini.generate } : gemini;
    expect(await new ToolCallingAgent({ model, tools: [population] }).run("How many?")).toMatchObject({ state: "success" });
    expect(server.requests[1]?.body.messages[2].tool_calls[0]).toEqual(call);
  });

  it("gets OpenRouter's details of its reasoning, put together", async () => {
    const pieces = [
      { type: "reasoning.text", text: "Rome ", index: 0 },
      { type: "reasoning.text", text: "first.", index: 0, signature: "s" },
      { type: "reasoning.encrypted", data: "e", id: "a", index: 1 },
    ];
    const stream = [
      ...pieces.map((piece) => chunk({ reasoning_details: [piece] })),
      chunk({ tool_calls: [{ index: 0, ...call }] }),
      chunk({}, "tool_calls"),
    ];
    await using server = await loopbackServer(
      streamed(stream.join("")),
      streamed(chunk({ content: '{"name":"final_answer","arguments":{"answer":1}}' }, "stop")),
    );
    const model = openai("google/gemini-3", { baseURL: server.baseURL });
    expect(await new ToolCallingAgent({ model, tools: [population] }).run("How many?")).toMatchObject({ state: "success" });
    expect(server.requests[1]?.body.messages[2].reasoning_details).toEqual([{ ...pieces[1], text: "Rome first." }, pieces[2]]);
  });

  it("gets nothing that is too deep to be walked", async () => {
    const deep = JSON.parse(`{"google":${"[".repeat(4_000)}${"]".repeat(4_000)}}`) as object;
    const message = { reasoning_details: [deep], tool_calls: [{ ...call, extra_content: deep }] };
    await using server = await loopbackServer(whole({ choices: [{ message }] }), calls({}, "final_answer"));
    const { id, generate } = openai("gemini-3", { baseURL: server.baseURL });
    expect(await new ToolCallingAgent({ model: { id, generate }, tools: [population] }).run("How many?")).toMatchObject({ state: "success" });
  });

  it.each(["messages[1].tool_calls[0].extra_content", "messages[1].reasoning_details"])("gets no other server's: %s", async (name) => {
    await using server = await loopbackServer(refusal({ message: `Unknown parameter: '${name}'.` }), text("Fine."));
    const content = [
      { type: "reasoning", text: "hm", signature: '[{"type":"reasoning.text"}]' },
      { type: "tool-call", id: "a", name: "f", input: {}, signature: '{"google":{}}' },
    ] as const;
    await openai("gpt", { baseURL: server.baseURL }).generate({ messages: [{ role: "assistant", content }] });
    expect(JSON.stringify(server.requests[0]?.body)).toMatch(/reasoning_details.*extra_content|extra_content.*reasoning_details/);
    expect(JSON.stringify(server.requests[1]?.body)).not.toMatch(/reasoning_details|extra_content/);
  });
});

describe("a server that wants messages in another order", () => {
  const messages: readonly Message[] = [
    { role: "system", content: "S" },
    { role: "user", content: "A" },
    { role: "user", content: "B" },
    { role: "assistant", content: [{ type: "tool-call", id: "a", name: "f", input: {} }] },
    { role: "tool", content: [{ type: "tool-result", id: "a", name: "f", content: "1" }] },
    { role: "user", content: "C" },
  ];
  const rolesAfter = async (...answers: readonly Answer[]): Promise<string[]> => {
    await using server = await loopbackServer(...answers, text("Fine."));
    const model = openai("m", { baseURL: server.baseURL });
    await model.generate({ messages });
    await model.generate({ messages });
    expect(server.requests.at(-1)?.body).toEqual(server.requests.at(-2)?.body);
    return server.requests.at(-1)?.body.messages.map(({ role, content }: { role: string; content: string | null }) => `${role}: ${content}`);
  };

  it("gets turns: as Mistral and the templates of its models do", async () => {
    const mistral = whole(
      { object: "error", message: "Unexpected role 'user' after role 'tool'", type: "invalid_request_message_order", code: "3230" },
      400,
    );
    const router = refusal({
      message: "Provider returned error",
      code: 400,
      metadata: { raw: "{\"message\":\"Unexpected role 'user' after role 'tool'\"}" },
    });
    const template = refusal({ message: "After the optional system message, conversation roles must alternate user/assistant/user/assistant/..." });
    const turns = ["system: S", "user: A\n\nB", "assistant: null", "tool: 1", "assistant: I see.", "user: C"];
    const perplexity = refusal({
      message: "After the (optional) system message(s), user or tool message(s) should alternate with assistant message(s).",
    });
    for (const answer of [mistral, router, template, perplexity]) expect(await rolesAfter(answer)).toEqual(turns);
  });

  it("gets as they are those in which nobody but the model speaks", async () => {
    await using server = await loopbackServer(refusal({ message: "System role not supported" }), text("Fine."));
    const said = [{ role: "assistant", content: "A" }] as const;
    await openai("m", { baseURL: server.baseURL }).generate({ messages: said });
    expect(server.requests[1]?.body.messages).toEqual(said);
  });

  it("gets the system prompt with the first message: as Gemma does", async () => {
    const known = "Only user and assistant roles are supported!"; // by the template of an early Mistral
    for (const message of ["System role not supported", "Developer instruction is not enabled for models/gemma-3-27b-it", known])
      expect((await rolesAfter(refusal({ message }))).slice(0, 2)).toEqual(["user: S\n\nA", "user: B"]);
    const template = refusal({ message: "Conversation roles must alternate user/assistant/user/assistant/..." });
    expect((await rolesAfter(template, template)).slice(0, 2)).toEqual(["user: S\n\nA\n\nB", "assistant: null"]);
  });
});

it("gives calls short ids for Mistral's models once they ask for them", async () => {
  const refused = refusal({ message: "Tool call id was call_1_1 but must be a-z, A-Z, 0-9, with a length of 9." });
  await using server = await loopbackServer(refused, text("Fine."));
  const parts = ["call_1_1", "abcdefgh9"].map((id) => ({ type: "tool-call", id, name: "f", input: {} }) as const);
  const results = parts.map(({ id, name }) => ({ type: "tool-result", id, name, content: id }) as const);
  const messages = [
    { role: "assistant", content: parts },
    { role: "tool", content: results },
  ] as const;
  await openai("mistral", { baseURL: server.baseURL }).generate({ messages });
  const [{ tool_calls: calls }, ...sent] = server.requests[1]?.body.messages ?? [];
  expect(calls.map(({ id }: { id: string }) => id)).toEqual(["call00000", "abcdefgh9"]);
  expect(sent).toMatchObject([
    { tool_call_id: "call00000", content: "call_1_1" },
    { tool_call_id: "abcdefgh9", content: "abcdefgh9" },
  ]);
});

it("says what the provider behind a router did", async () => {
  await using server = await loopbackServer(
    refusal({ message: "Provider returned error", code: 429, metadata: { raw: "rate-limited upstream" } }, 429),
  );
  const message = expect.stringContaining("Provider returned error: rate-limited upstream");
  await expect(openai("m", { baseURL: server.baseURL }).generate(ask("Hi."))).rejects.toMatchObject({ message, retryable: true });
});

it("takes the one call of an older server", async () => {
  const pieces = [{ name: "f", arguments: '{"x"' }, { arguments: ":1}" }].map((only) => chunk({ function_call: only }));
  await using server = await loopbackServer(streamed(`${pieces.join("")}${chunk({}, "function_call")}`));
  const [call] = await gather(openai("old", { baseURL: server.baseURL }), ask("Hi."));
  expect(call).toMatchObject({ type: "tool-call", name: "f", input: { x: 1 } });
});

it("takes a call that TGI streams without a list around it", async () => {
  const piece = (name: string | null, text: string): string =>
    chunk({ tool_calls: { index: 0, id: "", type: "function", function: { name, arguments: text } } });
  await using server = await loopbackServer(streamed(`${piece("f", '{"x"')}${piece(null, ":1}")}${chunk({}, "eos_token")}`));
  const [call] = await gather(openai("tgi", { baseURL: server.baseURL }), ask("Hi."));
  expect(call).toMatchObject({ type: "tool-call", name: "f", input: { x: 1 } });
});
