import { expect, test } from "vitest";
import { endMachine } from "./end-machine.ts";

test.each([
  [0, 1],
  [2, 3],
  [9, 3],
])("of %i failures leaves %i requests, and never rejects", async (failures, requests) => {
  let made = 0;
  await endMachine(async () => {
    if (++made <= failures) throw new Error("busy");
  });
  expect(made).toBe(requests);
});
