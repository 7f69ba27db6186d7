import { expect, it } from "vitest";
import { resolveOptions } from "./options.ts";
import { refuseRealService } from "./testing/loopback-only.ts";

it.each([
  [{ template: "" }, "template"],
  [{ allowInternetAcces: false }, "allowInternetAcces"],
  [{ template: 7 }, "template"],
  [{ metadata: [] }, "metadata"],
  [{ metadata: { a: 1 } }, "metadata.a"],
  [{ envs: { TOKEN: 7 } }, "envs.TOKEN"],
  [{ allowInternetAccess: "yes" }, "allowInternetAccess"],
  [{ packages: "pandas" }, "packages"],
  [{ timeoutMs: 9_999 }, "timeoutMs"],
  [{ timeoutMs: Number.NaN }, "timeoutMs"],
  [{ requestTimeoutMs: 0 }, "requestTimeoutMs"],
  [{ whenDetached: "kill" }, "whenDetached"],
  [{ graceMs: -1 }, "graceMs"],
])("refuses %j by the option's name", (options, name) => {
  expect(() => resolveOptions(options as never)).toThrow(TypeError);
  expect(() => resolveOptions(options as never)).toThrow(name);
});

it("has the safe defaults", () => {
  expect(resolveOptions({})).toMatchObject({
    template: "code-interpreter-v1",
    envs: {},
    allowInternetAccess: false,
    packages: [],
    whenDetached: "pause",
    timeoutMs: 300_000,
  });
});

it("refuses to test against anything but loopback, unless CODELET_LIVE=1", () => {
  const local = "http://127.0.0.1:1";
  expect(() => refuseRealService({ E2B_API_URL: local, E2B_SANDBOX_URL: local })).not.toThrow();
  expect(() => refuseRealService({ CODELET_LIVE: "1" })).not.toThrow();
  for (const url of ["https://api.e2b.app", "http://127.0.0.1.example.org", "", "no url"])
    expect(() => refuseRealService({ E2B_API_URL: url, E2B_SANDBOX_URL: local })).toThrow("E2B_API_URL");
  expect(() => refuseRealService({ E2B_API_URL: local })).toThrow("E2B_SANDBOX_URL");
});
