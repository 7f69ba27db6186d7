import { expect, test } from "vitest";
import { childChannel, deviceChannel, openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";

test.each([
  ["a child", childChannel],
  ["a device", deviceChannel],
])("input() finds the end of the text in %s, whatever an earlier step closed", async (_, channel) => {
  await using session = await openSession({}, { connect: async () => channel() });
  const closings = ["exit()", "quit(1)", "import sys\nsys.stdin.close()\n1/0", "del sys.stdin\n1/0", "sys.stdin = open('/dev/null')\nexit()"];
  for (const closing of closings) {
    expect(await run(session, closing)).toMatchObject({ error: { name: closing.includes("it(") ? "SystemExit" : "ZeroDivisionError" } });
    expect(await run(session, "input()")).toMatchObject({ error: { name: "EOFError" } });
  }
});

test("what code puts in the place of sys.stdin is there in the next step", async () => {
  await using session = await openSession();
  await run(session, "import io, sys\nsys.stdin = io.StringIO('one\\ntwo\\n')\ninput()");
  expect(await run(session, "input()")).toMatchObject({ value: "two" });
});
