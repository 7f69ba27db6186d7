import { CodeletError } from "@codelet/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { defaultBridgeLimits } from "./bridge-limits.ts";
import { FrameDecoder } from "./frame-decoder.ts";
import { scanJson } from "./frame-scan.ts";

const full = process.env.CODELET_FULL === "1";
const numRuns = full ? 100_000 : 2_000;
const limits = { ...defaultBridgeLimits, maxFrameBytes: 100_000, maxDepth: 20, maxNodes: 1_000 };
const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

function decodeAll(chunks: readonly Uint8Array[]): unknown[] {
  const decoder = new FrameDecoder(limits);
  return chunks.flatMap((chunk) => decoder.decode(chunk));
}

test("gives whole frames, wherever the stream is cut", () => {
  const json = fc.jsonValue({ maxDepth: 5 });
  fc.assert(
    fc.property(fc.array(json, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 10 }), (values, cuts) => {
      const frames = values.map((value, index) => ({ t: "final", s: index + 1, value }));
      const stream = bytes(
        frames
          .map((frame) => `${JSON.stringify(frame).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`)
          .join(""),
      );
      const positions = [...new Set(cuts.map((cut) => cut % (stream.length + 1)))].sort((a, b) => a - b);
      const chunks = [0, ...positions].map((start, index) => stream.subarray(start, positions[index] ?? stream.length));
      expect(decodeAll(chunks)).toEqual(JSON.parse(JSON.stringify(frames)));
    }),
    { numRuns: numRuns / 4 },
  );
});

test("answers anything with frames or a ProtocolError", () => {
  const frameLike = fc
    .record({
      t: fc.oneof(fc.constantFrom("call", "done", "final", "cancel", "rich", "bound", "wake"), fc.string()),
      s: fc.oneof(fc.constant(1), fc.integer(), fc.anything()),
    })
    .chain((head) =>
      fc
        .object({ maxDepth: 4, key: fc.constantFrom("value", "tool", "args", "kwargs", "call", "error", "marked", "__proto__", "ms", "x") })
        .map((rest) => ({ ...rest, ...head })),
    );
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array)),
    frameLike.map((frame) => Buffer.from(`${stringify(frame)}\n`)),
    fc.string().map((text) => Buffer.from(`{"t":"call","s":1,"tool":${JSON.stringify(text)},"args":[],"kwargs":{}}\n`)),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 4 }), (lines) => {
      try {
        for (const frame of decodeAll(lines)) expect(frame).toMatchObject({ t: expect.any(String), s: expect.any(Number) });
      } catch (error) {
        if (!CodeletError.isInstance(error)) throw error;
        expect(error.code).toBe("protocol");
      }
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    }),
    { numRuns },
  );
});

function stringify(value: unknown): string {
  try {
    return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? String(item) : item)) ?? "null";
  } catch {
    return "null";
  }
}

describe("limits", () => {
  const frame = (value: string): Uint8Array => bytes(`{"t":"final","s":1,"value":${value}}\n`);
  const padding = `"${"x".repeat(20_000)}"`;

  test.each([
    ["size in one chunk", [frame(`"${"x".repeat(100_001)}"`)]],
    ["size over many chunks without an end", Array.from({ length: 20 }, () => bytes("x".repeat(10_000)))],
    ["depth", [frame(`[${padding},${"[".repeat(80)}1${"]".repeat(80)}]`)]],
    ["parts", [frame(`[${padding},${"1,".repeat(9_000)}1]`)]],
    ["depth that never closes", [frame(`[${padding},${"[".repeat(50_000)}]`)]],
    ["text that never ends", [frame(`"${"x".repeat(20_000)}`)]],
    ["parts behind escaped quotes", [frame(`[${padding},"a\\"",${"{},".repeat(6_000)}1]`)]],
  ])("refuses %s before it is built", (_, chunks) => {
    expect(() => decodeAll(chunks)).toThrow(expect.objectContaining({ code: "protocol" }));
  });

  test("lets long text through that only looks deep", () => {
    expect(decodeAll([frame(JSON.stringify('[{,"\\'.repeat(5_000)))])).toHaveLength(1);
  });
});

test("counts as many levels and parts as JSON.parse builds", () => {
  const measure = (value: unknown): { depth: number; nodes: number } => {
    if (typeof value !== "object" || value === null) return { depth: 0, nodes: 1 };
    const parts = Object.values(value).map(measure);
    return { depth: 1 + Math.max(0, ...parts.map(({ depth }) => depth)), nodes: 1 + parts.reduce((sum, { nodes }) => sum + nodes, 0) };
  };
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = Buffer.from(JSON.stringify(value));
      const { depth, nodes } = measure(value);
      expect(scanJson(text, { maxDepth: depth, maxNodes: nodes * 2 + 1 })).toBeTypeOf("number");
      if (depth > 0) expect(scanJson(text, { maxDepth: depth - 1, maxNodes: nodes * 2 + 1 })).toBe("depth");
      if (nodes > 2) expect(scanJson(text, { maxDepth: depth, maxNodes: Math.ceil(nodes / 2) - 1 })).toBe("nodes");
    }),
    { numRuns: numRuns / 2 },
  );
});
