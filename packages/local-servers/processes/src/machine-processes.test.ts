import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { machineVariable, processesOf, signalMachine } from "./machine-processes.ts";

const isLinux = existsSync("/proc/self/stat");

if (!isLinux) console.log("SKIPPED the processes of a machine: they are found in /proc, which is Linux's");

it.skipIf(!isLinux)("ends what a machine has started, also what has left its group, its parent and its environment", async () => {
  const machine = `machine-${process.pid}`;
  const script = "setsid sleep 60 & (setsid sleep 61 &) & env -i sleep 62 & sleep 63";
  const options = { env: { PATH: process.env.PATH, [machineVariable]: machine }, detached: true, stdio: "ignore" } as const;
  const child = spawn("sh", ["-c", script], options);
  const other = spawn("sleep", ["64"], { ...options, env: { ...options.env, [machineVariable]: `${machine}0` } });
  try {
    await expect.poll(() => processesOf(machine).length).toBe(5);
    signalMachine(machine, "SIGKILL", [child.pid]);
    await expect.poll(() => processesOf(machine)).toEqual([]);
    expect(processesOf(`${machine}0`)).toEqual([other.pid]);
  } finally {
    signalMachine(machine, "SIGKILL", [child.pid]);
    other.kill("SIGKILL");
  }
});
