import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import type { OpenSessionOptions } from "@codelet/core";
import { bridgeSession } from "../bridge-session.ts";
import { pythonRunner } from "../python-runner.ts";
import type { BridgeSessionOptions } from "../session-options.ts";
import type { WorkerChannel, WorkerExit } from "../worker-channel.ts";

/** Debian's Python has numpy, pandas and PIL where they are installed. */
export const python: string = process.env.CODELET_TEST_PYTHON ?? "/usr/bin/python3";

const folder = mkdtempSync(join(tmpdir(), "codelet-bridge-"));
const runnerPath = join(folder, "runner.py");
writeFileSync(runnerPath, pythonRunner);

/** A worker without any sandbox, for tests of the protocol. Frames on fd 3, a lifeline on fd 4. */
export function childChannel(): WorkerChannel & { readonly child: ChildProcess } {
  const child = spawn(python, ["-s", runnerPath, "--frames", "3", "--lifeline", "4"], {
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
