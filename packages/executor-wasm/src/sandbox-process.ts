import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { WorkerChannel, WorkerExit } from "@codelet/bridge";
import { ExecutorCrashedError } from "@codelet/core";
import type { CheckpointFiles } from "./checkpoint.ts";
import { findDenoBinary } from "./deno-binary.ts";
import { denoArguments, denoEnvironment } from "./deno-command.ts";
import type { Image } from "./image.ts";
import { RecordReader } from "./record-reader.ts";
import { watchResidentMemory } from "./resident-memory.ts";
import type { RunRequest } from "./sandbox/requests.ts";
import { epochMark, signalOfEpoch } from "./sandbox/signals.ts";
import { makeSessionFolder } from "./session-folder.ts";

export interface SandboxLimits {
  /** Bytes of WebAssembly memory: what Python's objects may take. */
  readonly memoryLimitBytes: number;
  /** Bytes of Python's files, which live outside that memory. */
  readonly diskLimitBytes: number;
}

/** What Deno and Pyodide take themselves, with room for what JavaScript holds for Python. */
const overheadBytes = 400 << 20;
const interruptRepeatMs = 50;
/** The largest state takes a few seconds; code that keeps the interpreter from answering must not hold the host for ever. */
const checkpointTimeoutMs = 60_000;

/** A started sandbox: the bridge's channel, and checkpoints. */
export interface SandboxProcess extends WorkerChannel {
  /** The next checkpoint's payload; the caller has just sent the frame that asks for one. Ends the process when none comes in time. */
  checkpoint(timeoutMs?: number): Promise<Uint8Array>;
}

export async function startSandbox(image: Image, limits: SandboxLimits, restore?: CheckpointFiles): Promise<SandboxProcess> {
  const folder = await makeSessionFolder(image, restore);
  const request: RunRequest = {
    mode: "run",
    folder: image.folder,
    diskLimitBytes: limits.diskLimitBytes,
    ...(restore && { restore: { folder: folder.path, clockMs: restore.clockMs } }),
  };
  const child = spawn(
    findDenoBinary(),
    denoArguments({
      entry: join(image.folder, image.entry),
      argument: JSON.stringify(request),
      read: [image.folder, folder.path],
      denoDirectory: folder.denoDirectory,
      maxMemoryBytes: limits.memoryLimitBytes,
    }),
    { env: denoEnvironment(folder.denoDirectory), stdio: ["pipe", "pipe", "pipe"] },
  );
  return new DenoSandbox(child, limits, folder.remove);
}

class DenoSandbox implements SandboxProcess {
  readonly #child: ChildProcess;
  readonly #limits: SandboxLimits;
  readonly #records: RecordReader;
  readonly #ended: Promise<WorkerExit>;
  #receiveFrames: (chunk: Uint8Array) => void = () => {};
  #receiveOutput: (stream: "stdout" | "stderr", chunk: Uint8Array) => void = () => {};
  #checkpoint: { resolve(payload: Uint8Array): void; reject(error: Error): void } | undefined;
  readonly #removeFolder: () => Promise<void>;
  #exit: Partial<WorkerExit> | undefined;
  #errors = "";
  #memoryWatch: { stop(): void } | undefined;
  #epoch = 0;
  #repeat: NodeJS.Timeout | undefined;
  #lastSeen = "";
  #interrupted = false;

