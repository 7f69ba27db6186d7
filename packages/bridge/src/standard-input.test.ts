import { expect, test } from "vitest";
import { childChannel, deviceChannel, openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";

test.each([
  ["a child", childChannel],
  ["a device", deviceChannel],
])("input() finds the end of the text in %s, whatever an earlier step closed", async (_, channel) => {
  await using session = await openSession({}, { connect: async () => channel() });
  const closings = [
    "exit()",
    "quit(1)",
    "import sys\nsys.stdin.close()\n1/0",
    "del sys.stdin\n1/0",
    "sys.stdin.detach()\n1/0",
    "sys.stdin = open('/dev/null')\nexit()",
  ];
  for (const closing of closings) {
    expect(await run(session, closing)).toMatchObject({ error: { name: closing.includes("it(") ? "SystemExit" : "ZeroDivisionError" } });
    expect(await run(session, "input()")).toMatchObject({ error: { name: "EOFError" } });
  }
});

test.each([
  ["text", "import io\nstand_in = io.StringIO('one\\ntwo\\n')"],
  ["an object that only has lines", "class Lines:\n    def readline(self): return lines.pop(0)\nlines = ['one\\n', 'two\\n']\nstand_in = Lines()"],
  ["a mock", "from unittest.mock import Mock\nstand_in = Mock(spec=['readline', 'closed'])\nstand_in.readline.side_effect = ['one\\n', 'two\\n']"],
])("what code puts in the place of sys.stdin is there in the next step: %s", async (_, code) => {
  await using session = await openSession();
  expect(await run(session, `import sys\n${code}\nsys.stdin = stand_in\ninput()`)).toMatchObject({ value: "one" });
  expect(await run(session, "input()")).toMatchObject({ value: "two" });
});
