import { ConfigurationError, MissingPackageError, ModelCallError } from "@codelet/core";
import { expect, it } from "vitest";
import { describeFailure } from "./failure.ts";

it.each([
  [new ConfigurationError("no key"), { code: "configuration", name: "ConfigurationError", message: "no key", exitCode: 2 }],
  [new MissingPackageError("@codelet/executor-wasm", "x"), { code: "missing-package", exitCode: 2 }],
  [new ModelCallError("503", { status: 503 }), { code: "model-call", message: "503", exitCode: 1 }],
  [new RangeError("bad"), { code: "unknown", name: "RangeError", message: "bad", exitCode: 1 }],
  ["text", { code: "unknown", name: "Error", message: "text", exitCode: 1 }],
  [null, { code: "unknown", message: "null", exitCode: 1 }],
])("describes %s", (thrown, expected) => {
  expect(describeFailure(thrown)).toMatchObject(expected);
});

it("says where a missing package belongs: a global command doesn't find those of the folder", () => {
  const { message } = describeFailure(new MissingPackageError("@codelet/executor-docker", 'executorType "docker"'));
  expect(message).toMatch(/Run: npm install @codelet\/executor-docker \(with --global, if codelet was installed with it\)$/);
});

it("keeps what the run had done", () => {
  const run = { steps: [] } as never;
  expect(describeFailure(Object.assign(new ModelCallError("503"), { run })).run).toBe(run);
});
