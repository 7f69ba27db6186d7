import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { machineOf } from "./carrier-session.ts";
import { superviseCarrier } from "./supervise-carrier.ts";
import { ChildCarrier } from "./testing/child-carrier.ts";
import { portExecutor } from "./testing/port-executor.ts";

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
