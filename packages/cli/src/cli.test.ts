import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadExecutor } from "@codelet/core";
import { textWidth } from "@codelet/core/console";
import { decodeValue } from "@codelet/core/value-codec";
import { afterAll, describe, expect, it, vi } from "vitest";
import { chatServer } from "./testing/chat-server.ts";
import { runCli, startCli } from "./testing/cli-process.ts";
import { run, turn } from "./testing/turn.ts";

// The first run on a machine prepares the sandbox.
vi.setConfig({ testTimeout: 120_000 });
describe("codelet run", () => {
  it("shows task, thought, code, logs, error, costs and the answer, plain when piped, and exits with 0", async () => {
    await using server = await chatServer(
      turn('print("half", 42 / 2)\n1 / 0', "First \u001b[31mhalf."),
      turn('print("\\x1b]0;owned\\x07whole")\nfinal_answer(42)'),
    );
    const { code, stdout, stderr } = await runCli(run(server.baseURL, "--model", "openai/test-model"));
    expect(stderr.split("\n").filter((line) => line !== "" && !line.startsWith("Sandbox: "))).toEqual([]);
    expect(code).toBe(0);
    for (const text of [
      `codelet · openai/test-model · sandbox wasm`,
      "What is it?",
      '  First ␛[31mhalf.\n\n    print("half", 42 / 2)\n    1 / 0\n\n  │ half 21.0\n  ✗ ZeroDivisionError: division by zero (line 2)\n',
      "  │ ␛]0;owned␇whole\n",
      "1,000 tokens in, 20 out · ",
      "\n  42\n\n2 steps · 2,000 tokens in, 40 out · ",
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(server.requests[0]).toMatchObject({ model: "test-model" });
    expect(server.authorizations).toEqual([undefined, undefined]);
  });

  it("fits into 40 columns", async () => {
    await using server = await chatServer(turn(`print("${"wide ".repeat(30)}")\nfinal_answer("${"long ".repeat(30)}")`, "I think ".repeat(20)));
    const { code, stdout } = await runCli(run(server.baseURL), { environment: { COLUMNS: "40" } });
    expect(code).toBe(0);
    const [, ...lines] = stdout.split("\n");
    expect(Math.max(...lines.map((line) => textWidth(line)))).toBeLessThanOrEqual(40);
  });

  it("prints one JSON event per line and nothing else with --json", async () => {
    await using server = await chatServer(turn("print('x')\n10 ** 20"), turn("final_answer((1, 2.0))"));
    const { code, stdout } = await runCli(run(server.baseURL, "--json"));
    expect(code).toBe(0);
    expect(stdout.endsWith("\n")).toBe(true);
    const events = stdout
      .trimEnd()
      .split("\n")
      .map((line) => decodeValue(JSON.parse(line)) as { type: string; seq?: number });
    expect(events.at(0)).toMatchObject({ type: "run-start", seq: 1 });
    expect(events.filter(({ type }) => type === "execution")[0]).toMatchObject({ execution: { value: 10n ** 20n, logs: "x\n" } });
    expect(events.slice(-2)).toMatchObject([
      { type: "run-end", state: "success" },
      { type: "result", state: "success", output: [1, 2], steps: 2, usage: { input: 2_000 } },
    ]);
    expect(events.slice(0, -1).map(({ seq }) => seq)).toEqual(events.slice(0, -1).map((_, index) => index + 1));
  });

  it("shows what hides in the id of a model", async () => {
    await using server = await chatServer({ status: 400 });
    const { stdout } = await runCli(run(server.baseURL, "--model", "openai/x\u202ey"));
    expect(stdout).toContain("codelet · openai/x<U+202E>y · sandbox wasm\n\n");
  });

  it("exits with 3 at a limit, and shows the last answer", async () => {
    await using server = await chatServer(turn("print('not yet')"), "It is about 40.");
    const { code, stdout } = await runCli(run(server.baseURL, "--max-steps", "1"));
    expect(stdout).toContain("Limit reached: steps. The last answer");
    expect(stdout).toContain("  It is about 40.\n");
    expect(code).toBe(3);
  });

  it("exits with 1 when the server fails", async () => {
    await using server = await chatServer({ status: 400 });
    const { code, stdout } = await runCli(run(server.baseURL));
    expect(stdout).toMatch(/Failed ─+\n.*out of order/);
    expect(code).toBe(1);
  });

  it("exits with 1 when the server fails later on, and shows what was done", async () => {
    await using server = await chatServer(turn("print('done so far')"), { status: 401 });
    const json = await runCli(run(server.baseURL, "--json"));
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout.trimEnd().split("\n").at(-1) as string)).toMatchObject({
      type: "result",
      state: "failed",
      error: { code: "model-call" },
      steps: 1,
    });
  });

  it("refuses imports that are not in the list", async () => {
    await using server = await chatServer(turn("import socket"), turn("final_answer('no')"));
    const { code, stdout } = await runCli(run(server.baseURL, "--imports", "numpy"));
    expect(stdout).toMatch(/✗ .*socket/);
    expect(code).toBe(0);
  });
});

