import { expect, it } from "vitest";
import { fitEnd } from "./fit-end.ts";

it.each([
  ["text", 4, "text"],
  ["text", 3, "ext"],
  ["text", 0, ""],
  ["text", -5, ""],
  ["", 3, ""],
  ["a数b", 2, "b"],
  ["a数b", 3, "数b"],
  ["a👩‍👩‍👧‍👦", 2, "👩‍👩‍👧‍👦"],
  ["a👩‍👩‍👧‍👦", 1, ""],
  ["ae\u0301e\u0301", 2, "e\u0301e\u0301"],
])("fits the end of %j into %i columns", (text, columns, end) => {
  expect(fitEnd(text, columns)).toBe(end);
});
