import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ContractCase } from "./contract-case.ts";
import { canSeeProcesses, descendants, type HostProcess, isAlive, processesUnseen, survivors } from "./host-processes.ts";
import { pause, within } from "./within.ts";

/** Beside this file in the sources, beside the bundle when published; the extension is that of this module. */
const program = new URL(`./busy-host${path.extname(fileURLToPath(import.meta.url))}`, import.meta.url);
const graceMs = 2_000;

export const hostDeathCase: ContractCase = {
  name: "no process outlives a host that is killed while code is busy",
  async run(context) {
    const { module } = context.options;
    if (!canSeeProcesses) context.skip(processesUnseen);
    if (module === undefined) return context.skip("no `module` is given to start a host of its own from");
    for (const code of [
      "while True: pass",
      "import time\ntime.sleep(60)",
      "while True:\n    try:\n        while True: pass\n    except BaseException:\n        pass",
    ]) {
      const left = await killHost([String(module.module), module.factory, JSON.stringify(module.options ?? null), code]);
      assert.deepEqual(left, [], `processes that outlive their host by ${graceMs} ms, running ${JSON.stringify(code)}`);
    }
  },
};

/** Starts a host that runs the code, kills it without warning, and gives the processes of it that are left after the grace. */
async function killHost(parameters: readonly string[]): Promise<readonly HostProcess[]> {
  let own: readonly HostProcess[] = [];
  const host = spawn(process.execPath, [fileURLToPath(program), ...parameters], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const lines = createInterface({ input: host.stdout });
    const [line] = await within(20_000, "the host's start of the code", Promise.race([once(lines, "line"), once(host, "exit").then(() => ["gone"])]));
    assert.equal(line, "busy");
    await pause(200);
    own = descendants(host.pid);
    assert.ok(host.kill("SIGKILL"));
    return await survivors(() => own.filter(isAlive), graceMs);
  } finally {
    host.kill("SIGKILL");
    for (const { pid } of own.filter(isAlive)) process.kill(pid, "SIGKILL"); // the failure is told; nothing of it stays
  }
}