const localProblem = await loadExecutor("local").then(async (executor) => {
  try {
    await using session = await executor.open();
    return session && undefined;
  } catch (error) {
    return String(error);
  }
});
if (localProblem !== undefined) console.log(`SKIPPED codelet run --executor local: ${localProblem}`);

describe("codelet run --describe", () => {
  it("shows the agent without a task, a key or a call", async () => {
    const { code, stdout, stderr } = await runCli(["run", "--describe", "--model", "openai/test-model", "--max-steps", "5"]);
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^agent \(code agent\)\n├ model: test-model\n├ executor: wasm · isolation 2 \(language \+ process\) · network: none/);
    expect(stdout).toContain("├ limits: 5 steps\n");
    expect(code).toBe(0);
  });

  it("prints it as one line of JSON with --json", async () => {
    const { code, stdout } = await runCli(["run", "--describe", "--json", "--executor", "local", "--model", "openai/x\u202ey"]);
    expect(stdout).toMatch(/^[^\u202e\n]+\n$/);
    expect(JSON.parse(stdout)).toMatchObject({ kind: "code", model: "x\u202ey", executor: { name: "local" }, maxSteps: 20, tools: [] });
    expect(code).toBe(0);
  });
});

const hasFullDisk = existsSync("/dev/full");
if (!hasFullDisk) console.log("SKIPPED codelet on a full disk: there is no /dev/full, which only Linux has");
describe.skipIf(!hasFullDisk)("codelet on a full disk", () => {
  it.each([[["run", "--describe"]], [["run", "t", "--base-url", "http://127.0.0.1:9/v1"]]])(
    "says that %j has lost its output, and doesn't succeed",
    (argv) => {
      const disk = openSync("/dev/full", "w");
      const cli = fileURLToPath(new URL("cli.ts", import.meta.url));
      const { status, stderr } = spawnSync(process.execPath, [cli, ...argv], { stdio: ["ignore", disk, "pipe"], encoding: "utf8" });
      closeSync(disk);
      expect(stderr).toContain("codelet: standard output can't be written (ENOSPC)\n");
      expect(status).toBe(130);
    },
  );
});

describe("codelet run --executor local", () => {
  it.skipIf(localProblem !== undefined)("runs the code in this machine's Python", async () => {
    await using server = await chatServer(turn("import sys\nfinal_answer(sys.platform)"));
    const { code, stdout } = await runCli(run(server.baseURL, "--executor", "local"));
    expect(stdout).toContain(`\n  ${process.platform}\n`);
    expect(code).toBe(0);
  });
});

