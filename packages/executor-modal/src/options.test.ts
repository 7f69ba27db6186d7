import { expect, it } from "vitest";
import { resolveOptions } from "./options.ts";

it.each([
  [{ app: "" }, "app"],
  [{ image: 7 }, "image"],
  [{ dockerfileCommands: "RUN true" }, "dockerfileCommands"],
  [{ packages: "pandas" }, "packages"],
  [{ blockNetwork: "no" }, "blockNetwork"],
  [{ allowedDomains: ["example.com"] }, "blockNetwork"],
  [{ blockNetwork: false, allowedDomains: "example.com" }, "allowedDomains"],
  [{ tokenSecret: "as-s3cret\n" }, "tokenSecret"],
  [{ tokenId: 7 }, "tokenId"],
  [{ cpu: 0 }, "cpu"],
  [{ memory: 512 }, "memory"],
])("refuses %j by the option's name, and shows no token", (options, name) => {
  const resolve = (): unknown => resolveOptions(options as never);
  expect(resolve).toThrow(TypeError);
  expect(resolve).toThrow(name);
  expect(resolve).toThrow(expect.not.stringContaining("s3cret"));
});

it("has the safe defaults", () => {
  expect(resolveOptions({})).toMatchObject({ blockNetwork: true, env: {}, packages: [], dockerfileCommands: [], allowedDomains: undefined });
});
