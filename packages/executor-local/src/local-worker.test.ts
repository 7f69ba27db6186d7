import { spawn } from "node:child_process";
import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { WorkerExit } from "@codelet/bridge";
import { expect, it } from "vitest";
import { LocalWorker } from "./local-worker.ts";

const options = { memoryLimitBytes: 2 ** 30, maxProcesses: 10, cgroup: undefined, watch: undefined, marker: undefined, onGone: async () => {} };

const isWindows = process.platform === "win32";
if (isWindows) console.log("SKIPPED the end of a worker whose output somebody holds: Windows has no `sh`");
it.skipIf(isWindows)("says how it ended where its frames end after it, and something still holds its output", async () => {
  const child = spawn("sh", ["-c", "sleep 0.6 & exit 3"]);
  const frames = new PassThrough();
  const worker = new LocalWorker({ child, pid: child.pid as number, frames, stdout: child.stdout, stderr: child.stderr }, options);
  const closed = new Promise<WorkerExit>((resolve) => worker.onClose(resolve));
  await once(child, "exit");
  frames.end();
  expect(await closed).toEqual({ message: "exit code 3" });
});
