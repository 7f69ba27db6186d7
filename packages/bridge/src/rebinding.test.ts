import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { addition } from "./testing/tools.ts";

test.each([
  "final_answer = 5",
  "def final_answer(x): return x",
  "import json as final_answer",
  "for final_answer in range(3): pass",
  "del final_answer",
  "final_answer = lambda x: 'forged'\nfinal_answer('real')",
])("restores final_answer after %j and says how to end", async (code) => {
  await using session = await openSession();
  const execution = await run(session, code);
  expect(execution).toMatchObject({
    value: null,
    finalAnswer: undefined,
    stateLost: false,
    logs: expect.stringContaining("Call it, final_answer(value)"),
  });
  expect(await run(session, "final_answer('real')")).toMatchObject({ finalAnswer: { value: "real" }, logs: "" });
});

test.each(["add = 5", "def add(a, b): return 0", "from operator import add", "with open('/dev/null') as add: pass", "class add: pass", "(add := 3)"])(
  "restores a tool after %j and says so",
  async (code) => {
    await using session = await openSession({ tools: [addition.signature] });
    expect((await run(session, code)).logs).toContain("add is a tool");
    expect(await run(session, "add(1, 2)", addition.tools)).toMatchObject({ value: 3, logs: "" });
  },
);

test.each(["add", "final_answer", "display"])("keeps the class of %s as it is, like that of a built-in function", async (name) => {
  await using session = await openSession({ tools: [addition.signature] });
  for (const code of [`type(${name}).__call__ = lambda *values: 'forged'`, `del type(${name}).__call__`])
    expect(await run(session, code)).toMatchObject({ error: { name: "TypeError", message: expect.stringContaining("immutable type") } });
  expect(await run(session, "display(5)\nfinal_answer(add(1, 2))", addition.tools)).toMatchObject({ finalAnswer: { value: 3 }, outputs: [{}] });
});

test("fails calls of a deleted tool in the same step only", async () => {
  await using session = await openSession({ tools: [addition.signature] });
  expect(await run(session, "del add\nadd(1, 2)")).toMatchObject({ error: { name: "NameError" }, logs: expect.stringContaining("add is a tool") });
  expect(await run(session, "add(1, 2)", addition.tools)).toMatchObject({ value: 3 });
});

test("leaves a function's own names alone", async () => {
  await using session = await openSession({ tools: [addition.signature] });
  expect(await run(session, "def f(add):\n    final_answer = add\n    return final_answer\nf(3)")).toMatchObject({ value: 3, logs: "" });
});
