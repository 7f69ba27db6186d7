import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
// @ts-expect-error A plain script without types.
import { bundlePython, bundleSupervisor } from "../scripts/bundle-python.mjs";
import { pythonRunner } from "./python-runner.ts";
import { pythonSupervisor } from "./python-supervisor.ts";
import { python } from "./testing/child-channel.ts";

test("is what the Python files say", () => {
  expect(pythonRunner).toBe(bundlePython());
  expect(pythonSupervisor).toBe(bundleSupervisor());
});

test.each([
  ["runner", pythonRunner],
  ["supervisor", pythonSupervisor],
])("is one %s file in the syntax of Python 3.9 that imports nothing but the standard library", (_, source) => {
  const check = `
import ast, sys
tree = ast.parse(sys.stdin.read(), feature_version=(3, 9))
names = {name for node in ast.walk(tree) for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or "."] if isinstance(node, ast.ImportFrom) else [])}
names = {name.split(".")[0] for name in names}
print(sorted(names - set(getattr(sys, "stdlib_module_names", names))))`;
  expect(execFileSync(python, ["-c", check], { input: source, encoding: "utf8" }).trim()).toMatch(/^\[('PIL', 'numpy', 'pandas')?\]$/);
});
