import { expect, it } from "vitest";
import { secretsOf } from "./secrets.ts";

it("redacts the key and the words of headers and of the query that have eight characters or more", () => {
  const secrets = secretsOf({
    apiKey: "apikey-8",
    headers: { cookie: "sid=cookie-8; x=cookie7", auth: "Basic\tbasic-88,more-888" },
    query: { code: "querycode" },
  });
  const known = ["apikey-8", "cookie-8", "basic-88", "more-888", "querycode"];
  expect(secrets.redact(`${known.join(" ")} cookie7 Basic`)).toBe(`${known.map(() => "[redacted]").join(" ")} cookie7 Basic`);
  expect(known.map((word) => secrets.areIn(() => `a ${word} b`))).toEqual(known.map(() => true));
  expect(secrets.areIn(() => "cookie7 Basic")).toBe(false);
});

it("makes no text to look into where there are no secrets", () => {
  const { areIn, redact } = secretsOf({ apiKey: "short", headers: {}, query: {} });
  const never = () => {
    throw new Error("made");
  };
  expect([areIn(never), redact("short")]).toEqual([false, "short"]);
});
