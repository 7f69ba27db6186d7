import { ConfigurationError } from "@codelet/core";
import { expect, test } from "vitest";
import { refusalOf } from "./refusal-of.ts";

test("gives the error of what is refused", async () => {
  const error = new ConfigurationError("no key");
  expect(await refusalOf(Promise.reject(error))).toBe(error);
});

test("fails for what isn't refused, or in other words than ours", async () => {
  await expect(refusalOf(Promise.resolve(1))).rejects.toThrow("not refused");
  await expect(refusalOf(Promise.reject(new Error("boom")))).rejects.toThrow("no CodeletError");
});

test("finds a secret in the message, the details and the causes", async () => {
  const cause = Object.assign(new Error("denied"), { headers: { authorization: "Bearer s3cret" } });
  for (const error of [
    new ConfigurationError("refused s3cret"),
    new ConfigurationError("no", { details: { key: "s3cret" } }),
    new ConfigurationError("no", { cause }),
  ])
    await expect(refusalOf(Promise.reject(error), { secrets: ["s3cret"] })).rejects.toThrow("gives a secret away");
});
