import { ConfigurationError, type Model, ModelCallError, type ModelDelta, type ModelRequest, type ModelResponse, noUsage } from "@codelet/core";
import { describe, expect, it } from "vitest";
import { parseCassette } from "./cassette.ts";
import { faultyModel } from "./faulty-model.ts";
import { recordModel } from "./record-model.ts";
import { replayModel } from "./replay-model.ts";
import { requestDigest } from "./request-digest.ts";
import { scriptedModel } from "./scripted-model.ts";

const ask = (text: string): ModelRequest => ({ messages: [{ role: "user", content: text }] });

async function gather(model: Model, request: ModelRequest): Promise<readonly ModelDelta[]> {
  const deltas: ModelDelta[] = [];
  for await (const delta of model.stream?.(request) ?? []) deltas.push(delta);
  return deltas;
}

const call = { type: "tool-call", id: "1", name: "f", input: { $type: "x", n: 1.5, big: 1e300, list: [null] } } as const;
const image = { type: "image", image: { mediaType: "image/png", data: new Uint8Array([1, 2, 255]) } } as const;
const whole = {
  content: [{ type: "text", text: "Zürich 🗼" } as const, image, call],
  usage: { ...noUsage, input: 3 },
  finishReason: "tool-calls",
} as const;
const down = new ModelCallError("down", { status: 503, retryAfterMs: 20 });

async function recording(): Promise<string> {
  const lines: string[] = [];
  const model = recordModel(scriptedModel([whole, ["a", "b"], down, "last"], { id: "real" }), (line) => void lines.push(line));
  await model.generate(ask("whole"));
  await gather(model, ask("streamed"));
  await model.generate(ask("down")).catch(() => {});
  await gather(model, ask("again"));
  return lines.join("");
}

describe("a recording", () => {
  it("plays what was recorded, however it is asked", async () => {
    const model = replayModel(await recording());
    expect(model.id).toBe("real");
    expect(await model.generate(ask("streamed"))).toEqual({ content: [{ type: "text", text: "ab" }], usage: noUsage, finishReason: "stop" });
    const answer = await model.generate(ask("whole"));
    expect(answer).toEqual(whole);
    expect(answer.content[1]).toEqual(image);
    await expect(model.generate(ask("down"))).rejects.toMatchObject({
      code: "model-call",
      message: "down",
      status: 503,
      retryable: true,
      retryAfterMs: 20,
    });
    expect(model.remaining).toBe(1);
  });

  it("streams as it was streamed, and in one piece what was whole", async () => {
    const model = replayModel(await recording());
    expect((await gather(model, ask("streamed"))).map(({ type }) => type)).toEqual(["text", "text", "finish"]);
    expect((await gather(model, ask("whole"))).map(({ type }) => type)).toEqual(["text", "tool-call", "finish"]);
  });

  it("plays in order whatever is asked, when told so", async () => {
    const model = replayModel(await recording(), { match: "order" });
    expect(await model.generate(ask("x"))).toEqual(whole);
    await gather(model, ask("x"));
    await expect(model.generate(ask("x"))).rejects.toMatchObject({ status: 503 });
    await gather(model, ask("x"));
    await expect(model.generate(ask("x"))).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining("All 4 answers") });
  });

  it("says what was asked when it holds no answer", async () => {
    const model = replayModel(await recording());
    const failure = model.generate(ask("something else"));
    await expect(failure).rejects.toMatchObject({
      code: "configuration",
      message: expect.stringMatching(/no answer to this request.*message 1 \(user\): something else/),
    });
    expect(model.remaining).toBe(4);
  });

  it("answers equal requests in their order, each once", async () => {
    const lines: string[] = [];
    const model = recordModel(scriptedModel(["1", "2"]), (line) => void lines.push(line));
    await Promise.all([model.generate(ask("x")), model.generate(ask("x"))]);
    const replay = replayModel(lines.join(""));
    const texts = [await replay.generate(ask("x")), await replay.generate(ask("x"))].map(({ content }) => content);
    expect(texts).toEqual([[{ type: "text", text: "1" }], [{ type: "text", text: "2" }]]);
  });

  it("numbers calls as they were begun, and plays them in that order", async () => {
    const answers = [Promise.withResolvers<ModelResponse>(), Promise.withResolvers<ModelResponse>()];
    const begun = answers.values();
    const lines: string[] = [];
    const inner: Model = { id: "m", generate: () => begun.next().value?.promise ?? Promise.reject(new Error("no more")) };
    const model = recordModel(inner, (line) => void lines.push(line));
    const calls = [model.generate(ask("x")), model.generate(ask("x"))];
    for (const index of [1, 0]) {
      answers[index]?.resolve({ content: [{ type: "text", text: `${index}` }], usage: noUsage, finishReason: "stop" });
      await calls[index];
    }
    const replay = replayModel(lines.join(""));
    for (const index of [0, 1]) expect((await replay.generate(ask("x"))).content).toEqual([{ type: "text", text: `${index}` }]);
  });

  it("plays failures, of streams and of any kind", async () => {
    const lines: string[] = [];
    const model = recordModel(
      scriptedModel([down, new TypeError("odd"), Object.assign(new Error("busy"), { status: 429 })]),
      (line) => void lines.push(line),
    );
    for (let call = 0; call < 3; call++) await gather(model, ask("x")).catch(() => {});
    const replay = replayModel(lines.join(""));
    for (const failure of [
      { message: "down", status: 503, retryable: true },
      { message: expect.stringContaining("TypeError: odd"), status: undefined, retryable: false },
      { message: expect.stringContaining("Error: busy"), status: 429, retryable: true },
    ])
      await expect(gather(replay, ask("x"))).rejects.toMatchObject({ code: "model-call", ...failure });
  });

  it("gives no answer to a call that was aborted before", async () => {
    const model = replayModel(await recording());
    const signal = AbortSignal.abort("enough");
    await expect(model.generate({ ...ask("whole"), signal })).rejects.toMatchObject({ code: "aborted" });
    await expect(gather(model, { ...ask("whole"), signal })).rejects.toMatchObject({ code: "aborted" });
    expect(model.remaining).toBe(4);
  });

  it("holds numbers of its calls, and no request", async () => {
    expect(parseCassette(await recording()).entries.map((entry) => entry.call)).toEqual([1, 2, 3, 4]);
    expect(await recording()).not.toMatch(/whole|streamed|again/);
  });
});

