import { noUsage } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather, joined } from "./testing/gather.ts";
import { chunk, fixture, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const codeText = 'I\'ll count the cafés — naïvely — in 東京 🗼 first.\n<code>\nfound = search("cafés")\nprint(len(found))\n</code>';
const codeUsage = { input: 812, cacheRead: 768, cacheWrite: 0, output: 41, reasoning: 0 };

describe("stop texts", () => {
  const stopped = { ...ask("Count."), stop: ["</code>"] };
  const before = codeText.slice(0, codeText.indexOf("</code>"));

  it("are sent, four at most, and cut where a server ignores them", async () => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")), streamed(fixture("code-answer.sse")));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    const response = await model.generate({ ...stopped, stop: ["a1", "b2", "c3", "d4", "</code>"] });
    expect(response.content).toEqual([{ type: "text", text: before }]);
    expect(server.requests[0]?.body.stop).toEqual(["a1", "b2", "c3", "d4"]);
    expect(joined(await gather(model, stopped))).toEqual([
      { type: "text", text: before },
      { type: "finish", usage: codeUsage, finishReason: "stop" },
    ]);
    expect(server.requests[1]?.body.stop).toEqual(["</code>"]);
  });

  it.each(["o3", "o4-mini", "gpt-5", "openai/gpt-5.1-codex", "x-ai/grok-4"])("are not sent to %s", async (id) => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")), streamed(fixture("code-answer.sse")));
    const model = openai(id, { baseURL: server.baseURL });
    expect((await model.generate(stopped)).content).toEqual([{ type: "text", text: before }]);
    await gather(model, stopped);
    expect(server.requests.map(({ body }) => body.stop)).toEqual([undefined, undefined]);
  });

  it.each(["o3-mini", "gpt-4.1", "gpt-5-chat-latest", "qwen3"])("are sent to %s", async (id) => {
    await using server = await loopbackServer(whole(fixture("code-answer.json")));
    await openai(id, { baseURL: server.baseURL }).generate(stopped);
    expect(server.requests[0]?.body.stop).toEqual(["</code>"]);
  });

  it.each([
    [400, { error: { message: "Unsupported parameter: 'stop' is not supported with this model.", param: "stop", code: "unsupported_parameter" } }],
    [400, { error: { message: "'stop' is not supported with this model." } }],
    [400, { error: "Model new-model does not support parameter stop." }],
    [422, { detail: [{ loc: ["body", "stop"], msg: "Extra inputs are not permitted" }] }],
  ])("are left out from then on when a server refuses them with %i %j", async (status, refusal) => {
    await using server = await loopbackServer(whole(refusal, status), whole(fixture("code-answer.json")));
    const model = openai("new-model", { baseURL: server.baseURL });
    await model.generate(stopped);
    await model.generate(stopped);
    expect(server.requests.map(({ body }) => body.stop)).toEqual([["</code>"], undefined, undefined]);
  });

  it("stay in when a server refuses something else", async () => {
    await using server = await loopbackServer(whole({ error: { message: "Images are not supported." } }, 400));
    await expect(openai("new-model", { baseURL: server.baseURL }).generate(stopped)).rejects.toMatchObject({ status: 400 });
    expect(server.requests).toHaveLength(1);
  });

  it("drop the calls and thoughts that follow them, and those before them", async () => {
    const call = { index: 0, id: "a", function: { name: "f", arguments: "{}" } };
    const bytes = [{ tool_calls: [call] }, { content: "a</code>b" }, { content: "c", reasoning: "hm", tool_calls: [{ ...call, index: 1, id: "b" }] }];
    await using server = await loopbackServer(streamed(bytes.map((delta) => chunk(delta)).join("") + chunk({}, "tool_calls")));
    expect(await gather(openai("fixture-1", { baseURL: server.baseURL }), stopped)).toEqual([
      { type: "text", text: "a" },
      { type: "finish", usage: noUsage, finishReason: "stop" },
    ]);
  });

  it("keep what came before when the connection breaks after them", async () => {
    const bytes = chunk({ content: "a</co" }) + chunk({ content: "de> and so on" });
    await using server = await loopbackServer(streamed(bytes, { end: "destroy" }));
    const deltas = await gather(openai("o3", { baseURL: server.baseURL }), stopped);
    expect(deltas).toEqual([
      { type: "text", text: "a" },
      { type: "finish", usage: noUsage, finishReason: "stop" },
    ]);
  });
});
