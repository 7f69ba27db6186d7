import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Executor, OpenSessionOptions } from "@codelet/core";
import { httpStdio } from "../http-stdio.ts";
import { machineExecutor } from "../machine-executor.ts";
import type { Stdio } from "../stdio-carrier.ts";
import { supervisorBoot } from "../supervisor-boot.ts";
import { python } from "./child-channel.ts";

interface Machine {
  readonly port: number;
  readonly token: string;
  readonly pid: number;
  readonly [key: string]: number | string;
}

export interface PortExecutor extends Executor {
  /** Ends all streams of lines, as a proxy that restarts does. */
  dropConnections(): void;
  /** The child processes that were started. */
  readonly children: readonly ChildProcess[];
}

const children: ChildProcess[] = [];

/** A machine that offers a port and no stdin, as some clouds do: here a child process without a sandbox. */
export function portExecutor(): PortExecutor {
  let streams: AbortController[] = [];
  const request = (port: number) => (path: string, init: RequestInit) => {
    const dropped = new AbortController();
    if (init.method === undefined) streams.push(dropped);
    const signals = [dropped.signal, ...(init.signal ? [init.signal] : [])];
    return fetch(`http://127.0.0.1:${port}${path}`, { ...init, signal: AbortSignal.any(signals) });
  };
  const executor = machineExecutor<Machine>({
    name: "port",
    capabilities: { isolation: 0, network: "full", files: "host", processes: "host", packages: "host" },
    create: ({ seed }) => startProcess(seed),
    start: async (machine, open) => ({ stdio: await attach(machine, open), reference: machine }),
    remove,
    pinned: {
      find: async (reference) => (isAlive((reference as Machine).pid) ? (reference as Machine) : undefined),
      attach: (machine, _, open) => attach(machine, open),
    },
    explain: (thrown) => thrown as Error,
  });
  const attach = ({ port, token }: Machine, open?: OpenSessionOptions): Promise<Stdio> =>
    httpStdio({ request: request(port), token, isOnce: open === undefined, signal: open?.signal });
  return {
    ...executor,
    children,
    dropConnections() {
      for (const stream of streams) stream.abort(new Error("dropped"));
      streams = [];
    },
  };

  async function startProcess(seed: string | undefined): Promise<Machine> {
    const folder = mkdtempSync(join(tmpdir(), "codelet-bridge-"));
    const [port, token] = [await freePort(), Math.random().toString(36).slice(2)];
    const { argv } = supervisorBoot({ python, seed, port });
    const [command = "", ...parameters] = argv;
    const environment = { PATH: process.env.PATH, CODELET_TOKEN: token, CODELET_ADDRESS: "127.0.0.1" };
    const child = spawn(command, parameters, { cwd: folder, env: environment, stdio: ["ignore", "ignore", "inherit"] });
    child.on("close", () => rmSync(folder, { recursive: true, force: true }));
    children.push(child);
    await once(child, "spawn");
    return { port, token, pid: child.pid ?? 0 };
  }
}

async function remove({ pid }: Machine): Promise<void> {
  try {
    process.kill(pid, "SIGTERM");
    for (let waitedMs = 0; waitedMs < 1_000 && isAlive(pid); waitedMs += 20) await sleep(20);
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended
  }
}

function isAlive(pid: number): boolean {
  return children.every((child) => child.pid !== pid || (child.exitCode === null && child.signalCode === null));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}
