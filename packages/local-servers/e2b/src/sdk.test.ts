import { setTimeout as sleep } from "node:timers/promises";
import { processesOf } from "@codelet/local-processes";
import { CommandExitError, Sandbox, TimeoutError } from "@e2b/code-interpreter";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type E2bServer, startE2bServer } from "./index.ts";

let server: E2bServer;
let connection: { readonly apiKey: string; readonly apiUrl: string; readonly sandboxUrl: string };
let sandbox: Sandbox;

beforeAll(async () => {
  server = await startE2bServer({ python: process.env.CODELET_TEST_PYTHON });
  connection = { apiKey: server.apiKey, apiUrl: server.url, sandboxUrl: server.url };
  sandbox = await Sandbox.create({
    ...connection,
    timeoutMs: 60_000,
    envs: { COLOUR: "blue" },
    metadata: { purpose: "test" },
    allowInternetAccess: false,
  });
});

afterAll(() => server.close());

/** What a callback has been given, until the text is there. */
async function until(read: () => string, text: string): Promise<void> {
  for (let waitedMs = 0; !read().includes(text) && waitedMs < 5_000; waitedMs += 10) await sleep(10);
  expect(read()).toContain(text);
}

describe("the control API, through the real SDK", () => {
  it("creates a sandbox and describes it", async () => {
    const info = await sandbox.getInfo();
    expect(info).toMatchObject({ sandboxId: sandbox.sandboxId, templateId: "code-interpreter-v1", metadata: { purpose: "test" }, state: "running" });
    expect(info.allowInternetAccess).toBe(false);
  });

  it("lists by metadata and state", async () => {
    const found = await Sandbox.list({ ...connection, query: { metadata: { purpose: "test" } } }).nextItems();
    expect(found.map(({ sandboxId }) => sandboxId)).toEqual([sandbox.sandboxId]);
    expect(await Sandbox.list({ ...connection, query: { metadata: { purpose: "other" } } }).nextItems()).toEqual([]);
    expect(await Sandbox.list({ ...connection, query: { state: ["paused"] } }).nextItems()).toEqual([]);
  });

  it("prolongs and shortens a sandbox's life, and ends it when that is over", async () => {
    const short = await Sandbox.create({ ...connection, timeoutMs: 60_000 });
    await short.setTimeout(120_000);
    expect((await short.getInfo()).endAt.getTime()).toBeGreaterThan(Date.now() + 100_000);
    await short.setTimeout(1_000);
    await sleep(1_200);
    expect(await short.isRunning()).toBe(false);
  });

  it("changes the network of a running sandbox", async () => {
    const open = await Sandbox.create({ ...connection });
    await open.updateNetwork({ allowInternetAccess: false });
    expect((await open.getInfo()).allowInternetAccess).toBe(false);
    await open.kill();
  });

  it("refuses a wrong key, an unknown template and an unknown sandbox", async () => {
    await expect(Sandbox.create({ ...connection, apiKey: "e2b_0000" })).rejects.toMatchObject({ name: "AuthenticationError" });
    await expect(Sandbox.create("no-such-template", connection)).rejects.toThrow("404");
    await expect(Sandbox.connect("i000", connection)).rejects.toMatchObject({ name: "SandboxNotFoundError" });
  });
});

