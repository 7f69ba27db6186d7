import { noUsage } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather, joined } from "./testing/gather.ts";
import { chunk, event, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const ended = (reason: string) => ({ choices: [{ message: { content: "half" }, finish_reason: reason }] });

describe("the end of an answer", () => {
  it.each([
    ["model_length", "length"],
    ["MAX_TOKENS", "length"],
    ["model_context_window_exceeded", "length"],
    ["sensitive", "content-filter"],
    ["SAFETY", "content-filter"],
    ["eos", "other"],
  ])("%s is read as %s", async (reason, finishReason) => {
    await using server = await loopbackServer(whole(ended(reason)), streamed(chunk({ content: "half" }) + chunk({}, reason)));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    expect(await model.generate(ask("Hi."))).toMatchObject({ finishReason });
    expect((await gather(model, ask("Hi."))).at(-1)).toMatchObject({ type: "finish", finishReason });
  });

  it.each([
    ["stop", "tool-calls"],
    ["length", "length"],
  ])("%s with a call is read as %s", async (reason, finishReason) => {
    const call = { index: 0, id: "a", function: { name: "f", arguments: "{" } };
    const answer = { choices: [{ message: { tool_calls: [call] }, finish_reason: reason }] };
    await using server = await loopbackServer(whole(answer), streamed(chunk({ tool_calls: [call] }, reason)));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    expect(await model.generate(ask("Hi."))).toMatchObject({ finishReason });
    expect((await gather(model, ask("Hi."))).at(-1)).toMatchObject({ finishReason });
  });

  it.each(["error", "abort", "cancelled", "network_error", "insufficient_system_resource"])("%s is a failure of the server", async (reason) => {
    await using server = await loopbackServer(whole(ended(reason)), streamed(chunk({ content: "half" }) + chunk({}, reason)));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    await expect(model.generate(ask("Hi."))).rejects.toMatchObject({ code: "model-call", retryable: true });
    await expect(gather(model, ask("Hi."))).rejects.toMatchObject({ code: "model-call", retryable: true });
  });
});

describe("an answer", () => {
  const stream = chunk({ content: "a" }) + chunk({}, "stop") + event("[DONE]");
  const text = [{ type: "text", text: "a" }, expect.objectContaining({ type: "finish", finishReason: "stop" })];

  it.each(["text/plain; charset=utf-8", "application/octet-stream", "application/json"])("that streams as %s is read", async (type) => {
    for (const body of [stream, `: keep-alive\n\n${stream.replaceAll("\n", "\r\n")}`]) {
      await using server = await loopbackServer(whole(body, 200, { "content-type": type }));
      expect(joined(await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi.")))).toEqual(text);
    }
  });

  it.each(["text/event-stream", "text/plain"])("that streams as %s may hold the line breaks of other languages", async (type) => {
    const body = `${chunk({ content: "a\u2028b" })}${chunk({}, "stop")}`;
    await using server = await loopbackServer(whole(body, 200, { "content-type": type }));
    const [said] = joined(await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi.")));
    expect(said).toEqual({ type: "text", text: "a\u2028b" });
  });

  it.each(["text/event-stream", "text/plain"])("that streams as %s and lacks a part of it is none", async (type) => {
    const body = `${chunk({ content: "a" })}data: {"choices": [{"delta": {"conte\n\n${chunk({}, "stop")}`;
    await using server = await loopbackServer(whole(body, 200, { "content-type": type }));
    await expect(gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).rejects.toMatchObject({ code: "model-call", retryable: true });
  });

  it("that streams an error as text is that error", async () => {
    const body = chunk({ content: "a" }) + event({ error: { code: 502, message: "gone" } });
    await using server = await loopbackServer(whole(body, 200, { "content-type": "text/plain" }));
    await expect(gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).rejects.toMatchObject({ status: 502 });
  });

  it.each<Record<string, string>>([{ "content-type": "text/plain" }, {}])("in one piece is read whatever type it is of: %j", async (headers) => {
    await using server = await loopbackServer(whole({ choices: [{ message: { content: "a" }, finish_reason: "stop" }] }, 200, headers));
    expect(await openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Hi."))).toMatchObject({ content: [{ type: "text", text: "a" }] });
  });

  it.each<[string, object]>([
    ["Azure's verdict of its filter", { index: 0, finish_reason: null, content_filter_results: {}, content_filter_offsets: {} }],
    ["OpenRouter's empty delta", { index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  ])("may go on after its end without saying more: %s", async (_, choice) => {
    const more = event({ choices: [choice], usage: { prompt_tokens: 2, completion_tokens: 1 } });
    await using server = await loopbackServer(streamed(chunk({ content: "a" }) + chunk({}, "stop") + more + event("[DONE]")));
    const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."));
    expect(joined(deltas)).toMatchObject([text[0], { finishReason: "stop", usage: { input: 2, output: 1 } }]);
  });

  it.each<[string, object]>([
    ["text", { content: "b" }],
    ["a refusal", { refusal: "No." }],
    ["a call", { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "{}" } }] }],
  ])("that says more after its end is none: %s", async (_, delta) => {
    await using server = await loopbackServer(streamed(chunk({ content: "a" }) + chunk({}, "stop") + chunk(delta)));
    await expect(gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).rejects.toMatchObject({ code: "model-call", retryable: true });
  });

  it("in parts is their text, as Mistral's and Databricks' thinking models give it", async () => {
    const thought = { type: "thinking", thinking: [{ type: "text", text: "hm" }] };
    const content = [thought, { type: "text", text: "a" }, { type: "reasoning", summary: [] }, null, { type: "text", text: "b" }];
    const body = chunk({ content: content.slice(0, 2) }) + chunk({ content: content.slice(2) }, "stop");
    await using server = await loopbackServer(whole({ choices: [{ message: { content }, finish_reason: "stop" }] }), streamed(body));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    expect((await model.generate(ask("Hi."))).content).toEqual([{ type: "text", text: "ab" }]);
    expect(joined(await gather(model, ask("Hi.")))[0]).toEqual({ type: "text", text: "ab" });
  });

  it.each([
    ["data: [DONE]\n\n", "text/event-stream"],
    ["data:[DONE]\r\n\r\n", "text/event-stream"],
    ["data: [DONE]\n\n", "text/plain"],
  ])("that ends with %j and no reason, as vllm-mlx's, is whole: as %s", async (end, type) => {
    const body = chunk({ content: "a" }) + end;
    for (const answer of [whole(body, 200, { "content-type": type }), ...(type === "text/plain" ? [] : [streamed(body, { pieceBytes: 1 })])]) {
      await using server = await loopbackServer(answer);
      const deltas = await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."));
      expect(joined(deltas)).toEqual([text[0], { type: "finish", usage: noUsage, finishReason: "other" }]);
    }
  });

  it("is the first of several", async () => {
    const other = event({ choices: [{ index: 1, delta: { content: "b" }, finish_reason: "length" }] });
    await using server = await loopbackServer(streamed(chunk({ content: "a" }) + other + chunk({}, "stop")));
    expect(joined(await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi.")))).toEqual(text);
  });

  it("in a message instead of a delta is read", async () => {
    await using server = await loopbackServer(streamed(event({ choices: [{ message: { content: "a" }, finish_reason: "stop" }] })));
    expect(joined(await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi.")))).toEqual(text);
  });
});

describe("usage", () => {
  const counts = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 41 };
  const usage = { input: 32, cacheRead: 0, cacheWrite: 0, output: 9, reasoning: 0 };

  it.each([
    ["Google's thoughts", { ...counts, total_tokens: 135 }, { ...usage, output: 103 }],
    [
      "xAI's thoughts",
      { ...counts, total_tokens: 135, completion_tokens_details: { reasoning_tokens: 94 } },
      { ...usage, output: 103, reasoning: 94 },
    ],
    ["no total", { ...counts, total_tokens: undefined }, usage],
    [
      "OpenRouter's caches",
      { ...counts, prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 } },
      { ...usage, cacheRead: 4, cacheWrite: 3 },
    ],
    ["DeepSeek's cache", { ...counts, prompt_cache_hit_tokens: 5 }, { ...usage, cacheRead: 5 }],
    [
      "a cache beside the prompt",
      { ...counts, total_tokens: 13_353, prompt_tokens_details: { cached_tokens: 13_312 } },
      { ...usage, input: 13_344, cacheRead: 13_312 },
    ],
    [
      "Portkey's caches of Anthropic's models",
      { ...counts, total_tokens: 1_641, cache_read_input_tokens: 600, cache_creation_input_tokens: 1_000 },
      { ...usage, input: 1_632, cacheRead: 600, cacheWrite: 1_000 },
    ],
    [
      "a cache that is larger than the prompt",
      { ...counts, total_tokens: undefined, prompt_cache_hit_tokens: 50 },
      { ...usage, input: 82, cacheRead: 50 },
    ],
    ["no count of the prompt", { ...counts, prompt_tokens: undefined }, { ...usage, input: 0 }],
    ["a prompt counted in text", { ...counts, prompt_tokens: "32" }, { ...usage, input: 0 }],
    ["a total that is too small", { ...counts, total_tokens: 9 }, usage],
  ])("tells what was read and cached, and counts as output all else: %s", async (_, sent, expected) => {
    await using server = await loopbackServer(whole({ choices: [{ message: { content: "a" }, finish_reason: "stop" }], usage: sent }));
    expect(await openai("fixture-1", { baseURL: server.baseURL }).generate(ask("Hi."))).toMatchObject({ usage: expected });
  });

  it("is found where Moonshot streams it: in the choice", async () => {
    const end = { choices: [{ index: 0, delta: {}, finish_reason: "stop", usage: counts }] };
    await using server = await loopbackServer(streamed(chunk({ content: "a" }) + event(end) + event("[DONE]")));
    expect((await gather(openai("fixture-1", { baseURL: server.baseURL }), ask("Hi."))).at(-1)).toMatchObject({ usage });
  });
});

it("sends whole signs, not halves", async () => {
  await using server = await loopbackServer(whole({ choices: [{ message: { content: "a" }, finish_reason: "stop" }] }));
  const content = [{ type: "text", text: "b\uDE00" } as const, { type: "image", image: { url: "https://x.test/\uD83D" } } as const];
  const messages = [{ role: "user", content: "a\uD83D 😀" } as const, { role: "user", content } as const];
  await openai("fixture-1", { baseURL: server.baseURL }).generate({ messages });
  expect(server.requests[0]?.body.messages).toEqual([
    { role: "user", content: "a\uFFFD 😀" },
    {
      role: "user",
      content: [
        { type: "text", text: "b\uFFFD" },
        { type: "image_url", image_url: { url: "https://x.test/\uFFFD" } },
      ],
    },
  ]);
});
