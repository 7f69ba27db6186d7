import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather } from "./testing/gather.ts";
import { type Answer, chunk, event, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();

const refusal = (error: unknown): Answer => whole({ error }, 400);

describe("what Groq answers where the model wrote no call or no JSON", () => {
  const error = { message: "Failed to call a function.", type: "invalid_request_error", code: "tool_use_failed" };
  const failed = { ...error, failed_generation: '<function=population>{"city": "Rome"}</function>' };
  const content = [{ type: "text", text: failed.failed_generation }];

  it.each(["tool_use_failed", "json_validate_failed"])("is what the model wrote: %s", async (code) => {
    const said = { ...failed, code };
    await using server = await loopbackServer(refusal(said), streamed(`event: error\n${event({ error: said })}`));
    const model = openai("llama", { baseURL: server.baseURL });
    expect(await model.generate(ask("Hi."))).toMatchObject({ content, finishReason: "other" });
    expect(await gather(model, ask("Hi."))).toMatchObject([...content, { type: "finish" }]);
  });

  it("is told once where a stream had begun with it", async () => {
    const begun = chunk({ content: "<function=population>" });
    await using server = await loopbackServer(streamed(`${begun}event: error\n${event({ error: failed })}`));
    const deltas = await gather(openai("llama", { baseURL: server.baseURL }), ask("Hi."));
    expect(deltas.map((delta) => (delta.type === "text" ? delta.text : ""))).toEqual(["<function=population>", '{"city": "Rome"}</function>', ""]);
  });

  it("is told whole where a stream had begun with something else", async () => {
    await using server = await loopbackServer(streamed(`${chunk({ content: "I look." })}event: error\n${event({ error: failed })}`));
    const deltas = await gather(openai("llama", { baseURL: server.baseURL }), ask("Hi."));
    expect(deltas.slice(0, 2)).toEqual([{ type: "text", text: "I look." }, ...content]);
  });

  it.each([
    ["at once", ""],
    ["in the middle of a stream", "<function"],
  ])("is cut at a stop text, %s", async (_, begun) => {
    const told = event({ error: { ...failed, failed_generation: "<function=a>\nObservation: made up" } });
    await using server = await loopbackServer(streamed(`${begun && chunk({ content: begun })}event: error\n${told}`));
    const deltas = await gather(openai("llama", { baseURL: server.baseURL }), { ...ask("Hi."), stop: ["\nObservation:"] });
    expect(deltas.map((delta) => (delta.type === "text" ? delta.text : "")).join("")).toBe("<function=a>");
    expect(deltas.at(-1)).toMatchObject({ type: "finish", finishReason: "stop" });
  });

  it("is another where the code is another", async () => {
    await using server = await loopbackServer(refusal({ ...failed, code: "other" }));
    await expect(openai("llama", { baseURL: server.baseURL }).generate(ask("Hi."))).rejects.toMatchObject({ status: 400, retryable: false });
  });

  it("is tried again where it doesn't say what that is", async () => {
    await using server = await loopbackServer(refusal(error));
    await expect(openai("llama", { baseURL: server.baseURL }).generate(ask("Hi."))).rejects.toMatchObject({ status: 400, retryable: true });
  });
});
