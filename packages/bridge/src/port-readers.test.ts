import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { machineOf } from "./carrier-session.ts";
import { superviseCarrier } from "./supervise-carrier.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { portExecutor } from "./testing/port-executor.ts";
import { run } from "./testing/run.ts";

test("of readers that come to a port at once, one stays", async () => {
  const executor = portExecutor();
  await using session = await executor.open();
  if (session.reference === undefined) throw new Error("The session has no reference.");
  const { port, token } = machineOf(session.reference, "port") as { port: number; token: string };
  let open = 0;
  for (let reader = 0; reader < 5; reader++) {
    open++;
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("close", () => open--);
    socket.resume();
    socket.write(`GET /out HTTP/1.1\r\nhost: x\r\nx-codelet-token: ${token}\r\n\r\n`);
  }
  await sleep(1_000);
  expect(open).toBeLessThanOrEqual(1);
});

test("a port lets nobody in who does not know its token, takes no more at once than a line needs, and tells code nothing of either", async () => {
  await using session = await portExecutor().open();
  if (session.reference === undefined) throw new Error("The session has no reference.");
  const { port, token } = machineOf(session.reference, "port") as { port: number; token: string };
  const status = async (path: string, init: RequestInit): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000), ...init });
    await answer.body?.cancel();
    return answer.status;
  };
  const quit = { method: "POST", body: "@codelet x - q \n" };
  for (const headers of [{}, { "x-codelet-token": "" }, { "x-codelet-token": token.slice(1) }, { "x-codelet-token": `${token}x` }]) {
    expect(await status("/out", { headers })).toBe(401);
    expect(await status("/in", { ...quit, headers })).toBe(401);
  }
  const large = { method: "POST", body: "x".repeat((4 << 20) + 1), headers: { "x-codelet-token": token } };
  expect(await status("/in", large).catch(() => 413)).toBe(413); // the connection may end before all is sent
  expect((await run(session, "import os\n[name for name in os.environ if name.startswith('CODELET')]")).value).toEqual([]);
});

test("a late hello of a host that was followed by another takes nothing back", async () => {
  const carrier = new ChildCarrier();
  const hellos: string[] = [];
  const send = carrier.send.bind(carrier);
  carrier.send = async (text) => {
    if (text.includes(" - h ")) hellos.push(text);
    await send(text);
  };
  await superviseCarrier(carrier, { adopt: true });
  const second = await superviseCarrier(carrier, { adopt: true });
  await send(hellos[0] ?? "");
  await sleep(100);
  // It says whose the machine is, which is no news to the second.
  await expect(second.connect()).resolves.toBeDefined();
  await second[Symbol.asyncDispose]();
});
