import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import * as errors from "./errors.ts";

const table = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const documented = [...table.matchAll(/^\| `([a-z-]+)` \| `(\w+)` \|/gm)].map(([, code, name]) => [code, name]);

const samples = [
  new errors.ModelOutputError("x"),
  new errors.ToolInputError("x"),
  new errors.ToolError("x"),
  new errors.ToolError("x", { denied: true }),
  new errors.ValueError("x"),
  new errors.ModelCallError("x"),
  new errors.ExecutorCrashedError("x"),
  new errors.LimitError("steps", 1, 1),
  new errors.AbortedError(),
  new errors.ConfigurationError("x"),
  new errors.MissingPackageError("p", "x"),
  new errors.ProtocolError("x"),
];

it("documents every code in docs/errors.md, and no other", () => {
  expect(documented).toEqual(samples.map((error) => [error.code, error.constructor.name]));
  const classes = Object.keys(errors).filter((name) => /Error$/.test(name) && name !== "CodeletError");
  expect(new Set(documented.map(([, name]) => name))).toEqual(new Set(classes));
});

it("names each error as its class, but an abort as the platform does", () => {
  for (const error of samples) expect(error.name).toBe(error instanceof errors.AbortedError ? "AbortError" : error.constructor.name);
});

it("recognises errors by marker and code, without instanceof", () => {
  const [error] = samples;
  expect(errors.CodeletError.isInstance(error)).toBe(true);
  expect(errors.CodeletError.isInstance(error, "model-output", "value")).toBe(true);
  expect(errors.CodeletError.isInstance(error, "value")).toBe(false);
  expect(errors.CodeletError.isInstance(new Error("x"))).toBe(false);
  expect(errors.CodeletError.isInstance(null)).toBe(false);
});

it("recognises errors of a subclass by its own isInstance, of another copy too", () => {
  const { ToolError, ModelCallError, CodeletError } = errors;
  expect(ToolError.isInstance(new ToolError("x"))).toBe(true);
  expect(ToolError.isInstance(new ToolError("x", { denied: true }), "tool-failed")).toBe(false);
  expect(ToolError.isInstance(new ModelCallError("x"))).toBe(false);
  const OtherCopy = {
    ToolError: class ToolError extends CodeletError {
      readonly code = "tool-failed";
    },
  };
  expect(ToolError.isInstance(new OtherCopy.ToolError("x"))).toBe(true);
  expect(CodeletError.isInstance(new OtherCopy.ToolError("x"))).toBe(true);
});

it("describes whatever was thrown", () => {
  const hostile = new Proxy(
    {},
    {
      has: () => {
        throw 1;
      },
      get: () => {
        throw 2;
      },
      getPrototypeOf: () => {
        throw 3;
      },
    },
  );
  expect(errors.describeThrown(null)).toEqual({ name: "Error", message: "threw null" });
  expect(errors.describeThrown(new TypeError("t"))).toEqual({ name: "TypeError", message: "t" });
  expect(errors.describeThrown("no credit")).toEqual({ name: "Error", message: "no credit" });
  expect(errors.describeThrown(new errors.ProtocolError("p"))).toEqual({ name: "ProtocolError", message: "p", code: "protocol" });
  expect(errors.describeThrown({ message: "m" }).message).toBe("m");
  expect(errors.describeThrown(hostile).name).toBe("Error");
  expect(errors.describeThrown(Symbol("s")).message).toBe("threw Symbol(s)");
});
