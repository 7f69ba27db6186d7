import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { machineVariable, signalMachine } from "@codelet/local-processes";
import { type MachineProcess, type ProcessConfig, startProcess } from "./machine-process.ts";

export interface MachineOptions {
  readonly template: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly allowInternetAccess: boolean;
  readonly allowPublicTraffic: boolean;
  /** What `python3` is there. @default the first one on the PATH of a login shell */
  readonly python?: string | undefined;
  /** Variables of every process; a test's own. */
  readonly fixedEnvironment: Readonly<Record<string, string>>;
  readonly onEnd: () => void;
}

const home = "/home/user";

/** What stands here for a virtual machine: a folder, and processes that can be stopped, continued and ended together. It isolates nothing. */
export class Machine {
  readonly id: string = `i${randomBytes(10).toString("hex").slice(0, 19)}`;
  readonly token: string = randomUUID();
  readonly startedAt: Date = new Date();
  readonly options: MachineOptions;
  readonly folder: string;
  readonly processes: Map<number, MachineProcess> = new Map();
  /** Answers that are still being written. */
  readonly streams: Set<ServerResponse> = new Set();
  state: "running" | "paused" | "ended" = "running";
  allowInternetAccess: boolean;
  endsAt: Date = new Date();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MachineOptions) {
    this.options = options;
    this.allowInternetAccess = options.allowInternetAccess;
    this.folder = mkdtempSync(path.join(tmpdir(), "codelet-e2b-"));
    for (const folder of [home, "/tmp", "/bin"]) mkdirSync(path.join(this.folder, folder), { recursive: true });
    if (options.python !== undefined) symlinkSync(options.python, path.join(this.folder, "bin/python3"));
    writeFileSync(path.join(this.folder, home, ".profile"), `PATH="${this.folder}/bin:$PATH"\n`); // a login shell has its own PATH
    this.setTimeout(options.timeoutSeconds);
  }

  /** Where a path of the machine lies here; undefined for one that has no place in its folder. */
  place(requested: string): string | undefined {
    const absolute = path.posix.resolve(home, requested);
    return /^\/(?:tmp|home\/user)(?:\/|$)/.test(absolute) ? path.join(this.folder, absolute) : undefined;
  }

  async start(config: ProcessConfig, hasInput: boolean): Promise<MachineProcess> {
    const folder = config.cwd === undefined ? this.place(home) : (this.place(config.cwd) ?? config.cwd);
    const environment = { ...this.environment(), ...config.envs };
    const started = await startProcess(config, { folder: folder ?? this.folder, environment, hasInput });
    this.processes.set(started.pid, started);
    void started.ended.then(() => this.processes.delete(started.pid));
    return started;
  }

  setTimeout(seconds: number): void {
    clearTimeout(this.#timer);
    this.endsAt = new Date(Date.now() + seconds * 1_000);
    this.#timer = setTimeout(() => this.end(), seconds * 1_000);
    this.#timer.unref();
  }

  pause(): void {
    this.state = "paused";
    clearTimeout(this.#timer);
    signalMachine(this.id, "SIGSTOP");
    this.dropStreams();
  }

  resume(): void {
    this.state = "running";
    signalMachine(this.id, "SIGCONT");
  }

  dropStreams(): void {
    for (const stream of this.streams) stream.destroy();
  }

  end(): void {
    if (this.state === "ended") return;
    this.state = "ended";
    clearTimeout(this.#timer);
    signalMachine(this.id, "SIGKILL", this.processes.keys());
    this.dropStreams();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
    this.options.onEnd();
  }

  private environment(): NodeJS.ProcessEnv {
    return {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: path.join(this.folder, home),
      TMPDIR: path.join(this.folder, "tmp"),
      USER: "user",
      LANG: "C.UTF-8",
      E2B_SANDBOX: "true",
      E2B_SANDBOX_ID: this.id,
      [machineVariable]: this.id,
      ...this.options.fixedEnvironment,
      ...this.options.environment,
    };
  }
}
