import { constants } from "node:os";
import type { WorkerChannel, WorkerExit } from "@codelet/bridge";
import type { SessionCgroup } from "./cgroup.ts";
import { innermostChild, processesWith, sampleTree } from "./process-tree.ts";
import { type ResourceWatch, type WatchOptions, watchResources } from "./resource-watch.ts";
import { kill, killGroup, type ReadyProcess } from "./worker-process.ts";

export interface LocalWorkerOptions {
  readonly memoryLimitBytes: number;
  readonly maxProcesses: number;
  readonly cgroup: SessionCgroup | undefined;
  readonly watch:
    | (Pick<WatchOptions, "memoryLimitBytes" | "maxProcesses"> & { readonly countsFiles: boolean; readonly countsKernel: boolean })
    | undefined;
  /** A variable that finds processes which left the worker's group; undefined where a pid namespace holds them. */
  readonly marker: string | undefined;
  /** Runs once, when nothing of the session is left. */
  readonly onGone: () => Promise<void>;
}

const drainTimeoutMs = 1_000;
const closedFramesGraceMs = 200;
const killRounds = 5;
/** Linux tells processor time in hundredths of a second on every machine, whatever the kernel's own clock. */
const msPerTick = 10;

/** The worker as the bridge sees it: frames, output, an interrupt, and an end that leaves no process. */
export class LocalWorker implements WorkerChannel {
  readonly #process: ReadyProcess;
  readonly #options: LocalWorkerOptions;
  /** The interpreter itself, below the sandbox's own processes. */
  readonly #pid: number;
  readonly #watch: ResourceWatch | undefined;
  readonly #closed = Promise.withResolvers<WorkerExit>();
  readonly #gone = Promise.withResolvers<void>();
  #exceeded: "memory" | "processes" | undefined;
  #lostFrames = false;

  constructor(process: ReadyProcess, options: LocalWorkerOptions) {
    this.#process = process;
    this.#options = options;
    this.#pid = innermostChild(process.pid);
    options.cgroup?.add(this.#pid);
    const onExceeded = (limit: "memory" | "processes"): void => {
      this.#exceeded = limit;
      void this.kill();
    };
    const filesOf = options.watch?.countsFiles ? this.#pid : undefined;
    const kernelOf = options.watch?.countsKernel ? this.#pid : undefined;
    this.#watch = options.watch && watchResources({ ...options.watch, pid: process.pid, filesOf, kernelOf, onExceeded });
    process.child.once("exit", (code, signal) => void this.#onExit(code, signal));
    process.frames.once("end", () => this.#onFramesEnd());
  }

  write(text: string): void {
    this.#watch?.wake();
    if (this.#process.frames.writable) this.#process.frames.write(text, "latin1");
  }

  unreadBytes(): number {
    return this.#process.frames.writableLength;
  }

  onFrames(receive: (chunk: Uint8Array) => void): void {
    this.#process.frames.on("data", receive).resume();
  }

  onOutput(receive: (stream: "stdout" | "stderr", chunk: Uint8Array) => void): void {
    for (const stream of ["stdout", "stderr"] as const) this.#process[stream].on("data", (chunk: Buffer) => receive(stream, chunk)).resume();
  }

  onClose(closed: (exit: WorkerExit) => void): void {
    void this.#closed.promise.then(closed);
  }

  interrupt(): void {
    if (!this.#hasExited) kill(this.#pid, "SIGINT");
  }

  kill(): Promise<void> {
    this.#killTree();
    return this.#gone.promise;
  }

  cpuTimeMs(): number | undefined {
    return process.platform === "linux" ? sampleTree(this.#process.pid, this.#options.maxProcesses).cpuTicks * msPerTick : undefined;
  }

  /** The worker closed its end but may still run: without frames it can neither be asked nor answer. */
  #onFramesEnd(): void {
    if (this.#hasExited) return;
    const timer = setTimeout(() => {
      this.#lostFrames = true;
      this.#killTree();
    }, closedFramesGraceMs);
    this.#process.child.once("exit", () => clearTimeout(timer));
  }

  async #onExit(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    this.#watch?.stop();
    this.#killTree();
    await this.#drain();
    this.#closed.resolve(this.#describe(signal ?? this.#signalOf(code), code));
    await this.#options.cgroup?.remove();
    await this.#options.onGone();
    this.#gone.resolve();
  }

  /** What is in the pipes is still the session's output. Whoever holds them open without being killable does not hold the session. */
  #drain(): Promise<void> {
    const { child, stdout, stderr, frames } = this.#process;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      for (const stream of [stdout, stderr, frames]) stream.destroy();
      resolve();
    }, drainTimeoutMs);
    child.once("close", () => {
      clearTimeout(timer);
      resolve();
    });
    for (const stream of [stdout, stderr, frames]) stream.resume();
    return promise;
  }

  /** From then on its number may be another process's. */
  get #hasExited(): boolean {
    const { exitCode, signalCode } = this.#process.child;
    return exitCode !== null || signalCode !== null;
  }

  #killTree(): void {
    const { pid } = this.#process;
    if (this.#options.marker === undefined) {
      if (this.#hasExited) return;
      // The worker's parent is the namespace's first process: with it the kernel ends all others.
      for (const member of sampleTree(pid, this.#options.maxProcesses).pids) kill(member, "SIGKILL");
      return;
    }
    killGroup(pid);
    for (let round = 0; round < killRounds; round++) {
      const left = processesWith(this.#options.marker);
      if (left.length === 0) return;
      for (const member of left) kill(member, "SIGKILL");
    }
  }

  /** Bubblewrap ends as a shell does: with 128 more than the signal that ended the program. */
  #signalOf(code: number | null): string | undefined {
    if (this.#options.marker !== undefined || code === null) return undefined;
    return Object.entries(constants.signals).find(([, number]) => number === code - 128)?.[0];
  }

  #describe(signal: string | undefined, code: number | null): WorkerExit {
    const { memoryLimitBytes, maxProcesses, cgroup } = this.#options;
    if (this.#exceeded === "memory" || (signal === "SIGKILL" && cgroup?.memoryExceeded() === true)) {
      return { message: `more than ${Math.round(memoryLimitBytes / 2 ** 20)} MiB of memory used`, memoryExceeded: true };
    }
    if (this.#exceeded === "processes") return { message: `more than ${maxProcesses} processes and threads started` };
    if (this.#lostFrames) return { message: "connection to the host closed" };
    return { message: signal === undefined ? `exit code ${code}` : `signal ${signal}` };
  }
}
