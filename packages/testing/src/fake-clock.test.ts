import { getEventListeners } from "node:events";
import { memoryJournal } from "@codelet/core";
import { describe, expect, it, vi } from "vitest";
import { FakeClock } from "./fake-clock.ts";

it("ends sleeps in the order of their times, each with the clock at its time", async () => {
  const clock = new FakeClock({ startMs: 100 });
  const ended: string[] = [];
  for (const [name, milliseconds] of [
    ["c", 30],
    ["a", 10],
    ["b", 10],
  ] as const) {
    void clock.sleep(milliseconds).then(() => ended.push(`${name}@${clock.now()}`));
  }
  await clock.advance(29);
  expect(ended).toEqual(["a@110", "b@110"]);
  expect(clock.sleeping).toBe(1);
  await clock.advance(1);
  expect(ended).toEqual(["a@110", "b@110", "c@130"]);
  expect(clock.now()).toBe(130);
});

it("ends by a step of nothing what is due, also what is only about to begin", async () => {
  const clock = new FakeClock({ startMs: 100 });
  const slept = Promise.resolve().then(() => clock.sleep(-5));
  await clock.advance(0);
  await slept;
  expect(clock.now()).toBe(100);
});

it("leaves no listener on the signal of a sleep that has ended", async () => {
  const clock = new FakeClock({ sleeps: "skip" });
  const { signal } = new AbortController();
  await clock.sleep(5, signal);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

it("ends sleeps that begin on the way", async () => {
  const clock = new FakeClock();
  const ended: number[] = [];
  void (async () => {
    for (let turn = 0; turn < 3; turn++) {
      await clock.sleep(10);
      ended.push(clock.now());
    }
  })();
  await clock.advance(25);
  expect(ended).toEqual([10, 20]);
});

it("rejects an aborted sleep with the signal's reason and forgets it", async () => {
  const clock = new FakeClock();
  const controller = new AbortController();
  const slept = clock.sleep(10, controller.signal);
  const reason = new Error("enough");
  controller.abort(reason);
  await expect(slept).rejects.toBe(reason);
  await expect(clock.sleep(10, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(clock.sleeping).toBe(0);
});

it("has nothing to skip where a sleep was aborted", async () => {
  const clock = new FakeClock({ sleeps: "skip" });
  const controller = new AbortController();
  const slept = clock.sleep(10, controller.signal);
  controller.abort(new Error("enough"));
  await expect(slept).rejects.toThrow("enough");
  await new Promise(setImmediate);
  expect(clock.now()).toBe(0);
});

it("skips to the end of each sleep when asked to", async () => {
  const clock = new FakeClock({ sleeps: "skip" });
  const ended: number[] = [];
  await Promise.all([3_600_000, 1_000].map((milliseconds) => clock.sleep(milliseconds).then(() => ended.push(clock.now()))));
  expect(ended).toEqual([1_000, 3_600_000]);
});

it("is the clock of a journal in memory", async () => {
  const clock = new FakeClock({ startMs: 5, sleeps: "skip" });
  const journal = memoryJournal({ clock })({ runId: "r", operations: {} as never, emit() {} });
  await journal.sleep("1", 1_000);
  expect(await journal.now("2")).toBe(1_005);
});

describe("refuses", () => {
  it.each([
    [() => new FakeClock({ startMs: Number.NaN }), "startMs"],
    [() => new FakeClock({ sleeps: "never" as "wait" }), "sleeps"],
  ])("%s", (make, name) => {
    expect(make).toThrow(new RegExp(`^Expected \`${name}\``));
  });

  it("to go back, and what is no time", async () => {
    await expect(new FakeClock().advance(-1)).rejects.toThrow(TypeError);
    for (const wrong of [Number.NaN, "10"] as number[]) await expect(new FakeClock().sleep(wrong)).rejects.toThrow("`milliseconds`");
  });
});

it("moves while the test runner's own timers stand still", async () => {
  vi.useFakeTimers();
  try {
    const clock = new FakeClock();
    const slept = clock.sleep(10);
    await clock.advance(10);
    await slept;
  } finally {
    vi.useRealTimers();
  }
});
