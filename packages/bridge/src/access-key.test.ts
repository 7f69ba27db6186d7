import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { accessKey } from "./access-key.ts";

const options = { variable: "ACME_API_KEY", advice: "set it again, or pass `apiKey`" };
beforeEach(() => void vi.stubEnv("ACME_API_KEY", " k3y-1\n"));
afterEach(() => void vi.unstubAllEnvs());

test("is what was given, else the variable's, without the line break that comes out of a file", () => {
  expect(accessKey("k3y-2", options)).toBe("k3y-2");
  expect(accessKey(undefined, options)).toBe("k3y-1");
  vi.stubEnv("ACME_API_KEY", "");
  expect(accessKey(undefined, options)).toBe("");
});

test("says what to do about one that is needed, or can't be sent, and shows none of it", () => {
  vi.stubEnv("ACME_API_KEY", "s3cret x");
  expect(() => accessKey(undefined, options)).toThrow(
    expect.objectContaining({
      code: "configuration",
      message: "ACME_API_KEY holds spaces or other characters that no key has: set it again, or pass `apiKey`.",
    }),
  );
  vi.stubEnv("ACME_API_KEY", undefined);
  expect(() => accessKey(undefined, { ...options, isNeeded: true })).toThrow(
    expect.objectContaining({ code: "configuration", message: "ACME_API_KEY is not set: set it again, or pass `apiKey`." }),
  );
});
