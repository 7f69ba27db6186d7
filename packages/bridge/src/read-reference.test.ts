import { expect, test } from "vitest";
import { readReference } from "./read-reference.ts";

const read = (reference: unknown): object =>
  readReference<{ id: string; port: number }>(reference as never, "sandbox of Acme", { id: /^[a-z]+$/, port: Number.isSafeInteger });

test("returns the parts that were asked for", () => {
  expect(read({ id: "a", port: 7, other: "x" })).toEqual({ id: "a", port: 7 });
});

test.each([null, undefined, 7, "a", [], {}, { id: "a" }, { id: "../a", port: 7 }, { id: ["a"], port: 7 }, { id: "a", port: "7" }])(
  "refuses %j in one line",
  (reference) => {
    expect(() => read(reference)).toThrow(expect.objectContaining({ code: "configuration", message: "The reference names no sandbox of Acme." }));
  },
);
