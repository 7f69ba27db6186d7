import { describe, expect, it } from "vitest";
import { localExecutor } from "./local-executor.ts";
import { type LocalExecutorOptions, resolveOptions } from "./options.ts";

describe("options", () => {
  it("default to the sandbox, python3 and 1 GiB", () => {
    expect(resolveOptions({})).toEqual({
      python: "python3",
      sandbox: "required",
      memoryLimitBytes: 2 ** 30,
      maxProcesses: 128,
      diskLimitBytes: 2 ** 28,
      env: {},
      graceMs: 250,
    });
  });

  const wrong: readonly [string, object][] = [
    ["Expected an option of python, sandbox, memoryLimitBytes, maxProcesses, diskLimitBytes, env, graceMs, got `sandbx`", { sandbx: "none" }],
    ["Expected `python` to be a command's name or an absolute path, got `./python` (string)", { python: "./python" }],
    ["Expected `python` to be a command's name or an absolute path, got `-c` (string)", { python: "-c" }],
    ['Expected `sandbox` to be "required", "sandbox-runtime" or "none", got `false` (boolean)', { sandbox: false }],
    ["Expected `memoryLimitBytes` to be an integer >= 67108864, got `1000` (number)", { memoryLimitBytes: 1000 }],
    ["Expected `maxProcesses` to be an integer >= 4, got `0` (number)", { maxProcesses: 0 }],
    ["Expected `diskLimitBytes` to be an integer >= 1048576, got `NaN` (number)", { diskLimitBytes: Number.NaN }],
    ["Expected `graceMs` to be an integer >= 0, got `-5` (number)", { graceMs: -5 }],
    ["Expected `env` to be an object of strings, got string", { env: "A=1" }],
    ["Expected `env` to be an object whose names are of letters, digits and _, got `A=B` (string)", { env: { "A=B": "1" } }],
    ["Expected `env.A` to be a string, got number", { env: { A: 1 } }],
  ];
  for (const [message, options] of wrong) {
    it(`refuses ${JSON.stringify(options)}`, () => {
      expect(() => localExecutor(options as LocalExecutorOptions)).toThrow(new TypeError(message));
    });
  }

  it("tells in the manifest that nothing is isolated without the sandbox", () => {
    const { isolation, network, files, processes, recovery } = localExecutor({ sandbox: "none" }).capabilities;
    expect({ isolation, network, files, processes, replay: recovery.replay }).toEqual({
      isolation: 0,
      network: "full",
      files: "host",
      processes: "host",
      replay: false,
    });
  });
});
