import { expect, it } from "vitest";
import { retryAfterMs } from "./retry-after.ts";

const now = Date.parse("2026-11-20T10:00:00Z");

it.each<[Record<string, string>, number | undefined]>([
  [{}, undefined],
  [{ "retry-after": "0" }, 0],
  [{ "retry-after": "1.5" }, 1_500],
  [{ "retry-after-ms": "20.5", "retry-after": "9" }, 20.5],
  [{ "retry-after": "Fri, 20 Nov 2026 10:00:30 GMT" }, 30_000],
  [{ "retry-after": "Fri, 20 Nov 2026 09:00:00 GMT" }, 0],
  [{ "retry-after": "-5" }, undefined],
  [{ "retry-after": "soon" }, undefined],
  [{ "retry-after": "Infinity" }, undefined],
  [{ "retry-after": "9".repeat(400) }, undefined],
])("reads %j as %s", (headers, expected) => {
  expect(retryAfterMs(new Headers(headers), "", now)).toBe(expected);
});

it.each([
  ['[{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"36s"}]}}]', 36_000],
  ['Provider returned error: {\\"retryDelay\\": \\"2.5s\\"}', 2_500],
  ["Try again later.", undefined],
])("reads what Google asks to wait in %j", (said, expected) => {
  expect(retryAfterMs(new Headers(), said)).toBe(expected);
});
