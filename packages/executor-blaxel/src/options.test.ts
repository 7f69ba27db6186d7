import { expect, it } from "vitest";
import { resolveOptions } from "./options.ts";

it.each([
  [{ image: "" }, "image"],
  [{ packages: "pandas" }, "packages"],
  [{ allowedDomains: "example.com" }, "allowedDomains"],
  [{ apiKey: "bl_s3cret x" }, "apiKey"],
  [{ labels: { team: 7 } }, "labels.team"],
  [{ idleMinutes: 0 }, "idleMinutes"],
  [{ memory: 512 }, "memory"],
])("refuses %j by the option's name, and shows no key", (options, name) => {
  const resolve = (): unknown => resolveOptions(options as never);
  expect(resolve).toThrow(TypeError);
  expect(resolve).toThrow(name);
  expect(resolve).toThrow(expect.not.stringContaining("s3cret"));
});

it("has nothing of the environment and no packages by default", () => {
  expect(resolveOptions({})).toMatchObject({ env: {}, labels: {}, packages: [], allowedDomains: undefined });
});
