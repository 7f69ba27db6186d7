import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "codelet-cli-"));
const file = join(folder, "codelet.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function parse(config: string, ...more: readonly string[]): unknown {
  writeFileSync(file, config);
  return parseCommandLine(["run", "t", "--config", file, ...more]);
}

const full = {
  model: "openai/x",
  executorType: "docker",
  executorOptions: { image: "python:3.13-slim", packages: ["pandas"] },
  authorizedImports: ["numpy", "pandas.*"],
  maxSteps: 7,
};

it("sets what the command line leaves open", () => {
  const expected = { modelId: "x", executor: "docker", executorOptions: full.executorOptions, imports: ["numpy", "pandas.*"], maxSteps: 7 };
  expect(parse(JSON.stringify(full))).toMatchObject(expected);
  expect(parse("{}")).toMatchObject({ executor: "wasm", executorOptions: undefined });
  expect(parse('{ "executorType": "@acme/my-executor" }')).toMatchObject({ executor: "@acme/my-executor" });
});

it("may begin with the mark that some editors write", () => {
  expect(parse(`\ufeff${JSON.stringify(full)}`)).toMatchObject({ executor: "docker", maxSteps: 7 });
});

it("yields to the command line", () => {
  expect(parse(JSON.stringify(full), "--executor", "local", "--executor-options", "{}", "--max-steps", "3")).toMatchObject({
    executor: "local",
    executorOptions: {},
    maxSteps: 3,
    modelId: "x",
  });
});

it.each([
  ["{", "is no JSON"],
  ["[]", "must hold a JSON object"],
  ['{ "executortype": "local" }', 'Did you mean "executorType"?'],
  ['{ "__proto__": 1, "zzzzzzzz": 1 }', "The keys are model, executorType"],
  ['{ "maxSteps": "7" }', 'the value of "maxSteps"'],
  ['{ "model": 7 }', 'the value of "model"'],
  ['{ "authorizedImports": "numpy" }', 'the value of "authorizedImports"'],
  ['{ "authorizedImports": [7] }', 'the value of "authorizedImports"'],
  ['{ "executorOptions": 7 }', 'the value of "executorOptions"'],
  ['{ "executorOptions": null }', `the value of "executorOptions" in ${file}`],
  ['{ "executorOptions": [] }', `the value of "executorOptions" in ${file}`],
  ['{ "executorType": "dokcer" }', "--executor must be one of"],
  ['{ "maxSteps": 0 }', "--max-steps must be"],
])("says what is wrong with %s", (config, problem) => {
  expect(parse(config)).toEqual({ name: "usage-error", problem: expect.stringContaining(problem) });
});
