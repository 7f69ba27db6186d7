import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Deadline } from "./deadline.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function aDeadline(isKnown = true) {
  let [cpuMs, expirations] = [0, 0];
  const deadline = new Deadline(
    () => {
      expirations++;
      deadline.stop();
    },
    () => (isKnown ? cpuMs : undefined),
  );
  return {
    deadline,
    expirations: () => expirations,
    /** The code computes for so much of the coming time. */
    async pass(milliseconds: number, share = 0) {
      for (let slice = 0; slice < milliseconds; slice += 50) {
        cpuMs += 50 * share;
        await vi.advanceTimersByTimeAsync(50);
      }
    },
  };
}

it("expires when a step has run for its time, once, and again in the next step", async () => {
  const { deadline, expirations, pass } = aDeadline();
  for (const [step, limitMs] of [1_000, 3_000, 500].entries()) {
    deadline.start(limitMs);
    await pass(limitMs - 50);
    expect(expirations()).toBe(step);
    await pass(50);
    expect(expirations()).toBe(step + 1);
    await pass(10_000);
    expect(expirations()).toBe(step + 1);
  }
});

it("does not count the time in which host calls are pending", async () => {
  const { deadline, expirations, pass } = aDeadline();
  deadline.start(1_000);
  await pass(600);
  deadline.pause();
  deadline.pause();
  await pass(60_000);
  deadline.resume();
  await pass(200);
  deadline.resume();
  await pass(150);
  expect(expirations()).toBe(0);
  await pass(50);
  expect(expirations()).toBe(1);
});

it("does not expire once the step is over", async () => {
  const { deadline, expirations, pass } = aDeadline();
  deadline.start(1_000);
  await pass(900);
  deadline.stop();
  await pass(60_000);
  expect(expirations()).toBe(0);
});

it("leaves the next step the whole of its time, and needs one timer for all", async () => {
  const { deadline, expirations, pass } = aDeadline();
  for (const limitMs of [2_000, 1_000]) {
    deadline.start(limitMs);
    await pass(900);
    deadline.stop();
    expect(vi.getTimerCount()).toBe(1);
  }
  deadline.start(1_000);
  await pass(950);
  expect(expirations()).toBe(0);
  await pass(50);
  expect(expirations()).toBe(1);
});

it("counts what a thread computes meanwhile, many processors as one", async () => {
  const { deadline, expirations, pass } = aDeadline();
  deadline.start(2_000);
  await pass(500, 1);
  deadline.pause();
  await pass(1_000, 0.5); // 375 ms of it from the first look on
  await pass(1_000, 4);
  expect(expirations()).toBe(0);
  await pass(250, 4);
  expect(expirations()).toBe(1);
});

it("has less left for the code when a thread has computed meanwhile", async () => {
  const { deadline, expirations, pass } = aDeadline();
  deadline.start(2_000);
  deadline.pause();
  await pass(1_250, 1);
  deadline.resume();
  await pass(900);
  expect(expirations()).toBe(0);
  await pass(100);
  expect(expirations()).toBe(1);
});

it("begins anew with each step what it knows of threads", async () => {
  const { deadline, expirations, pass } = aDeadline();
  deadline.start(10_000);
  await pass(1_000, 1);
  deadline.pause();
  await pass(1_000, 0.2);
  deadline.stop();
  await pass(1_000);
  deadline.start(1_000);
  await pass(300, 1);
  deadline.pause();
  await pass(600, 0.1);
  expect(expirations()).toBe(0);
  await pass(1_500, 1);
  expect(expirations()).toBe(1);
});

it("counts nothing twice: neither what the clock has counted, nor while nothing new is heard", async () => {
  const { deadline, expirations, pass } = aDeadline();
  deadline.start(5_000);
  for (let call = 0; call < 4; call++) {
    deadline.pause();
    await pass(1_000);
    deadline.resume();
    await pass(1_000, 1);
  }
  expect(expirations()).toBe(0);
  await pass(1_000, 1);
  expect(expirations()).toBe(1);
});

it("looks on where nobody knows the processor time, and stops when the step is over", async () => {
  const { deadline, expirations, pass } = aDeadline(false);
  deadline.start(1_000);
  deadline.pause();
  await pass(60_000);
  expect([expirations(), vi.getTimerCount()]).toEqual([0, 1]);
  deadline.stop();
  await pass(250);
  expect(vi.getTimerCount()).toBe(0);
  deadline.start(1_000);
  deadline.pause();
  await pass(1_000);
  deadline.resume();
  await pass(950);
  expect(expirations()).toBe(0);
  await pass(50);
  expect(expirations()).toBe(1);
});

it("has no timer left when it is disposed of", () => {
  const { deadline } = aDeadline();
  deadline.start(1_000);
  for (let call = 0; call < 3; call++) {
    deadline.pause();
    deadline.resume();
  }
  expect(vi.getTimerCount()).toBe(2);
  deadline.dispose();
  expect(vi.getTimerCount()).toBe(0);
});
