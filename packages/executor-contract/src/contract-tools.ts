import type { JsonSchema, Media, ToolSignature, Value } from "@codelet/core";
import type { HostFunction } from "./drive-step.ts";

/** A picture of one pixel. */
export const tinyPng: Uint8Array = Uint8Array.from(
  atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="),
  (character) => character.charCodeAt(0),
);

/** The host tools that the cases call. */
export const contractTools: readonly ToolSignature[] = [
  signature("echo", "Returns its argument.", { value: {} }),
  signature("add", "Adds two numbers.", { a: { type: "number" }, b: { type: "number" } }),
  signature("fail", "Always fails.", {}),
  signature("slow", "Answers after some milliseconds with its tag.", { ms: { type: "number" }, tag: {} }),
  signature("text_of", "A text of so many characters.", { size: { type: "integer" } }),
  signature("bytes_of", "So many bytes.", { size: { type: "integer" } }),
  signature("picture", "A picture of one pixel.", {}),
];

/** What they do. */
export const contractFunctions: Readonly<Record<string, HostFunction>> = {
  echo: ([value = null]) => value,
  add: ([a, b], kwargs) => Number(a) + Number(b ?? kwargs.b),
  fail: () => {
    throw new RangeError("no such city");
  },
  slow: ([ms, tag = null], _, { signal }) => answerAfter(Number(ms), tag, signal),
  text_of: ([size]) => "x".repeat(Number(size)),
  bytes_of: ([size]) => new Uint8Array(Number(size)).fill(7),
  picture: (): Media => ({ mediaType: "image/png", data: tinyPng }),
};

function answerAfter(milliseconds: number, tag: Value, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(tag), milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("given up"));
    });
  });
}

function signature(name: string, description: string, properties: Readonly<Record<string, JsonSchema>>): ToolSignature {
  return { name, description, inputSchema: { type: "object", properties, required: Object.keys(properties), additionalProperties: false } };
}
