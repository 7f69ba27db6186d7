import { expect, test } from "vitest";
import { type SupervisorLine, SupervisorLineDecoder } from "./supervisor-lines.ts";

const decode = (...chunks: readonly string[]): readonly SupervisorLine[] => {
  const decoder = new SupervisorLineDecoder();
  return chunks.flatMap((chunk) => decoder.decode(Buffer.from(chunk, "latin1")));
};
const long = "x".repeat(70_000);

test.each([
  ["without an end", [`@codelet 1 f ${long}`]],
  ["in one piece", [`@codelet 1 f ${long}\n`]],
  ["in many pieces", Array.from({ length: 80 }, (_, index) => (index === 0 ? "@codelet 1 f " : "x".repeat(1_000)))],
])("refuses a line that is too long, %s", (_, chunks) => {
  expect(() => decode(...chunks)).toThrow(expect.objectContaining({ code: "protocol" }));
});

test("skips what a provider prints, however long it is, and goes on with the next line", () => {
  expect(decode(long, long, "\n@codelet 1 f {}\nnoise\n@codelet - b 5\n")).toEqual([
    { number: 1, kind: "f", payload: "{}" },
    { number: undefined, kind: "b", payload: "5" },
  ]);
});

test("a new connection begins with a new line", () => {
  const decoder = new SupervisorLineDecoder();
  decoder.decode(Buffer.from("@codelet 1 f {"));
  decoder.reset();
  expect(decoder.decode(Buffer.from("@codelet 1 f {}\n"))).toEqual([{ number: 1, kind: "f", payload: "{}" }]);
});
