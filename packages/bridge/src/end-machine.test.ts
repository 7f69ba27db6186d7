import { setTimeout as sleep } from "node:timers/promises";
import { expect, test, vi } from "vitest";
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

test("asks no second time for one that is gone", async () => {
  const end = vi.fn(() => Promise.reject(new Error("not found")));
  await endMachine(end, (error) => (error as Error).message === "not found");
  expect(end).toHaveBeenCalledOnce();
});

test("waits for no answer for longer than a minute", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    let made = 0;
    let isOver = false;
    const ended = endMachine(() => {
      made++;
      return new Promise(() => {});
    }).then(() => {
      isOver = true;
    });
    while (!isOver && made < 4) {
      await vi.advanceTimersByTimeAsync(20_000);
      await sleep(400);
    }
    await ended;
    expect(made).toBe(3);
  } finally {
    vi.useRealTimers();
  }
});
