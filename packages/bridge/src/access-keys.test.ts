import { expect, test } from "vitest";
import { checkAccessKey, isAccessKey } from "./access-keys.ts";

test("takes what can be sent as a header, and shows nothing of what can't", () => {
  expect(isAccessKey("as-1_a=")).toBe(true);
  for (const key of ["s3cret\n", "s3 cret", "s3crét", "", 7, null]) {
    expect(isAccessKey(key)).toBe(false);
    const message = "Expected `apiKey` to be a text of printable characters without spaces";
    expect(() => checkAccessKey("apiKey", key)).toThrow(new TypeError(message));
  }
  expect(() => checkAccessKey("apiKey", undefined)).not.toThrow();
});
