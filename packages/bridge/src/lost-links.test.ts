import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { superviseCarrier } from "./supervise-carrier.ts";
import { PlayedSupervisor } from "./testing/played-supervisor.ts";

test("a connection that comes when its supervision has ended is given up too", async () => {
  const connected = Promise.withResolvers<void>();
  const carrier = Object.assign(new PlayedSupervisor(), { reconnect: () => connected.promise });
  const supervision = await superviseCarrier(carrier);
  carrier.lose("cut");
  await supervision[Symbol.asyncDispose]();
  expect(carrier.ends).toEqual(["closed"]);
  connected.resolve();
  await turn();
  expect(carrier.ends).toEqual(["closed", "closed"]);
});

test("a supervisor whose connection is lost before it knows of the detachment counts as lost, and not as left", async () => {
  const carrier = new PlayedSupervisor();
  const supervision = await superviseCarrier(carrier);
  const detached = supervision.detach(60_000);
  carrier.lose("cut.");
  await expect(detached).rejects.toMatchObject({ code: "executor-crashed", message: "The connection to the supervisor is lost: cut." });
  expect(carrier.ends).toEqual(["closed"]);
});

test("a supervision that ends while its supervisor is left says so to who leaves it", async () => {
  const carrier = new PlayedSupervisor();
  const supervision = await superviseCarrier(carrier);
  const detached = supervision.detach(60_000);
  const refused = expect(detached).rejects.toMatchObject({ code: "executor-crashed", message: "The connection to the supervisor is lost." });
  await supervision[Symbol.asyncDispose]();
  await refused;
});

test("a worker whose connection is lost ends once, and is killed without a wait", async () => {
  const carrier = new PlayedSupervisor();
  const supervision = await superviseCarrier(carrier);
  const worker = await supervision.connect();
  const exits: unknown[] = [];
  worker.onClose((exit) => exits.push(exit));
  carrier.lose("cut");
  carrier.lose("cut again");
  await worker.kill();
  expect(exits).toEqual([expect.objectContaining({ failure: "executor-crashed", message: "The connection to the supervisor is lost: cut." })]);
});

test("a supervisor that says nothing is waited for no longer than it is wanted", async () => {
  const carrier = new PlayedSupervisor();
  const greeted = Promise.withResolvers<void>();
  carrier.send = async () => greeted.resolve();
  const controller = new AbortController();
  const opening = superviseCarrier(carrier, { signal: controller.signal });
  await greeted.promise;
  controller.abort();
  await expect(opening).rejects.toMatchObject({ code: "aborted" });
  expect(carrier.ends).toEqual(["closed"]);
});

test("a supervisor hears from its host several times in the time after which it would end as an orphan", async () => {
  const carrier = new PlayedSupervisor(',"patience":0.6');
  const send = vi.spyOn(carrier, "send");
  await using _ = await superviseCarrier(carrier);
  await sleep(600);
  expect(send.mock.calls.filter(([text]) => text.includes(" g ")).length).toBeGreaterThanOrEqual(2);
});
