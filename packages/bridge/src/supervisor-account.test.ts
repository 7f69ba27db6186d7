import { expect, test } from "vitest";
import { superviseCarrier } from "./supervise-carrier.ts";
import { PlayedSupervisor } from "./testing/played-supervisor.ts";

const left = { step: 2, running: true, calls: 3, numbers: { "7": 1, "9": 3 }, complete: true };
const accountOf = (changes: object): string => `,"left":${JSON.stringify({ ...left, ...changes })}`;

test("takes over the step that the account of a supervisor describes", async () => {
  const supervision = await superviseCarrier(new PlayedSupervisor(accountOf({})), { adopt: true });
  expect(supervision.left).toMatchObject({ number: 2, isRunning: true, calls: 3, callNumbers: { "7": 1, "9": 3 } });
  await supervision[Symbol.asyncDispose]();
});

test.each([
  ["is not whole", accountOf({ complete: false })],
  ["is null", ',"left":null'],
  ["is not there", ""],
])("has no step to take over when the account %s", async (_, account) => {
  const supervision = await superviseCarrier(new PlayedSupervisor(account), { adopt: true });
  expect(supervision.left).toBeUndefined();
  await supervision[Symbol.asyncDispose]();
});

test.each([
  ["a step that is no number", accountOf({ step: "2" })],
  ["a step below 0", accountOf({ step: -1 })],
  ["a part of a call", accountOf({ calls: 3.5 })],
  ["no word on whether it runs", accountOf({ running: null })],
  ["no numbers", accountOf({ numbers: null })],
  ["a call that was never made", accountOf({ numbers: { "7": 4 } })],
  ["a call 0", accountOf({ numbers: { "7": 0 } })],
  ["a call that is no number", accountOf({ numbers: { "7": "1" } })],
  ["a call that two frames made", accountOf({ numbers: { "7": 1, "9": 1 } })],
  ["no JSON", ',"left":{'],
])("refuses an account with %s, and leaves the machine to the next attempt", async (_, account) => {
  const carrier = new PlayedSupervisor(account);
  await expect(superviseCarrier(carrier, { adopt: true })).rejects.toMatchObject({ code: "protocol" });
  expect(carrier.ends).toEqual(["superseded"]);
});

test("closes what can't be left when its account is refused", async () => {
  const carrier = new PlayedSupervisor(accountOf({ step: -1 }), { canBeLeft: false });
  await expect(superviseCarrier(carrier, { adopt: true })).rejects.toMatchObject({ code: "protocol" });
  expect(carrier.ends).toEqual(["closed"]);
});

test("gives a supervisor up that acknowledges nothing, before what is kept for it fills the memory", async () => {
  const carrier = new PlayedSupervisor("");
  const supervision = await superviseCarrier(carrier);
  const worker = await supervision.connect();
  const closed = new Promise((resolve) => worker.onClose(resolve));
  const frame = "x".repeat(16 * 1024 * 1024);
  for (let count = 0; count < 9; count++) worker.write(`${frame}\n`);
  expect(await closed).toMatchObject({ failure: "executor-crashed", message: "The supervisor acknowledges nothing." });
  expect(carrier.ends).toEqual(["closed"]);
  await expect(supervision.connect()).rejects.toMatchObject({ code: "executor-crashed" });
});
