import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import { watchSignals } from "./interruption.ts";
import { chatServer } from "./testing/chat-server.ts";
import { descendants, isAlive, startCli } from "./testing/cli-process.ts";
import { keptListeners, signalNames } from "./testing/signal-listeners.ts";
import { run, turn } from "./testing/turn.ts";

/** Shows "busy now" when it runs, and not as soon as it is shown itself. */
const busy = "print('busy', 'now')\nwhile True: pass";

// The first run on a machine prepares the sandbox.
vi.setConfig({ testTimeout: 120_000 });
it("hears of the first signal, and ends the process with the second, also when the run is over by then", () => {
  using _ = keptListeners();
  const exit = vi.spyOn(process, "exit").mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const told: string[] = [];
  const interruption = watchSignals(() => told.push("first"));
  process.emit("SIGTERM");
  interruption[Symbol.dispose]();
  expect([told, interruption.signal.aborted]).toEqual([["first"], true]);
  for (const name of signalNames) expect(() => process.emit(name)).toThrow("exit 130");
  expect(told).toEqual(["first"]);
  exit.mockRestore();
});

describe("codelet run, when it is told to stop", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("shows on %s what was done, exits with 130, and leaves no process behind", async (signal) => {
    await using server = await chatServer(turn("print('one')"), turn(busy));
    const cli = startCli(run(server.baseURL));
    await cli.shows("busy now");
    const pid = cli.child.pid as number;
    const children = descendants(pid);
    expect(children.length).toBeGreaterThan(0);
    process.kill(-pid, signal);
    const { code, stdout, stderr } = await cli.exit;
    expect(stdout).toMatch(/Interrupted ─+\n2 steps · 2,000 tokens in/);
    expect(stderr).toContain("Stopping…");
    expect(code).toBe(130);
    await sleep(200);
    expect([...children, pid].filter(isAlive)).toEqual([]);
  });

  it("exits at once when it is told a second time", async () => {
    const stubborn = `while True:\n    try:\n        ${busy.replace("\n", "\n        ")}\n    except BaseException: pass`;
    await using server = await chatServer(turn(stubborn));
    const cli = startCli(run(server.baseURL));
    await cli.shows("busy now");
    const children = descendants(cli.child.pid as number);
    cli.child.kill("SIGINT");
    await cli.says("Stopping…");
    const start = performance.now();
    cli.child.kill("SIGINT");
    expect((await cli.exit).code).toBe(130);
    expect(performance.now() - start).toBeLessThan(1_000);
    await sleep(500);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it("stops while it waits for the model", async () => {
    await using server = await chatServer("hang");
    const cli = startCli(run(server.baseURL));
    await cli.shows("Step 1");
    cli.child.kill("SIGINT");
    const { code, stdout } = await cli.exit;
    expect(stdout).toMatch(/Interrupted ─+\n0 steps/);
    expect(code).toBe(130);
  });

  it("writes the result with --json too", async () => {
    await using server = await chatServer(turn("print('one')"), "hang");
    const cli = startCli(run(server.baseURL, "--json"));
    await cli.shows('"type":"step-end"');
    cli.child.kill("SIGINT");
    const { code, stdout } = await cli.exit;
    expect(JSON.parse(stdout.trimEnd().split("\n").at(-1) as string)).toMatchObject({ type: "result", state: "aborted", reason: "SIGINT", steps: 1 });
    expect(code).toBe(130);
  });

  it("stops when nobody reads its output", async () => {
    await using server = await chatServer(turn("import time\nwhile True:\n    print('line')\n    time.sleep(0.01)"));
    const cli = startCli(run(server.baseURL));
    await cli.shows("line");
    cli.child.stdout?.destroy();
    expect((await cli.exit).code).toBe(130);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends soon on one %s when the reader of its output stalls", async (signal) => {
    await using server = await chatServer(turn("print('one')\nprint('many\\n' * 200_000)"), "hang");
    const cli = startCli(run(server.baseURL, "--json"));
    await cli.shows('"type":"step-start"');
    cli.child.stdout?.pause();
    await vi.waitFor(() => expect(server.requests.length).toBe(2), { timeout: 60_000, interval: 50 });
    const pid = cli.child.pid as number;
    const children = descendants(pid);
    const start = performance.now();
    const exit = once(cli.child, "exit");
    process.kill(pid, signal);
    expect(await exit).toEqual([130, null]);
    expect(performance.now() - start).toBeLessThan(5_000);
    cli.child.stdout?.resume();
    const { stdout } = await cli.exit;
    expect(stdout).toContain('"type":"output-delta"');
    expect(stdout).not.toContain('"type":"result"');
    await sleep(200);
    expect(children.filter(isAlive)).toEqual([]);
  });
});