describe("commands, through the real SDK", () => {
  it("runs a command and gives its output and exit code", async () => {
    expect(await sandbox.commands.run("echo out; echo err >&2; echo $COLOUR")).toMatchObject({ exitCode: 0, stdout: "out\nblue\n", stderr: "err\n" });
  });

  it("throws for an exit code other than 0", async () => {
    const error = await sandbox.commands.run("exit 3").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CommandExitError);
    expect((error as CommandExitError).exitCode).toBe(3);
  });

  it("starts in the given folder, and fails where there is none", async () => {
    expect((await sandbox.commands.run("pwd", { cwd: "/tmp" })).stdout.trim()).toMatch(/\/tmp$/);
    await expect(sandbox.commands.run("pwd", { cwd: "/no/such/folder" })).rejects.toThrow();
  });

  it("sends input, lists, connects again and kills", async () => {
    const seen: string[] = [];
    const handle = await sandbox.commands.run('while read line; do echo "got $line"; done', {
      background: true,
      stdin: true,
      timeoutMs: 0,
      onStdout: (text) => void seen.push(text),
    });
    await sandbox.commands.sendStdin(handle.pid, "one\n");
    await until(() => seen.join(""), "got one\n");
    expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(handle.pid);
    await handle.disconnect();
    const again: string[] = [];
    const second = await sandbox.commands.connect(handle.pid, { timeoutMs: 0, onStdout: (text) => void again.push(text) });
    await second.sendStdin("two\n");
    await until(() => again.join(""), "got two\n");
    expect(again.join("")).not.toContain("one");
    expect(seen.join("")).not.toContain("two");
    expect(await second.kill()).toBe(true);
    expect(await sandbox.commands.kill(handle.pid)).toBe(false);
  });

  it("closes the input", async () => {
    const handle = await sandbox.commands.run("cat; echo end", { background: true, stdin: true, timeoutMs: 0 });
    await handle.sendStdin("text\n");
    await handle.closeStdin();
    expect((await handle.wait()).stdout).toBe("text\nend\n");
  });

  it("has no input unless it is asked for", async () => {
    const handle = await sandbox.commands.run("cat; sleep 5", { background: true, timeoutMs: 0 });
    await expect(handle.sendStdin("lost")).rejects.toThrow("stdin");
    await handle.kill();
  });

  it("keeps nothing for those who connect later", async () => {
    const handle = await sandbox.commands.run("read go; echo early; read go; echo late", { background: true, stdin: true, timeoutMs: 0 });
    await handle.disconnect();
    await sandbox.commands.sendStdin(handle.pid, "\n");
    await sleep(200);
    const second = await sandbox.commands.connect(handle.pid, { timeoutMs: 0 });
    await second.sendStdin("\n");
    expect((await second.wait()).stdout).toBe("late\n");
  });

  it("kills the process at the deadline of the call, and lives on with timeoutMs: 0", async () => {
    const mortal = await sandbox.commands.run("exec sleep 30", { background: true, timeoutMs: 400 });
    await expect(mortal.wait()).rejects.toBeInstanceOf(TimeoutError);
    await sleep(200);
    expect((await sandbox.commands.list()).map(({ pid }) => pid)).not.toContain(mortal.pid);
    const immortal = await sandbox.commands.run("sleep 0.8; echo alive", { background: true, timeoutMs: 0 });
    expect((await immortal.wait()).stdout).toBe("alive\n");
  });

  it("kills it also when nobody listens any more", async () => {
    const mortal = await sandbox.commands.run("exec sleep 30", { background: true, timeoutMs: 500 });
    await mortal.disconnect();
    expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(mortal.pid);
    await sleep(800);
    expect((await sandbox.commands.list()).map(({ pid }) => pid)).not.toContain(mortal.pid);
  });
});

describe("files, through the real SDK", () => {
  it("writes and reads text and bytes, one and several", async () => {
    await sandbox.files.write("/home/user/a.txt", "hé");
    expect(await sandbox.files.read("/home/user/a.txt")).toBe("hé");
    await sandbox.files.write([
      { path: "/tmp/1", data: "1" },
      { path: "/tmp/2", data: new Uint8Array([0, 255]).buffer },
    ]);
    expect(await sandbox.files.read("/tmp/2", { format: "bytes" })).toEqual(new Uint8Array([0, 255]));
    expect((await sandbox.commands.run("cat a.txt")).stdout).toBe("hé");
  });

  it("has no other files", async () => {
    await expect(sandbox.files.read("/home/user/missing")).rejects.toMatchObject({ name: "FileNotFoundError" });
    await expect(sandbox.files.read("/tmp/../etc/passwd")).rejects.toMatchObject({ name: "FileNotFoundError" });
    await expect(sandbox.files.write("../../etc/made", "x")).rejects.toThrow("403");
  });
});

describe("the code interpreter, through the real SDK", () => {
  it("keeps state, and gives output, results and errors", async () => {
    const first = await sandbox.runCode("import os\nprint(os.environ['COLOUR'])\nx = 6 * 7");
    expect(first.logs.stdout.join("")).toBe("blue\n");
    const second = await sandbox.runCode("x");
    expect([second.text, second.executionCount]).toEqual(["42", 2]);
    expect((await sandbox.runCode("'abc'")).text).toBe("abc");
    expect((await sandbox.runCode("1/0")).error).toMatchObject({ name: "ZeroDivisionError", value: "division by zero" });
    expect((await sandbox.runCode("import sys\nprint('e', file=sys.stderr)")).logs.stderr.join("")).toBe("e\n");
  });

  it("shows pictures and HTML", async () => {
    const shown = await sandbox.runCode("class P:\n    def _repr_png_(self): return b'\\x89PNG'\n    def _repr_html_(self): return '<i>1</i>'\nP()");
    expect(shown.results[0]).toMatchObject({ isMainResult: true, png: "iVBORw==", html: "<i>1</i>" });
  });

  it("streams", async () => {
    const lines: string[] = [];
    await sandbox.runCode("import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.1)", {
      onStdout: ({ line }) => void lines.push(line),
    });
    expect(lines.join("")).toBe("0\n1\n2\n");
    expect(lines.length).toBeGreaterThan(1);
  });

  it("can be used after a client's timeout", async () => {
    await sandbox.runCode("y = 1");
    await expect(sandbox.runCode("import time\ntime.sleep(30)", { timeoutMs: 300 })).rejects.toMatchObject({ name: "TimeoutError" });
    expect((await sandbox.runCode("y")).text).toBe("1");
  });

  it("has contexts", async () => {
    const context = await sandbox.createCodeContext({ cwd: "/tmp" });
    expect((await sandbox.runCode("import os\nos.getcwd()", { context })).text).toMatch(/\/tmp$/);
    expect((await sandbox.runCode("x", { context })).error?.name).toBe("NameError");
    expect((await sandbox.listCodeContexts()).map(({ id }) => id)).toContain(context.id);
    await sandbox.runCode("z = 1", { context });
    await sandbox.restartCodeContext(context);
    expect((await sandbox.runCode("z", { context })).error?.name).toBe("NameError");
    await sandbox.removeCodeContext(context);
    await expect(sandbox.runCode("1", { context })).rejects.toThrow("not found");
  });
});

