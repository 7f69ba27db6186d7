import { describe, expect, it } from "vitest";
import { resolveOptions, type WasmExecutorOptions } from "./options.ts";

describe("options", () => {
  it("have documented defaults", () => {
    expect(resolveOptions({})).toEqual({
      memoryLimitBytes: 256 * 2 ** 20,
      diskLimitBytes: 64 * 2 ** 20,
      graceMs: 250,
      cacheDir: undefined,
      packages: [],
      packagesFrom: undefined,
    });
  });

  it("name packages as indexes do", () => {
    const { packages } = resolveOptions({ packages: ["Typing_Extensions", "attrs==25.3.0"], packagesFrom: "/wheels" });
    expect(packages).toEqual([
      { name: "typing-extensions", version: undefined },
      { name: "attrs", version: "25.3.0" },
    ]);
  });

  it.for<[WasmExecutorOptions, string]>([
    [{ memoryLimitBytes: 1 }, "Expected `memoryLimitBytes` to be an integer from 67108864 to 4294967296, got `1` (number)"],
    [{ memoryLimitBytes: 8 * 2 ** 30 }, "memoryLimitBytes"],
    [{ diskLimitByte: 1 } as WasmExecutorOptions, "got `diskLimitByte`"],
    [{ diskLimitBytes: 0.5 }, "diskLimitBytes"],
    [{ graceMs: -1 }, "graceMs"],
    [{ cacheDir: "relative" }, "cacheDir"],
    [{ cacheDir: "/a,b" }, "cacheDir"],
    [{ packages: ["attrs>=1"], packagesFrom: "/wheels" }, "packages"],
    [{ packages: ["../evil"], packagesFrom: "/wheels" }, "packages"],
    [{ packages: ["attrs"] }, "packagesFrom"],
    [{ packages: ["attrs"], packagesFrom: "wheels" }, "packagesFrom"],
    [{ packages: "attrs" as never, packagesFrom: "/wheels" }, "packages"],
  ])("refuse %j", ([options, message]) => {
    expect(() => resolveOptions(options)).toThrow(TypeError);
    expect(() => resolveOptions(options)).toThrow(message);
  });
});
