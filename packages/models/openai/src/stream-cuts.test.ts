import { type Model, ModelCallError, type ModelDelta, type ModelRequest } from "@codelet/core";
import { describe, expect, it, vi } from "vitest";
import { openai } from "./openai.ts";
import { ask, gather, joined } from "./testing/gather.ts";
import { fixture, loopbackServer, streamed, whole } from "./testing/loopback-server.ts";
import { refuseRemoteHosts } from "./testing/refuse-remote-hosts.ts";

refuseRemoteHosts();
vi.setConfig({ testTimeout: 120_000 }); // a thousand requests per test

const request = ask("Count.");
const recorded = ["code-answer.sse", "parallel-calls.sse", "reasoning-answer.sse"];

/** Without usage, which may be lost with the end of a stream. */
function answerOf(deltas: readonly ModelDelta[]): readonly unknown[] {
  return joined(deltas).map((delta) => (delta.type === "finish" ? { type: delta.type, finishReason: delta.finishReason } : delta));
}

async function outcomeOf(model: Model, asked: ModelRequest): Promise<readonly unknown[] | "cut"> {
  try {
    return answerOf(await gather(model, asked));
  } catch (error) {
    if (!(error instanceof ModelCallError) || !error.retryable) throw error;
    return "cut";
  }
}

describe.each(recorded)("%s", (name) => {
  const bytes = fixture(name);

  // One recording is enough for the second ending: it differs in what the connection reports, not in what was read.
  it.each(name === "code-answer.sse" ? (["close", "destroy"] as const) : (["close"] as const))(
    "cut at every byte by a %s is the whole answer or a retryable error",
    async (end) => {
      const answers = Array.from({ length: bytes.length + 1 }, (_, length) => streamed(bytes.subarray(0, length), { end }));
      await using server = await loopbackServer(...answers);
      const model = openai("fixture-1", { baseURL: server.baseURL });
      const outcomes: (readonly unknown[] | "cut")[] = [];
      for (const _ of answers) outcomes.push(await outcomeOf(model, request));
      const complete = outcomes.at(-1);
      expect(complete).not.toBe("cut");
      for (const outcome of outcomes)
        if (outcome !== "cut" && JSON.stringify(outcome) !== JSON.stringify(complete)) expect(outcome).toEqual(complete);
      expect(outcomes.filter((outcome) => outcome === "cut").length).toBeGreaterThan(bytes.length / 2);
      expect(outcomes[bytes.indexOf("[DONE]")]).toEqual(complete);
    },
  );

  it.each([1, 2, 3, 7, 64])("in pieces of %i bytes is the same answer", async (pieceBytes) => {
    await using server = await loopbackServer(streamed(bytes), streamed(bytes, { pieceBytes }));
    const model = openai("fixture-1", { baseURL: server.baseURL });
    expect(await gather(model, request)).toEqual(await gather(model, request));
  });

  it.each([
    ["CRLF line ends", (text: string) => text.replaceAll("\n", "\r\n")],
    ["CR line ends", (text: string) => text.replaceAll("\n", "\r")],
    ["a byte order mark", (text: string) => `\uFEFF${text}`],
    ["comments between events", (text: string) => text.replaceAll("\n\n", "\n\n: still here\n\n")],
    ["no space after the colon", (text: string) => text.replaceAll("data: ", "data:")],
    ["no [DONE]", (text: string) => text.replace("data: [DONE]\n\n", "")],
    ["its last chunk twice", (text: string) => text.replace("data: [DONE]", `${text.split("\n\n").at(-3)}\n\ndata: [DONE]`)],
    ["something after [DONE]", (text: string) => `${text}data: {"choices":[{"delta":{"content":"more"}}]}\n\n`],
  ])("with %s is the same answer", async (_, change) => {
    await using server = await loopbackServer(
      streamed(bytes),
      streamed(change(bytes.toString())),
      streamed(change(bytes.toString()), { pieceBytes: 5 }),
    );
    const model = openai("fixture-1", { baseURL: server.baseURL });
    const expected = await gather(model, request);
    expect(await gather(model, request)).toEqual(expected);
    expect(await gather(model, request)).toEqual(expected);
  });

  it("with its end before its content is an error", async () => {
    const events = bytes.toString().trimEnd().split("\n\n");
    const moved = [...events.slice(0, 2), ...events.slice(-3, -2), ...events.slice(2, -3), ...events.slice(-2)];
    await using server = await loopbackServer(streamed(`${moved.join("\n\n")}\n\n`));
    expect(await outcomeOf(openai("fixture-1", { baseURL: server.baseURL }), request)).toBe("cut");
  });
});

it("cut at every byte with a stop text is the text before it, or a retryable error", async () => {
  const bytes = fixture("code-answer.sse");
  const answers = Array.from({ length: bytes.length + 1 }, (_, length) => streamed(bytes.subarray(0, length), { end: "destroy" }));
  await using server = await loopbackServer(...answers);
  const model = openai("fixture-1", { baseURL: server.baseURL });
  const outcomes: (readonly unknown[] | "cut")[] = [];
  for (const _ of answers) outcomes.push(await outcomeOf(model, { ...request, stop: ["</code>"] }));
  for (const outcome of outcomes) if (outcome !== "cut") expect(outcome).toEqual(outcomes.at(-1));
});

it("an answer in one piece, cut at every byte, is a retryable error", async () => {
  const bytes = fixture("parallel-calls.json");
  const cuts = Array.from({ length: bytes.toString("latin1").trimEnd().length }, (_, length) => whole(bytes.subarray(0, length)));
  await using server = await loopbackServer(...cuts);
  const model = openai("fixture-1", { baseURL: server.baseURL });
  for (const _ of cuts) await expect(model.generate(request)).rejects.toMatchObject({ code: "model-call", retryable: true });
});
