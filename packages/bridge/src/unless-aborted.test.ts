import { expect, test } from "vitest";
import { throwIfAborted, unlessAborted } from "./unless-aborted.ts";

test("hands over what is made, and what failed", async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve(1))).toBe(1);
  expect(await unlessAborted(undefined, Promise.resolve(1))).toBe(1);
  await expect(unlessAborted(signal, Promise.reject(new Error("no capacity")))).rejects.toThrow("no capacity");
  expect(() => throwIfAborted(signal)).not.toThrow();
});

test("leaves at once when aborted, and discards what comes late", async () => {
  const controller = new AbortController();
  const late: number[] = [];
  const made = Promise.withResolvers<number>();
  const waiting = unlessAborted(controller.signal, made.promise, (machine) => late.push(machine));
  controller.abort("enough");
  await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  expect(() => throwIfAborted(controller.signal)).toThrow(expect.objectContaining({ code: "aborted" }));
  made.resolve(7);
  await expect(unlessAborted(controller.signal, Promise.resolve(8), (machine) => late.push(machine))).rejects.toMatchObject({ code: "aborted" });
  await expect.poll(() => late).toEqual([7, 8]);
});