describe("codelet", () => {
  const folder = mkdtempSync(join(tmpdir(), "codelet-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("says which variable is missing, before anything is shown", async () => {
    const { code, stdout, stderr } = await runCli(["run", "What is it?"]);
    expect(stderr).toContain("OPENAI_API_KEY");
    expect(stderr).toContain("--base-url");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("sends the key to the server that the environment names", async () => {
    await using server = await chatServer(turn("final_answer(1)"));
    const environment = { OPENAI_API_KEY: "key-for-tests", OPENAI_BASE_URL: server.baseURL };
    const { code, stdout } = await runCli(["run", "t"], { environment });
    expect(code).toBe(0);
    expect(server.authorizations).toEqual(["Bearer key-for-tests"]);
    expect(stdout).not.toContain("key-for-tests");
  });

  it.each([
    [["run", "t", "--modle", "x"], "Did you mean --model?"],
    [["run"], "There is no task."],
    [[], "There is no command."],
  ])("exits with 2 for %j", async (argv, problem) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect(stderr).toContain(problem);
    expect(stderr).toContain("See codelet --help");
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.each([
    [["run", "t", "--executor", "\u001b]0;pwn\u0007x"], "␛]0;pwn␇x"],
    [["\u009b2J\u202e"], '"<U+009B>2J<U+202E>"'],
  ])("shows what was wrong in %j without anything that a terminal obeys", async (argv, shown) => {
    const { code, stderr } = await runCli(argv);
    expect(stderr).toContain(shown);
    expect(stderr).not.toMatch(/[^\P{C}\n]/u);
    expect(code).toBe(2);
  });

  it.each([{ "\u001b]0;pwn\u0007": 1 }, { model: "openai/\u001b]0;pwn\u0007x" }])("shows so too what a file says: %j", async (config) => {
    const file = join(folder, "codelet.json");
    writeFileSync(file, JSON.stringify(config));
    const { code, stdout, stderr } = await runCli(["run", "t", "--base-url", "http://127.0.0.1:1", "--config", file]);
    expect(stderr).toContain("␛]0;pwn␇");
    expect(stdout + stderr).not.toMatch(/[^\P{C}\n]/u);
    expect(code).toBe(2);
  });

  it.each([
    [{ OPENAI_BASE_URL: "localhost:8000" }, [], "OPENAI_BASE_URL"],
    [{ OPENAI_API_KEY: "\u201csk-pasted-with-quotes\u201d" }, [], "OPENAI_API_KEY"],
    [{}, ["--base-url", "http://user:pass-word@127.0.0.1:9/v1"], "--base-url"],
  ])("exits with 2 for %j %j, and says which setting it is", async (environment, more, name) => {
    const { code, stdout, stderr } = await runCli(["run", "t", ...more], { environment });
    expect(stderr).toContain(name);
    expect(stderr).not.toMatch(/pasted-with|pass-word/);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.each([
    ["wasm", '{ "memoryLimitByte": 1 }', "codelet: Expected an option of memoryLimitBytes, "],
    ["docker", '{ "image": 7 }', "codelet: Expected `image` to be "],
    ["local", "{", "codelet: --executor-options must be a JSON object"],
    ["./foo.js", "{}", 'or the full name of a package (@scope/name or name/sub), not "./foo.js".\n'],
    [
      "@acme/executor",
      "{}",
      'codelet: executorType "@acme/executor" needs the package @acme/executor. Run: npm install @acme/executor (with --global, if codelet was installed with it)\n',
    ],
  ])("exits with 2 and one line for --executor %s --executor-options '%s'", async (executor, options, problem) => {
    const { code, stdout, stderr } = await runCli([
      "run",
      "t",
      "--base-url",
      "http://127.0.0.1:1",
      "--executor",
      executor,
      "--executor-options",
      options,
    ]);
    expect(stderr).toContain(problem);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("says that options of a config file don't fit the executor of the command line", async () => {
    const config = join(mkdtempSync(join(tmpdir(), "codelet-cli-")), "agent.json");
    writeFileSync(config, '{ "executorType": "docker", "executorOptions": { "image": "python:3.13" } }');
    const { code, stderr } = await runCli(["run", "t", "--base-url", "http://127.0.0.1:1", "--config", config, "--executor", "wasm"]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/got `image`\. .*executorOptions in the file of --config\.\n$/)]);
    rmSync(join(config, ".."), { recursive: true });
  });

  it.each([["--help"], ["--version"]])("ends quietly when nobody reads %s", async (option) => {
    const cli = startCli([option]);
    cli.child.stdout?.destroy();
    expect(await cli.exit).toMatchObject({ code: 0, stderr: "" });
  });

  it("shows the version", async () => {
    expect(await runCli(["--version"])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
  });

  it("shows help without loading anything but its own files", async () => {
    const { code, stdout, stderr } = await runCli(["--help"], { tracesModules: true });
    expect(code).toBe(0);
    expect(stdout).toContain("Exit codes");
    expect(stderr).toContain("loads file:");
    expect(stderr).not.toMatch(/node_modules|packages\/(core|executor|models|testing)/);
  });

  it.each([
    ["local", "wasm"],
    ["wasm", "local"],
  ])("loads the executor %s without loading %s or a test kit", async (name, other) => {
    await using server = await chatServer({ status: 400 });
    const { stderr } = await runCli(["run", "t", "--executor", name, "--base-url", server.baseURL], { tracesModules: true });
    expect(stderr).toContain(`/executor-${name}/`);
    expect(stderr).not.toMatch(new RegExp(`/executor-${other}/|vega-datasets|packages/testing`));
  });
});
