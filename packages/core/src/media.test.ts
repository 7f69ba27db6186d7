import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { type Attachment, toAttachment } from "./media.ts";
import type { TaskStep } from "./memory.ts";
import type { ModelRequest } from "./model.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const png = bytesOf("89504e470d0a1a0a0000");
const picture: Attachment = { type: "image", image: { mediaType: "image/png", data: png } };

describe("media for a message", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "media-"));
    await writeFile(path.join(folder, "a picture.png"), png);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is made of bytes, a Blob, media, a data URL, a path or a file URL", async () => {
    const file = path.join(folder, "a picture.png");
    const base64 = btoa(String.fromCharCode(...png));
    const inputs = [
      png,
      Buffer.from(png),
      new Blob([png.slice()], { type: "image/png" }),
      new Blob([png.slice()]),
      { mediaType: "image/png", data: png },
      `data:image/png;base64,${base64}`,
      new URL(`data:image/png;base64,${base64}`),
      file,
      pathToFileURL(file),
      String(pathToFileURL(file)),
    ];
    for (const input of inputs) {
      const attachment = await toAttachment(input);
      expect(attachment).toMatchObject({ type: "image", image: { mediaType: "image/png" } });
      expect(Uint8Array.from((attachment as { image: { data: Uint8Array } }).image.data)).toEqual(png);
    }
  });

  it.each([
    ["89504e470d0a1a0a", "image", "image/png"],
    ["ffd8ffe0", "image", "image/jpeg"],
    ["474946383961", "image", "image/gif"],
    ["524946460000000057454250", "image", "image/webp"],
    ["524946460000000057415645", "file", "audio/wav"],
    ["49443304", "file", "audio/mpeg"],
    ["fffb9064", "file", "audio/mpeg"],
    ["4f67675300", "file", "audio/ogg"],
    ["664c614300", "file", "audio/flac"],
    ["1a45dfa3", "file", "video/webm"],
    ["000000206674797069736f6d", "file", "video/mp4"],
    ["00000020667479704d345620", "file", "video/mp4"],
    ["00000020667479704d344120", "file", "audio/mp4"],
    ["000000246674797068656963", "image", "image/heic"],
    ["000000246674797061766966", "image", "image/avif"],
    ["255044462d312e37", "file", "application/pdf"],
  ])("of the bytes %s… is %s, %s", async (hex, type, mediaType) => {
    const data = bytesOf(hex);
    expect(await toAttachment(data)).toEqual({ type, [type]: { mediaType, data } });
  });

  it("keeps an address that a model may fetch, and never fetches it", async () => {
    const image = { type: "image", image: { url: "https://example.invalid/a.png" } };
    expect(await toAttachment("https://example.invalid/a.png")).toEqual(image);
    expect(await toAttachment(new URL("https://example.invalid/a.png"))).toEqual(image);
    expect(await toAttachment("HTTPS://example.invalid/chart?id=1")).toMatchObject({ type: "image" });
    for (const name of ["a.mp3", "a.PDF", "a.mp4?x=1", "a.wav#t=3"])
      expect(await toAttachment(`https://example.invalid/${name}`)).toEqual({ type: "file", file: { url: `https://example.invalid/${name}` } });
  });

  it.each([
    ["bytes of no known type", bytesOf("00010203"), /\{ mediaType, data \}/],
    ["no bytes", new Uint8Array(), /type of these bytes/],
    ["a path that isn't there", "/no/such/picture.png", /The file \/no\/such\/picture\.png can't be read/],
    ["a data URL that is none", "data:nonsense", /can't be read/],
    ["a file URL that isn't there", new URL("file:///no/such.png"), /can't be read/],
  ])("refuses %s", async (_, input, message) => {
    await expect(toAttachment(input)).rejects.toMatchObject({ code: "configuration", message: expect.stringMatching(message) });
  });

  it("says of an address of another scheme that it can't be read", async () => {
    await expect(toAttachment("ftp://example.invalid/a.png")).rejects.toMatchObject({ code: "configuration" });
  });
});

describe("media of a task", () => {
  const executor = fakeExecutor(({ finalAnswer }) => finalAnswer(1));
  const answer = "Thought: go\n<code>\n1\n</code>";

  /** The model's text and media parts by message. */
  const partsOf = ({ messages }: ModelRequest): readonly string[] =>
    messages.map(({ content }) => (typeof content === "string" ? "text" : content.map(({ type }) => type).join("+")));

  it("is shown with it: pictures, and files for models that take them", async () => {
    const model = scriptedModel([answer]);
    const sound = { mediaType: "audio/wav", data: new Uint8Array([1]) };
    const result = await new CodeAgent({ model, executor }).run("Look.", { images: [png], attachments: [sound] });
    expect(partsOf(model.requests[0] as ModelRequest)).toEqual(["text", "text+image+file"]);
    expect((result.steps[1] as TaskStep).attachments).toEqual([picture, { type: "file", file: sound }]);
  });

  it("that can't be read fails the run before the model is asked", async () => {
    const model = scriptedModel([answer]);
    await expect(new CodeAgent({ model, executor }).run("Look.", { images: ["/no/such.png"] })).rejects.toMatchObject({ code: "configuration" });
    expect(model.requests).toHaveLength(0);
  });

  it("stays in a conversation, also in one that was saved as JSON and loaded", async () => {
    const model = scriptedModel([answer, answer]);
    const agent = new CodeAgent({ model, executor });
    await using chat = agent.conversation();
    await chat.run("Look.", { images: [png] });
    const saved = JSON.parse(JSON.stringify(await chat.save()));
    await using same = await agent.loadConversation(saved);
    expect((same.memory.steps[1] as TaskStep).attachments).toMatchObject([{ type: "image", image: { mediaType: "image/png" } }]);
    await same.run("What did you see?");
    expect(partsOf(model.requests[1] as ModelRequest)).toEqual(["text", "text+image", "text", "text", "text"]);
    expect(model.requests[1]?.messages[1]?.content).toMatchObject([
      { type: "text" },
      { type: "image", image: { mediaType: "image/png", data: png } },
    ]);
  });
});

describe("pictures that code displays", () => {
  const displayed = btoa(String.fromCharCode(...png));
  const executor = fakeExecutor(({ code, display, finalAnswer }) => {
    if (code === "done") return finalAnswer(1);
    display({ "image/png": displayed, "text/plain": "<Figure>" });
    return null;
  });
  const replies = ["<code>\nplot\n</code>", "<code>\ndone\n</code>"];

  it("follow the observation for a model that sees", async () => {
    const model = { ...scriptedModel(replies), seesImages: true };
    await new CodeAgent({ model, executor }).run("Plot.");
    expect(model.requests[1]?.messages.at(-1)?.content).toEqual([{ type: "text", text: expect.stringContaining("<Figure>") }, picture]);
  });

  it("are told in words to one that doesn't", async () => {
    const model = scriptedModel(replies);
    await new CodeAgent({ model, executor }).run("Plot.");
    expect(model.requests[1]?.messages.at(-1)?.content).toContain("<Figure>");
  });
});
