import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type { Json } from "@codelet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import type { Image } from "./image.ts";
import { applyDelta, pageBytes } from "./sandbox/delta.ts";

const image = { folder: "/nonexistent/", entry: "main.js", checksum: "1" };

function payload(header: unknown, bytes: number | Uint8Array = 0): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, typeof bytes === "number" ? Buffer.alloc(bytes) : bytes]);
}

it.for([
  ["no file list", payload({ memory: 0, files: 0, clockMs: 0 })],
  ["a file list of something else", payload({ memory: 0, files: 0, openFiles: [null], clockMs: 0 })],
  ["no object", payload("null")],
  ["no JSON", payload("{")],
  ["a negative length", payload({ memory: -4, files: 8, openFiles: [], clockMs: 0 }, 4)],
  ["a length that is no integer", payload({ memory: 0.5, files: 0.5, openFiles: [], clockMs: 0 }, 1)],
  ["fewer bytes than it says", payload({ memory: 4, files: 4, openFiles: [], clockMs: 0 }, 7)],
  ["no clock", payload({ memory: 0, files: 0, openFiles: [] })],
  ["a clock before its start", payload({ memory: 0, files: 0, openFiles: [], clockMs: -1 })],
  ["nothing", new Uint8Array(0)],
] as const)("rejects a forged checkpoint with %s as a break of the protocol", async ([, forged]) => {
  await expect(encodeCheckpoint(image, forged)).rejects.toMatchObject({ code: "protocol" });
});

describe("a checkpoint", () => {
  const base = randomBytes(3 * pageBytes + 100);
  const files = Buffer.from("the files");
  const openFiles = [{ path: "/home/a", fd: 3, flags: 2, position: 7 }];
  const limits = { memoryLimitBytes: 1 << 20, diskLimitBytes: 1 << 20 };
  let saver: Image;

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), "codelet-checkpoint-"));
    await writeFile(join(folder, "snapshot.bin"), base);
    saver = { ...image, folder, checksum: String(crc32(base)) };
  });
  afterAll(() => rm(saver.folder, { recursive: true }));

  const save = (memory: Uint8Array): Promise<Json> =>
    encodeCheckpoint(saver, payload({ memory: memory.length, files: files.length, openFiles, clockMs: 12.5 }, Buffer.concat([memory, files])));
  const changed = (page: number, memory = base): Buffer =>
    Buffer.concat([memory.subarray(0, page * pageBytes), Buffer.from("x"), memory.subarray(page * pageBytes + 1)]);

  it.each<readonly [string, () => Buffer, number]>([
    ["the image's own", () => base, 0],
    ["that with a page changed", () => changed(1), 1],
    ["that with its last page changed", () => changed(3), 1],
    ["a longer one", () => Buffer.concat([base, Buffer.from("more")]), 1],
    ["a much longer one", () => Buffer.concat([changed(0), randomBytes(3 * pageBytes)]), 5],
    ["a shorter one", () => base.subarray(0, pageBytes + 5), 0],
  ])("holds memory as its difference to the image: %s", async (_, make, pages) => {
    const memory = make();
    const decoded = await decodeCheckpoint(saver, await save(memory), limits);
    expect(decoded).toMatchObject({ files, openFiles, clockMs: 12.5 });
    expect(Math.ceil((decoded.memory.length - 4) / (pageBytes + 4))).toBe(pages);
    expect(Buffer.compare(applyDelta(new Uint8Array(base), decoded.memory), memory)).toBe(0);
  });

  it("is only saved while the image is the one that the session was started from", async () => {
    saver = { ...saver, checksum: "1" };
    await expect(save(base)).rejects.toMatchObject({ code: "executor-crashed" });
    saver = { ...saver, checksum: String(crc32(base)) };
  });

  it.each<readonly [string, (saved: Record<string, Json>) => Json]>([
    ["nothing", () => null],
    ["a list", () => []],
    ["no memory", ({ memory, ...rest }) => rest],
    ["an image that is none", (saved) => ({ ...saved, image: 5 })],
    ["no list of open files", (saved) => ({ ...saved, openFiles: {} })],
    ["a file without a path", (saved) => ({ ...saved, openFiles: [{ fd: 3, flags: 2, position: 7 }] })],
    ["a file before its start", (saved) => ({ ...saved, openFiles: [{ path: "a", fd: 3, flags: 2, position: -7 }] })],
    ["no clock", ({ clockMs, ...rest }) => rest],
    ["another image", (saved) => ({ ...saved, image: "2" })],
    ["another checksum", (saved) => ({ ...saved, checksum: 5 })],
    ["memory that is not packed", (saved) => ({ ...saved, memory: "AAAA" })],
    ["memory that was cut off", ({ memory, ...rest }) => ({ ...rest, memory: String(memory).slice(0, 400) })],
    ["files of another one", ({ memory, ...rest }) => ({ ...rest, memory: memory ?? "", files: memory ?? "" })],
  ])("is refused with %s", async (_, damage) => {
    const saved = (await save(changed(0))) as Record<string, Json>;
    await expect(decodeCheckpoint(saver, damage(saved), limits)).rejects.toMatchObject({ code: "configuration" });
  });

  it("is refused where it is larger than the limits", async () => {
    const saved = await save(Buffer.concat([base, randomBytes(100_000)]));
    await expect(decodeCheckpoint(saver, saved, { memoryLimitBytes: 40_000, diskLimitBytes: 9_000 })).rejects.toMatchObject({
      code: "configuration",
    });
    await decodeCheckpoint(saver, saved, { memoryLimitBytes: 40_000, diskLimitBytes: 11_000 });
  });
});
