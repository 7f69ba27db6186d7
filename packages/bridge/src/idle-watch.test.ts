import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { IdleWatch } from "./idle-watch.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Watched extends Disposable {
  readonly watch: IdleWatch;
  /** Computes for so much of the coming time. */
  pass(milliseconds: number, share?: number): Promise<void>;
  readonly looks: number;
  readonly found: number;
  isIdle: boolean;
}

function watched(isKnown = true): Watched {
  let [cpuMs, looks, found] = [0, 0, 0];
  const watch = new IdleWatch({
    cpuTimeMs: () => {
      looks++;
      return isKnown ? cpuMs : undefined;
    },
    isIdle: () => watching.isIdle,
    onBusy: () => found++,
  });
  const watching: Watched = {
    watch,
    async pass(milliseconds, share = 0) {
      for (let slice = 0; slice < milliseconds; slice += 100) {
        cpuMs += 100 * share;
        await vi.advanceTimersByTimeAsync(100);
      }
    },
    get looks() {
      return looks;
    },
    get found() {
      return found;
    },
    isIdle: true,
    [Symbol.dispose]: () => watch.dispose(),
  };
  return watching;
}

it("finds a worker that computes in the second second after its step", async () => {
  using watching = watched();
  watching.watch.begin();
  await watching.pass(1_900, 1);
  expect(watching.found).toBe(0);
  await watching.pass(100, 1);
  expect(watching.found).toBe(1);
  await watching.pass(60_000, 1);
  expect(watching.found).toBe(1);
});

it("leaves one alone that needs half of a processor", async () => {
  using watching = watched();
  watching.watch.begin();
  await watching.pass(60_000, 0.5);
  expect(watching.found).toBe(0);
  await watching.pass(8_000, 0.6);
  expect(watching.found).toBe(1);
});

it("looks ever more seldom, at least every eight seconds", async () => {
  using watching = watched();
  watching.watch.begin();
  const seen: number[] = [];
  for (let second = 1; second <= 32; second++) {
    const before = watching.looks;
    await watching.pass(1_000);
    if (watching.looks > before) seen.push(second);
  }
  expect(seen).toEqual([1, 2, 4, 8, 16, 24, 32]);
});

it("does not look while steps follow on each other, nor in one, and begins again after it", async () => {
  using watching = watched();
  for (let step = 0; step < 20; step++) {
    watching.watch.begin();
    await watching.pass(500, 1);
  }
  expect(watching.looks).toBe(0);
  watching.isIdle = false;
  await watching.pass(10_000, 1);
  expect([watching.looks, vi.getTimerCount()]).toEqual([0, 0]);
  watching.isIdle = true;
  watching.watch.begin();
  await watching.pass(1_000, 1);
  watching.watch.begin(); // what was computed before this step's end is its own
  await watching.pass(1_900, 1);
  expect(watching.found).toBe(0);
  await watching.pass(100, 1);
  expect(watching.found).toBe(1);
});

it("finds one that goes on computing when the last of many steps has ended", async () => {
  using watching = watched();
  for (let step = 0; step < 4; step++) {
    watching.watch.begin();
    await watching.pass(500, 1);
  }
  await watching.pass(3_000, 1);
  expect(watching.found).toBe(1);
});

it("looks soon again after a step that came between two late looks", async () => {
  using watching = watched();
  watching.watch.begin();
  await watching.pass(16_000);
  watching.watch.begin();
  await watching.pass(2_000, 1);
  expect([watching.found, vi.getTimerCount()]).toEqual([1, 0]);
});

it("holds no timer for a worker whose processor time nobody knows, and none when it is disposed of", async () => {
  using unknown = watched(false);
  unknown.watch.begin();
  await unknown.pass(1_000);
  expect([unknown.looks, vi.getTimerCount()]).toEqual([1, 0]);
  const disposed = watched();
  disposed.watch.begin();
  disposed.watch.dispose();
  expect(vi.getTimerCount()).toBe(0);
});