describe("pause and resume, through the real SDK", () => {
  it("stops everything and goes on with files, variables and processes", async () => {
    const paused = await Sandbox.create(connection);
    await paused.files.write("kept.txt", "kept");
    await paused.runCode("x = 42");
    const counter = await paused.commands.run("(while true; do echo x >> ticks; sleep 0.05; done) & wait", { background: true, timeoutMs: 0 });
    const ended = counter.wait().catch((error: unknown) => error);
    await sleep(200);
    expect(await paused.pause()).toBe(true);
    expect(await paused.pause()).toBe(false);
    expect(await ended).toBeInstanceOf(Error);
    expect(await paused.isRunning()).toBe(false);
    await expect(paused.commands.list()).rejects.toBeInstanceOf(TimeoutError);
    const resumed = await Sandbox.connect(paused.sandboxId, connection);
    const ticks = async (): Promise<number> => (await resumed.files.read("ticks")).length;
    const atResume = await ticks();
    expect(await resumed.files.read("kept.txt")).toBe("kept");
    expect((await resumed.runCode("x")).text).toBe("42");
    expect((await resumed.commands.list()).map(({ pid }) => pid)).toContain(counter.pid);
    await sleep(200);
    expect(await ticks()).toBeGreaterThan(atResume);
    await resumed.kill();
  });
});

describe("the end of a sandbox", () => {
  it("ends every process, daemons too", async () => {
    const ended = await Sandbox.create(connection);
    await ended.commands.run("setsid nohup sleep 300 > /dev/null 2>&1 & disown");
    expect(processesOf(ended.sandboxId).length).toBeGreaterThan(0);
    expect(await ended.kill()).toBe(true);
    await expect.poll(() => processesOf(ended.sandboxId)).toEqual([]);
    expect(await ended.kill()).toBe(false);
    expect(await ended.isRunning()).toBe(false);
    await expect(ended.runCode("1")).rejects.toMatchObject({ name: "TimeoutError" });
  });
});

describe("faults", () => {
  it("answers so many requests with a status", async () => {
    server.faults.respond(502, { times: 1, path: "/v2/sandboxes" });
    await expect(Sandbox.create(connection)).rejects.toThrow("502");
    server.faults.respond(429, { times: 1, path: "/v2/sandboxes" });
    await expect(Sandbox.create(connection)).rejects.toMatchObject({ name: "RateLimitError" });
    await (await Sandbox.create(connection)).kill();
  });

  it("starts slowly", async () => {
    server.faults.slowStart(400);
    await expect(Sandbox.create({ ...connection, requestTimeoutMs: 200 })).rejects.toThrow();
    server.faults.clear();
  });

  it("loses an answer after it has done what was asked for", async () => {
    const handle = await sandbox.commands.run('read line; echo "got $line"', { background: true, stdin: true, timeoutMs: 0 });
    server.faults.loseAnswers({ path: "/process.Process/SendInput" });
    await expect(handle.sendStdin("it\n")).rejects.toThrow();
    expect((await handle.wait()).stdout).toBe("got it\n");
  });

  it("loses output, or half of it, and the stream with it", async () => {
    for (const [torn, expected] of [
      [false, "one\n"],
      [true, "one\ntw"],
    ] as const) {
      const handle = await sandbox.commands.run("echo one; sleep 0.2; echo two; sleep 0.2", { background: true, timeoutMs: 0 });
      server.faults.loseOutput({ after: 2, torn });
      await expect(handle.wait()).rejects.toThrow();
      expect(handle.stdout).toBe(expected);
    }
  });

  it("drops streams, kills sandboxes, and lets tokens expire", async () => {
    const handle = await sandbox.commands.run("sleep 30", { background: true, timeoutMs: 0 });
    server.faults.dropStreams();
    await expect(handle.wait()).rejects.toThrow();
    server.faults.expireToken();
    await expect(sandbox.getInfo()).rejects.toMatchObject({ name: "AuthenticationError" });
    await expect(sandbox.commands.list()).rejects.toThrow();
    server.faults.clear();
    server.faults.killSandbox(sandbox.sandboxId);
    expect(await sandbox.isRunning()).toBe(false);
  });
});
