import { expect, it } from "vitest";
import { ModelCallError } from "./errors.ts";
import { resolveRetry, retryDelayMs } from "./retry.ts";

const retry = resolveRetry();

it.each([429, 408, 409, 425, 500, 502, 503, 529])("tries again after %d", (status) => {
  const delayMs = retryDelayMs(new ModelCallError("x", { status }), 0, retry, "run/1/model");
  expect(delayMs).toBeGreaterThanOrEqual(500);
  expect(delayMs).toBeLessThanOrEqual(1_000);
});

it.each([400, 401, 403, 404, 422])("never tries again after %d", (status) => {
  expect(retryDelayMs(new ModelCallError("x", { status }), 0, retry, "run/1/model")).toBeUndefined();
});

it("waits as long as Retry-After asks, unless that is too long", () => {
  expect(retryDelayMs(new ModelCallError("x", { status: 429, retryAfterMs: 7_000 }), 3, retry, "run/1/model")).toBe(7_000);
  expect(retryDelayMs(new ModelCallError("x", { status: 429, retryAfterMs: 61_000 }), 0, retry, "run/1/model")).toBeUndefined();
});

it("doubles its wait, up to the longest, and gives up after maxRetries", () => {
  const error = new ModelCallError("x");
  expect(retryDelayMs(error, 3, retry, "run/1/model")).toBeGreaterThanOrEqual(4_000);
  expect(retryDelayMs(error, 9, { ...retry, maxRetries: 99 }, "run/1/model")).toBeLessThanOrEqual(60_000);
  expect(retryDelayMs(error, 4, retry, "run/1/model")).toBeUndefined();
});

it("retries errors of another copy of codelet, and nothing else", () => {
  const foreign = Object.assign(new Error("x"), { [Symbol.for("codelet.error")]: true, code: "model-call", retryable: true, retryAfterMs: 5 });
  expect(retryDelayMs(foreign, 0, retry, "run/1/model")).toBe(5);
  expect(retryDelayMs(new Error("x"), 0, retry, "run/1/model")).toBeUndefined();
});

it("refuses options that are no numbers >= 0", () => {
  expect(() => resolveRetry({ maxRetries: -1 })).toThrow("Expected `retry.maxRetries` to be a number >= 0, got `-1` (number)");
});

it("waits the same in a replayed run and otherwise in another one", () => {
  const delayMs = (seed: string): number | undefined => retryDelayMs(new ModelCallError("x"), 0, retry, seed);
  expect(delayMs("a/1/model")).toBe(delayMs("a/1/model"));
  const delays = Array.from({ length: 1_000 }, (_, run) => delayMs(`${run}/1/model`) as number).sort((a, b) => a - b);
  expect(new Set(delays).size).toBeGreaterThan(990);
  for (const quarter of [250, 500, 750]) expect((delays[quarter] as number) - 500).toBeCloseTo(quarter / 2, -2);
});
