import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";

const add = {
  name: "add",
  description: "Adds two numbers.",
  inputSchema: { type: "object", properties: { a: { type: "number" }, b: { type: "number" } }, required: ["a", "b"] },
};

test("keeps state between steps and returns the last expression", async () => {
  await using session = await openSession();
  expect(await run(session, "x = 41\ndef f(y): return y + 1")).toMatchObject({ value: null, logs: "", stateLost: false });
  expect(await run(session, "print('é')\nf(x)")).toMatchObject({ value: 42, logs: "é\n" });
});

test("hands host calls out and their results in", async () => {
  await using session = await openSession({ tools: [add] });
  expect(await run(session, "add(1, b=2) * add(3, 4)", { add: (a, b) => Number(a) + Number(b) })).toMatchObject({ value: 21 });
});
