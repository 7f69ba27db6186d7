import type { OpenSessionOptions } from "@codelet/core";
import { expect, it } from "vitest";
import { SharedWork, type WorkOptions } from "./shared-work.ts";

interface Job {
  readonly done: PromiseWithResolvers<string>;
  readonly signal: AbortSignal;
  tell(message: string): void;
}

/** Work that ends when its test says so, and what was begun of it. */
function sharedWork(): { readonly join: (open: OpenSessionOptions, key?: string) => Promise<string>; readonly jobs: Job[] } {
  const jobs: Job[] = [];
  const shared = new SharedWork<string>();
  const work = ({ onProgress, signal }: WorkOptions): Promise<string> => {
    const done = Promise.withResolvers<string>();
    jobs.push({ done, signal, tell: onProgress });
    return done.promise;
  };
  return { join: (open, key = "image") => shared.join(key, open, work), jobs };
}

it("is done once for all who wait at the same time, and again for who comes later", async () => {
  const { join, jobs } = sharedWork();
  const heard: string[] = [];
  const onProgress = (message: string): void => void heard.push(message);
  const all = Promise.all([join({ onProgress }), join({ onProgress }), join({})]);
  await expect.poll(() => jobs.length).toBe(1);
  jobs[0]?.tell("half");
  jobs[0]?.done.resolve("made");
  expect(await all).toEqual(["made", "made", "made"]);
  expect(heard).toEqual(["half", "half"]);
  void join({});
  await expect.poll(() => jobs.length).toBe(2);
  void join({}, "another image");
  await expect.poll(() => jobs.length).toBe(3);
});

it("fails once for all of them, and is tried again for who comes later", async () => {
  const { join, jobs } = sharedWork();
  const all = Promise.allSettled([join({}), join({})]);
  await expect.poll(() => jobs.length).toBe(1);
  const failure = new Error("no");
  jobs[0]?.done.reject(failure);
  for (const outcome of await all) expect(outcome).toMatchObject({ status: "rejected", reason: failure });
  void join({});
  await expect.poll(() => jobs.length).toBe(2);
});

it("goes on while somebody waits, and is given up with the last one", async () => {
  const { join, jobs } = sharedWork();
  const [one, other] = [new AbortController(), new AbortController()];
  const waits = [one, other].map(({ signal }) => join({ signal }));
  await expect.poll(() => jobs.length).toBe(1);
  one.abort();
  await expect(waits[0]).rejects.toMatchObject({ code: "aborted" });
  expect(jobs[0]?.signal.aborted).toBe(false);
  other.abort();
  await expect(waits[1]).rejects.toMatchObject({ code: "aborted" });
  expect(jobs[0]?.signal.aborted).toBe(true);
  void join({}); // although the work that was given up has not ended yet
  await expect.poll(() => jobs.length).toBe(2);
  jobs[0]?.done.resolve("too late");
  await new Promise(setImmediate);
  const third = join({});
  jobs[1]?.done.resolve("made");
  expect(await third).toBe("made");
  expect(jobs).toHaveLength(2);
});

it("comes to the others when the one that began it has given up", async () => {
  const { join, jobs } = sharedWork();
  const heard: string[] = [];
  const controller = new AbortController();
  const first = join({ signal: controller.signal, onProgress: () => heard.push("by the first") });
  const others = [join({}), join({ signal: new AbortController().signal, onProgress: (message) => heard.push(message) })];
  await expect.poll(() => jobs.length).toBe(1);
  controller.abort();
  await expect(first).rejects.toMatchObject({ code: "aborted" });
  jobs[0]?.tell("half");
  jobs[0]?.done.resolve("made");
  expect(await Promise.all(others)).toEqual(["made", "made"]);
  expect([heard, jobs.length]).toEqual([["half"], 1]);
});

it("is not begun for who has given up already", async () => {
  const { join, jobs } = sharedWork();
  await expect(join({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "aborted" });
  expect(jobs).toEqual([]);
});
