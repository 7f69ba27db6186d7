import { expect, it } from "vitest";
import { encodeCheckpoint } from "./checkpoint.ts";

const image = { folder: "/nonexistent/", entry: "main.js", checksum: "1" };

function payload(header: unknown, bytes = 0): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, Buffer.alloc(bytes)]);
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