  constructor(child: ChildProcess, limits: SandboxLimits, removeFolder: () => Promise<void>) {
    this.#child = child;
    this.#limits = limits;
    this.#removeFolder = removeFolder;
    this.#records = new RecordReader({
      frames: (chunk) => this.#onFrames(chunk),
      output: (stream, chunk) => this.#receiveOutput(stream, chunk),
      checkpoint: (payload) => this.#checkpoint?.resolve(payload),
      broken: (message) => this.#end({ message, failure: "protocol" }),
    });
    child.stdout?.on("data", (chunk: Buffer) => this.#records.read(chunk));
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2000);
    });
    child.stdin?.on("error", () => {}); // the end of the process says it better
    this.#ended = new Promise((resolve) => {
      child.once("error", (error) => this.#end({ message: error.message, failure: "executor-crashed" }));
      child.once("close", (code, signal) => {
        this.#memoryWatch?.stop();
        clearInterval(this.#repeat);
        void this.#removeFolder();
        const exit = { message: signal ? `signal ${signal}` : `exit code ${code}${this.#explanation()}`, ...this.#exit };
        this.#checkpoint?.reject(new ExecutorCrashedError(`The sandbox ended: ${exit.message}`, { details: { stderr: this.#errors } }));
        resolve(exit);
      });
    });
  }

  write(text: string): void {
    if (!stepFrame.test(text)) this.#endRepeat();
    const mark = this.#interrupted && this.#repeat === undefined ? this.#nextEpoch() : "";
    this.#child.stdin?.write(mark + text, "latin1");
  }

  unreadBytes(): number {
    return this.#child.stdin?.writableLength ?? 0;
  }

  onFrames(receive: (chunk: Uint8Array) => void): void {
    this.#receiveFrames = receive;
  }

  onOutput(receive: (stream: "stdout" | "stderr", chunk: Uint8Array) => void): void {
    this.#receiveOutput = receive;
  }

  onClose(closed: (exit: WorkerExit) => void): void {
    void this.#ended.then(closed);
  }

  /** Repeated until the step is over: a signal that comes while the previous step's epoch lasts is dropped. */
  interrupt(): void {
    this.#interrupted = true;
    const send = (): boolean => this.#child.kill(signalOfEpoch(this.#epoch));
    send();
    this.#repeat ??= setInterval(send, interruptRepeatMs);
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }

  cpuTimeMs(): number | undefined {
    try {
      const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10; // user and system time in ticks of 10 ms
    } catch {
      return undefined;
    }
  }

  async checkpoint(timeoutMs: number = checkpointTimeoutMs): Promise<Uint8Array> {
    this.#records.maxCheckpointBytes = 2 * (this.#limits.memoryLimitBytes + this.#limits.diskLimitBytes);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#checkpoint = { resolve, reject };
        timer = setTimeout(() => {
          const message = `its state did not come in ${timeoutMs} ms`;
          this.#end({ message });
          reject(new ExecutorCrashedError(`The sandbox was ended: ${message}`));
        }, timeoutMs);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** From here on the process runs code: until now it ran ours, which holds a restored memory twice for a moment. */
  #onStarted(): void {
    void this.#removeFolder();
    const { memoryLimitBytes, diskLimitBytes } = this.#limits;
    this.#memoryWatch = watchResidentMemory(this.#child.pid, 2 * memoryLimitBytes + diskLimitBytes + overheadBytes, () =>
      this.#end({ message: "used too much memory", memoryExceeded: true }),
    );
  }

  #onFrames(chunk: Uint8Array): void {
    if (this.#memoryWatch === undefined) this.#onStarted();
    if (this.#repeat !== undefined) {
      const seen = this.#lastSeen + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
      this.#lastSeen = seen.slice(-doneFrame.length);
      if (seen.includes(doneFrame)) this.#endRepeat();
    }
    this.#receiveFrames(chunk);
  }

  #endRepeat(): void {
    clearInterval(this.#repeat);
    this.#repeat = undefined;
    this.#lastSeen = "";
  }

  /** What the process said. Once it runs code, that and the model read this too: then no text that could name the host's folders. */
  #explanation(): string {
    const said = this.#errors.trim();
    if (this.#memoryWatch === undefined) return said === "" ? "" : `: ${said}`;
    return said.includes("Maximum call stack size exceeded") ? ": recursion in C went too deep" : "";
  }

  #nextEpoch(): string {
    this.#interrupted = false;
    this.#epoch = 1 - this.#epoch;
    return String.fromCharCode(epochMark);
  }

  #end(exit: WorkerExit): void {
    this.#exit ??= exit;
    this.#child.kill("SIGKILL");
  }
}

const doneFrame = '{"t":"done"';
/** What the host sends while a step runs. Any other frame follows a step's end, also one that code has written in words of its own. */
const stepFrame = /^\{"t":"(?:result|wake)"/;
