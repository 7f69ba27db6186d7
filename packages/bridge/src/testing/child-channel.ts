import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import type { OpenSessionOptions } from "@codelet/core";
import { afterAll } from "vitest";
import { bridgeSession } from "../bridge-session.ts";
import { pythonRunner } from "../python-runner.ts";
import type { BridgeSessionOptions } from "../session-options.ts";
import type { WorkerChannel, WorkerExit } from "../worker-channel.ts";

/** Debian's Python has numpy, pandas and PIL where they are installed. */
export const python: string = process.env.CODELET_TEST_PYTHON ?? "/usr/bin/python3";

const folder = mkdtempSync(join(tmpdir(), "codelet-bridge-"));
const runnerPath = join(folder, "runner.py");
writeFileSync(runnerPath, pythonRunner);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** How Pyodide's owner runs it: in a namespace of its own, on a stream without select, called again after every snapshot. */
const deviceBoot = `
import builtins, sys
scope = {"__name__": "codelet_bridge", "__builtins__": dict(builtins.__dict__)}
exec(compile(open(sys.argv[1]).read(), "<codelet_bridge>", "exec"), scope)
session = scope["open_device_session"](3, 3)
while session.serve() == "snapshot": pass
`;

export interface ChildChannel extends WorkerChannel {
  readonly child: ChildProcess;
}

/** A worker without any sandbox, for tests of the protocol. Frames on fd 3, a lifeline on fd 4. */
export function childChannel(): ChildChannel {
  return spawnWorker([runnerPath, "--frames", "3", "--lifeline", "4"]);
}

/** The same over the runner's channel for device files. */
export function deviceChannel(): ChildChannel {
  return spawnWorker(["-c", deviceBoot, runnerPath]);
}

function spawnWorker(command: readonly string[]): ChildChannel {
  const child = spawn(python, ["-s", ...command], {
    stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const frames = child.stdio[3] as Duplex;
  const streams = { stdout: child.stdout as Readable, stderr: child.stderr as Readable };
  frames.on("error", () => {});
  const closed = new Promise<WorkerExit>((resolve) => {
    child.on("error", (error) => resolve({ message: error.message }));
    child.on("close", (code, signal) => resolve({ message: signal === null ? `exit code ${code}` : `signal ${signal}` }));
  });
  const send = (signal: NodeJS.Signals, group: boolean): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(group ? -child.pid : child.pid, signal);
  };
  return {
    child,
    write: (text) => void frames.write(text, "latin1"),
    unreadBytes: () => frames.writableLength,
    onFrames: (receive) => void frames.on("data", receive),
    onOutput(receive) {
      for (const name of ["stdout", "stderr"] as const) streams[name].on("data", (chunk: Uint8Array) => receive(name, chunk));
    },
    onClose: (callback) => void closed.then(callback),
    interrupt: () => send("SIGINT", false),
    async kill() {
      send("SIGKILL", true);
      await closed;
    },
  };
}

export function openSession(open: OpenSessionOptions = {}, options: Partial<BridgeSessionOptions> = {}): ReturnType<typeof bridgeSession> {
  return bridgeSession({ executor: "test", connect: async () => childChannel(), open, ...options });
}
