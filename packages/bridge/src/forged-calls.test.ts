import { setTimeout as sleep } from "node:timers/promises";
import type { Value } from "@codelet/core";
import { expect, test } from "vitest";
import { openSession } from "./testing/child-channel.ts";
import { run } from "./testing/run.ts";
import { signature } from "./testing/tools.ts";

const echo = signature("echo", { x: {} });

/** Writes calls past the runner, and reads nothing. */
const forgeCalls = (count: number, lastArguments = "b'1'"): string => `
import os
fd = [f for f in range(3, 2000) if os.path.exists(f'/proc/self/fd/{f}') and 'socket' in os.readlink(f'/proc/self/fd/{f}')][0]
number = display.__self__.calls.frame[0]
def forge(count, arguments):
    global number
    data = b''.join(b'{"t":"call","s":%d,"tool":"echo","args":[%s],"kwargs":{}}\\n' % (number + i, arguments) for i in range(1, count + 1))
    number += count
    while data: data = data[os.write(fd, data):]
for _ in range(${count} // 1000): forge(1000, b'1')
forge(${count} % 1000, b'1')
forge(1, ${lastArguments})
import time
time.sleep(5)`;

test("ends a worker that asks without reading the answers, at little cost to the host", async () => {
  await using session = await openSession({ tools: [echo] });
  await run(session, "1");
  const before = process.memoryUsage().rss;
  const code = "import asyncio\nawait asyncio.sleep(0)\nwhile True:\n    echo.aio(1).send(None)";
  const { error, stateLost } = await run(session, code, {}, { timeoutMs: 20_000 });
  expect({ error, stateLost }).toMatchObject({
    error: { name: "SessionDied", message: expect.stringContaining("without reading") },
    stateLost: true,
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(256 * 2 ** 20);
  expect(await run(session, "40 + 1")).toMatchObject({ value: 41, error: undefined });
});

test("refuses calls with names that no tool and no argument has", async () => {
  await using session = await openSession({ tools: [echo] });
  const performed: Value[] = [];
  const remember = (x: Value): Value => {
    performed.push(x);
    return x;
  };
  const code = `def attempt(act):
    try: act()
    except ToolError as error: return str(error)
calls = display.__self__.calls
forged = calls.start(',"tool":"%s","args":[],"kwargs":{}' % ("x" * 2000))
calls.wait(forged)
[attempt(lambda: echo(**{"x" * 2000: 1})), forged.frame["error"]["message"], echo(**{"x": 1})]`;
  const { value } = await run(session, code, { echo: remember });
  const refusal = "a name in the call has more than 1000 characters";
  expect(value).toEqual([expect.stringContaining(refusal), refusal, 1]);
  expect(performed).toEqual([1]);
});

test("discards a session that sends a malformed call, also one that had to wait for its turn", async () => {
  await using session = await openSession({ tools: [echo] });
  session.start(forgeCalls(32, `b'{"$type":"none of ours"}'`));
  let advance = await session.next();
  await sleep(300);
  while (advance.type === "calls") {
    session.deliver(advance.calls.map(({ id }) => ({ id, value: 1 })));
    const next = await session.next().catch((error: unknown) => error as Error);
    if (next instanceof Error) return expect(next).toMatchObject({ code: "protocol" });
    advance = next;
  }
  expect.unreachable();
});

test.each([
  ["parts", "b','.join([b'[' + b','.join([b'0'] * 99_000) + b']'] * 11)"],
  ["digits", `b','.join([b'{"$type":"int","value":"' + b'9' * 99_000 + b'"}'] * 11)`],
])("discards a session whose forged call has more %s in all its arguments than a value may have", async (_, manyArguments) => {
  await using session = await openSession({ tools: [echo] });
  session.start(forgeCalls(0, manyArguments));
  await expect(session.next()).rejects.toMatchObject({ code: "protocol" });
});

test("leaves a forked child nothing of the connection", async () => {
  await using session = await openSession();
  const code = `
import os
channel = display.__self__.calls.channel
def is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
kept = (channel.fd, *channel.drain)
child = os.fork()
if child == 0:
    os._exit(sum(map(is_open, kept)))
[sum(map(is_open, kept)), os.WEXITSTATUS(os.waitpid(child, 0)[1])]`;
  expect(await run(session, code)).toMatchObject({ value: [3, 0] });
});
