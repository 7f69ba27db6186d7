import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.ts";

const defaults = {
  name: "run",
  task: "t",
  modelId: "gpt-5-mini",
  baseURL: undefined,
  executor: "wasm",
  imports: undefined,
  maxSteps: undefined,
  json: false,
  describe: false,
};

describe("parseCommandLine reads", () => {
  it.each([
    [["run", "t"], defaults],
    [["run", "count", "the", "stars"], { ...defaults, task: "count the stars" }],
    [["run", "--json", "t"], { ...defaults, json: true }],
    [["run", "--describe"], { ...defaults, task: "", describe: true }],
    [["run", "t", "--model", "openai/meta/llama-4"], { ...defaults, modelId: "meta/llama-4" }],
    [["run", "t", "-m", "openai/x"], { ...defaults, modelId: "x" }],
    [["run", "t", "--base-url=http://localhost:1/v1"], { ...defaults, baseURL: "http://localhost:1/v1" }],
    [["run", "t", "--executor", "local"], { ...defaults, executor: "local" }],
    [["run", "t", "--executor", "@acme/my-executor"], { ...defaults, executor: "@acme/my-executor" }],
    [["run", "t", "--executor", "@acme/tools/executor.js"], { ...defaults, executor: "@acme/tools/executor.js" }],
    [["run", "t", "--executor", "acme-tools/executor"], { ...defaults, executor: "acme-tools/executor" }],
    [["run", "t", "--imports", "numpy, pandas.*,", "--imports", "a.b"], { ...defaults, imports: ["numpy", "pandas.*", "a.b"] }],
    [["run", "t", "--imports", "*"], { ...defaults, imports: ["*"] }],
    [["run", "t", "--executor-options", '{"image": "python"}'], { ...defaults, executorOptions: { image: "python" } }],
    [["run", "t", "--max-steps", "3"], { ...defaults, maxSteps: 3 }],
    [["run", "t", "--max-steps", "3", "--max-steps", "4"], { ...defaults, maxSteps: 4 }],
    [["run", "--", "--odd task"], { ...defaults, task: "--odd task" }],
    [["--help"], { name: "help" }],
    [["run", "-h"], { name: "help" }],
    [["--version"], { name: "version" }],
  ])("%j", (argv, expected) => {
    expect(parseCommandLine(argv)).toMatchObject(expected);
  });
});

it("parseCommandLine lets the command line overrule the file", () => {
  const command = parseCommandLine(["run", "t", "--config", "c.json", "--model", "openai/b"], () => ({ model: "openai/a", "max-steps": "3" }));
  expect(command).toMatchObject({ ...defaults, modelId: "b", maxSteps: 3 });
});

describe("parseCommandLine says what is wrong with", () => {
  it.each([
    [[], "There is no command."],
    [["walk", "t"], 'There is no command "walk".'],
    [["run"], "There is no task."],
    [["run", "  "], "There is no task."],
    [["run", "t", "--modle", "x"], "There is no option --modle. Did you mean --model?"],
    [["run", "t", "--max", "3"], "Did you mean --max-steps?"],
    [["run", "t", "-x"], "There is no option -x."],
    [["run", "t", "--toString"], "There is no option --toString."],
    [["run", "t", "--model"], "--model needs a value: openai/<id>"],
    [["run", "t", "--model", "--json"], "--model needs a value"],
    [["run", "t", "--imports="], "--imports needs a value"],
    [["run", "t", "--json=yes"], "--json takes no value"],
    [["run", "t", "--model", "gpt-5"], "Did you mean openai/gpt-5?"],
    [["run", "t", "--model", "acme/x"], "write openai/<id> and --base-url"],
    [["run", "t", "--model", "openai/two words"], "no spaces and no control characters"],
    [["run", "t", "--model", "openai/\u001b]0;pwn\u0007x"], "no spaces and no control characters"],
    [["run", "t", "--model", "openai/x\u009b2J"], "no spaces and no control characters"],
    [["run", "t", "--base-url", "localhost:8000"], "--base-url must be"],
    [["run", "t", "--base-url", "localhost"], "--base-url must be"],
    [
      ["run", "t", "--executor", "dokcer"],
      'must be one of wasm, local, docker, e2b, modal, blaxel, or the full name of a package (@scope/name or name/sub), not "dokcer"',
    ],
    [["run", "t", "--executor-options", "{image: 1}"], "must be a JSON object"],
    [["run", "t", "--executor-options", "[1]"], "must be a JSON object"],
    [["run", "t", "--executor-options", "null"], "must be a JSON object"],
    [["run", "t", "--executor-options", "7"], "must be a JSON object"],
    [["run", "t", "--max-steps=-1"], '--max-steps must be a whole number from 1 on, not "-1"'],
    [["run", "t", "--config", "/nowhere/codelet.json"], "/nowhere/codelet.json can't be read"],
    [["run", "t", "--imports", "os;sys"], '"os;sys"'],
    [["run", "t", "--max-steps", "0"], "--max-steps must be a whole number from 1 on"],
    [["run", "t", "--max-steps", "1e3"], "--max-steps must be"],
  ])("%j", (argv, problem) => {
    expect(parseCommandLine(argv)).toEqual({ name: "usage-error", problem: expect.stringContaining(problem) });
  });

  it("an option that is like none", () => {
    expect(parseCommandLine(["run", "t", "--zzz"])).toEqual({ name: "usage-error", problem: "There is no option --zzz." });
  });

  it.each([
    "./foo.js",
    "../foo.js",
    "/tmp/foo.js",
    "C:\\foo/bar.js",
    "file:///tmp/foo.js",
    "data:text/javascript,0",
    "node:fs/promises",
    "#internal/foo",
    "a/b/../../..",
    "a//b",
    "a/",
    "@/b",
    "@acme",
    "a/b?c",
    "a/%2e%2e/b",
    "a/b\n",
  ])("an executor %j, which is no name", (executor) => {
    const problem = expect.stringContaining(`the full name of a package (@scope/name or name/sub), not "${executor}"`);
    expect(parseCommandLine(["run", "t", "--executor", executor])).toEqual({ name: "usage-error", problem });
  });
});