describe("a recorded model", () => {
  it("does not write calls that were aborted, cut or left early", async () => {
    const lines: string[] = [];
    const inner = faultyModel(
      scriptedModel([
        ["a", "b"],
        ["a", "b"],
      ]),
      [{ call: 1, type: "cut", afterDeltas: 1 }],
    );
    const model = recordModel(inner, (line) => void lines.push(line));
    await gather(model, ask("cut"));
    for await (const _ of model.stream?.(ask("left")) ?? []) break;
    await model.generate({ ...ask("aborted"), signal: AbortSignal.abort() }).catch(() => {});
    expect(parseCassette(lines.splice(0).join("")).entries).toEqual([]);
    const failing = (error: Error): Model => recordModel({ id: "m", generate: () => Promise.reject(error) }, (line) => void lines.push(line));
    await failing(new ConfigurationError("wrong key"))
      .generate(ask("refused"))
      .catch(() => {});
    expect(parseCassette(lines.splice(0).join("")).entries).toEqual([]);
    await failing(new Error("fetch was aborted"))
      .generate({ ...ask("aborted"), signal: AbortSignal.abort() })
      .catch(() => {});
    expect(parseCassette(lines.join("")).entries).toEqual([]);
  });

  it("streams only when the model behind it does", () => {
    expect(recordModel({ id: "m", generate: () => Promise.reject(down) }, () => {}).stream).toBeUndefined();
  });

  it("passes on what its sink throws", async () => {
    const model = recordModel(scriptedModel(["a"]), () => Promise.reject(new Error("disk full")));
    await expect(model.generate(ask("x"))).rejects.toThrow("disk full");
  });
});

describe("a damaged cassette", () => {
  it.each([
    ["", "doesn't begin"],
    ["nonsense", "Line 1"],
    ['{"cassette":2,"model":"m"}', "doesn't begin"],
    ['{"cassette":1,"model":"m"}\n{"call":1', "Line 2"],
    ['{"cassette":1}', "doesn't begin"],
    ['{"cassette":1,"model":"m"}\n\n{"call":1,"digest":"d","messages":1}', "Line 3"],
    ['{"cassette":1,"model":"m"}\n \n{"call":1,"digest":"d","response":null}', "Line 3"],
    ['{"cassette":1,"model":"m"}\n{"call":"1","digest":"d","deltas":[]}', "Line 2"],
    ['{"cassette":1,"model":"m"}\n{"call":1,"digest":1,"deltas":[]}', "Line 2"],
    ['{"cassette":1,"model":"m"}\n[]', "Line 2"],
    ['{"cassette":1,"model":"m"}\nnull', "Line 2"],
    ['{"cassette":1,"model":"m"}\n5', "Line 2"],
  ])("%j is refused", (text, message) => {
    expect(() => replayModel(text)).toThrow(
      expect.objectContaining({
        code: "configuration",
        message: expect.stringMatching(message === "doesn't begin" ? /doesn't begin|Line 1/ : message),
      }),
    );
  });
});

it("a cassette that was recorded to twice says so", async () => {
  const both = (await recording()) + (await recording());
  expect(() => replayModel(both)).toThrow(
    expect.objectContaining({ code: "configuration", message: expect.stringMatching(/Line 6 .*another recording.*empty file/) }),
  );
});

describe("the digest of a request", () => {
  const tools = [{ name: "f", description: "d", inputSchema: { type: "object", properties: {} } }];

  it("is the same for another order of keys, absent and undefined fields, and any signal", async () => {
    const digest = await requestDigest({ ...ask("x"), tools });
    const [tool] = tools;
    const other = [{ inputSchema: { properties: {}, type: "object" }, description: tool?.description ?? "", name: "f" }];
    expect(
      await requestDigest({ stop: undefined, signal: new AbortController().signal, tools: other, messages: [{ content: "x", role: "user" }] }),
    ).toBe(digest);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it("differs with what is asked", async () => {
    const requests: ModelRequest[] = [
      ask("x"),
      ask("y"),
      { ...ask("x"), tools },
      { ...ask("x"), stop: ["s"] },
      { messages: [{ role: "user", content: [{ ...image }] }] },
      { messages: [{ role: "user", content: [{ ...image, image: { ...image.image, data: new Uint8Array([1, 2, 3]) } }] }] },
    ];
    expect(new Set(await Promise.all(requests.map(requestDigest))).size).toBe(requests.length);
  });
});
