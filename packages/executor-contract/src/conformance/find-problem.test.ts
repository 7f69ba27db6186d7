import type { ExecutorSession } from "@codelet/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unsafeExecutor } from "../unsafe-executor.ts";
import type { PythonCase } from "./conformance-data.ts";
import { caseProblem } from "./find-problem.ts";

let session: ExecutorSession;
beforeAll(async () => {
  session = await unsafeExecutor().open();
});
afterAll(() => session[Symbol.asyncDispose]());

const item: PythonCase = {
  name: "sum",
  category: "language",
  prelude: ["def more(n):\n    return n + 1", "1 / 0"],
  state_in: { counts: { type: "dict", repr: "{1: (2, 3)}" } },
  tools: { double: "def double(n):\n    return 2 * n\n" },
  code: "total = more(double(counts[1][1]))",
  expect: { state: { total: { type: "int", repr: "7" }, counts: { type: "dict", repr: "{1: (2, 3)}" } } },
};

test("a case begins with its tools, its variables and the programs before it", async () => {
  expect(await caseProblem(item, session)).toBeUndefined();
});

test("a case says what is other than in CPython", async () => {
  const problemOf = (expected: PythonCase["expect"]): Promise<string | undefined> => caseProblem({ ...item, expect: expected }, session);
  expect(await problemOf({ ...item.expect, state: { total: { type: "float", repr: "7.0" } } })).toMatch(/^variables is \[\["int","7"\]\]/);
  expect(await problemOf({ state: {}, error_class: "KeyError", error_message: "1" })).toMatch(/^error is undefined, CPython has "KeyError"/);
});
