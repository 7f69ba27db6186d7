import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { platform, tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { signalMachine } from "@codelet/local-processes";
import { type ProcessRequest, TailedProcess } from "./tailed-process.ts";

/** One sandbox: a folder, an address and the processes that were started in it. Nothing is isolated. */
export class Machine {
  readonly name: string;
  /** Where its ports are: two sandboxes may serve on the same one, as each has a network of its own. Other systems than Linux have one address of the kind. */
  readonly address: string = platform() === "linux" ? `127.${[randomInt(1, 255), randomInt(256), randomInt(1, 255)].join(".")}` : "127.0.0.1";
  readonly spec: unknown;
  readonly folder: string = mkdtempSync(join(tmpdir(), "codelet-blaxel-"));
  readonly processes: Map<string, TailedProcess> = new Map();
  /** Answers that are being written. */
  readonly streams: Set<ServerResponse> = new Set();
  #count = 0;

  constructor(name: string, spec: unknown) {
    this.name = name;
    this.spec = spec;
  }

  /** Undefined when a process of this name runs. */
  start(request: ProcessRequest): TailedProcess | undefined {
    const name = request.name ?? `process-${++this.#count}`;
    if (this.processes.get(name)?.status === "running") return undefined;
    const started = new TailedProcess(name, request, this.folder, this.address);
    this.processes.set(name, started);
    return started;
  }

  find(identifier: string): TailedProcess | undefined {
    return this.processes.get(identifier) ?? [...this.processes.values()].find(({ child }) => String(child.pid) === identifier);
  }

  async write(path: string, content: string): Promise<void> {
    const file = this.#place(path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }

  read(path: string): Promise<string> {
    return readFile(this.#place(path), "utf8");
  }

  /** Ends all that was started, also what has left its process group (Linux). */
  end(): void {
    const started = [...this.processes.values()].map(({ child }) => child.pid);
    signalMachine(this.folder, "SIGKILL", started);
    for (const stream of this.streams) stream.destroy();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Paths are below the work folder here, in which commands run. */
  #place(path: string): string {
    const place = normalize(`/${path}`);
    if (place.includes("..")) throw new Error("the path leaves the sandbox");
    return join(this.folder, place);
  }
}
