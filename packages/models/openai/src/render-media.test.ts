import { type ContentPart, type Message, ToolCallingAgent, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { describe, expect, it } from "vitest";
import { openai } from "./openai.ts";
import { renderMessages } from "./render-messages.ts";
import { gather } from "./testing/gather.ts";
import { loopbackServer, whole } from "./testing/loopback-server.ts";

const bytes = new Uint8Array([1, 2, 3]);
const file = (mediaType: string): ContentPart => ({ type: "file", file: { mediaType, data: bytes } });
const render = (role: Message["role"], ...content: readonly ContentPart[]): readonly unknown[] => renderMessages([{ role, content }]);

it.each([
  ["audio/wav", "wav"],
  ["audio/x-wav", "wav"],
  ["audio/mpeg", "mp3"],
  ["audio/mp3; charset=binary", "mp3"],
])("sends %s as a sound", (mediaType, format) => {
  expect(render("user", { type: "text", text: "Listen." }, file(mediaType))).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "Listen." },
        { type: "input_audio", input_audio: { data: "AQID", format } },
      ],
    },
  ]);
});

it("sends a JPEG by the name that all providers know", () => {
  const part = { type: "image_url", image_url: { url: "data:image/jpeg;base64,AQID" } };
  expect(render("user", { type: "image", image: { mediaType: "image/jpg", data: bytes } })).toEqual([{ role: "user", content: [part] }]);
});

it("sends a PDF as a file with its bytes", () => {
  const part = { type: "file", file: { filename: "document.pdf", file_data: "data:application/pdf;base64,AQID" } };
  expect(render("user", file("application/pdf"))).toEqual([{ role: "user", content: [part] }]);
});

it("puts what tools returned after all of their results", () => {
  const result = (id: string): ContentPart => ({ type: "tool-result", id, name: "f", content: `${id}!` });
  expect(render("tool", result("a"), file("audio/wav"), result("b"))).toEqual([
    { role: "tool", tool_call_id: "a", content: "a!" },
    { role: "tool", tool_call_id: "b", content: "b!" },
    { role: "user", content: [{ type: "input_audio", input_audio: { data: "AQID", format: "wav" } }] },
  ]);
});

describe("a call with what the API can't take", () => {
  it.each<[string, ContentPart, RegExp]>([
    ["a video", file("video/mp4"), /fixture-1: .*video\/mp4.*wav, mp3 or pdf/],
    ["a flac", file("audio/flac"), /audio\/flac/],
    ["an address", { type: "file", file: { url: "https://example.com/a.pdf" } }, /pass its bytes/],
  ])("%s fails before anything is sent, and is not tried again", async (_, part, message) => {
    await using server = await loopbackServer();
    const model = openai("fixture-1", { baseURL: server.baseURL });
    const request = { messages: [{ role: "user", content: [part] }] } as const;
    const failure = { code: "model-call", retryable: false, status: undefined, message: expect.stringMatching(message) };
    await expect(model.generate(request)).rejects.toMatchObject(failure);
    await expect(gather(model, request)).rejects.toMatchObject(failure);
    expect(server.requests).toHaveLength(0);
  });
});

describe("whether pictures of observations are sent", () => {
  const sees = (id: string, options: { readonly baseURL?: string; readonly seesImages?: boolean } = {}) =>
    openai(id, { apiKey: "key", baseURL: "https://api.openai.com/v1", ...options }).seesImages;

  it.each(["gpt-5-mini", "gpt-4o", "gpt-4.1", "gpt-4-turbo", "gpt-4-turbo-2024-04-09", "o1", "o3", "o4-mini", "ft:gpt-4o-2024-08-06:us::1"])(
    "is so for OpenAI's %s",
    (id) => {
      expect(sees(id)).toBe(true);
    },
  );

  it.each([
    ...["gpt-3.5-turbo", "gpt-4", "gpt-4-0613", "gpt-4-turbo-preview", "o1-mini", "o3-mini", "gpt-4o-audio-preview"],
    ...["davinci-002", "babbage-002", "ft:gpt-3.5-turbo:us::1", "ft:gpt-4:us::1"],
  ])("is not so for OpenAI's %s", (id) => {
    expect(sees(id)).toBe(false);
  });

  it("is not so for a server of one's own, unless that is said", () => {
    expect(sees("qwen3-coder", { baseURL: "http://localhost:8000/v1" })).toBe(false);
    expect(sees("qwen3-vl", { baseURL: "http://localhost:8000/v1", seesImages: true })).toBe(true);
    expect(sees("gpt-5-mini", { seesImages: false })).toBe(false);
  });
});

it("shows an agent what its tools drew, right after their results", async () => {
  const calls = (...names: readonly string[]): object => ({
    choices: [
      {
        message: {
          tool_calls: names.map((name, index) => ({ id: `${name}_${index}`, type: "function", function: { name, arguments: '{"answer":"a"}' } })),
        },
        finish_reason: "tool_calls",
      },
    ],
  });
  await using server = await loopbackServer(whole(calls("draw", "draw")), whole(calls("final_answer")));
  const draw = tool({
    name: "draw",
    description: "Draws.",
    input: jsonSchema<object>({ type: "object", properties: { answer: { type: "string" } } }),
    execute: () => ({ mediaType: "image/png", data: bytes }),
  });
  const { generate, id, seesImages } = openai("fixture-1", { baseURL: server.baseURL, seesImages: true });
  const result = await new ToolCallingAgent({ model: { generate, id, seesImages }, tools: [draw] }).run("Draw.");
  expect(result).toMatchObject({ state: "success", output: "a" });
  const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AQID" } };
  expect(server.requests[1]?.body.messages.slice(2)).toMatchObject([
    { role: "assistant", tool_calls: [{ id: "draw_0" }, { id: "draw_1" }] },
    { role: "tool", tool_call_id: "draw_0", content: expect.stringContaining("image_1.png") },
    { role: "tool", tool_call_id: "draw_1", content: expect.stringContaining("image_2.png") },
    { role: "user", content: [picture, picture] },
  ]);
});
