import { type ChildProcess, spawn } from "node:child_process";
import { machineVariable } from "@codelet/local-processes";

export interface ProcessRequest {
  readonly command: string;
  readonly name?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: boolean;
  /** Seconds; 0 for none. */
  readonly timeout?: number;
  readonly waitForCompletion?: boolean;
}

type Chunk = readonly ["stdout" | "stderr", string];

const tailMs = 50;
const tailBytes = 4096;

/**
 * A process whose output is read as Blaxel's sandbox reads it (blaxel-ai/sandbox at bfecd2e): a tailer takes at most 4,096 bytes of each stream every 50 ms,
 * and what it takes is one entry of the log, wherever a line ends.
 */
export class TailedProcess {
  readonly name: string;
  readonly command: string;
  readonly child: ChildProcess;
  readonly startedAt: string = new Date().toISOString();
  readonly log: Chunk[] = [];
  readonly ended: Promise<void>;
  exitCode: number | undefined;
  isKilled = false;
  readonly #subscribers = new Set<(chunk: Chunk) => void>();
  readonly #unread = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  constructor(name: string, { command, env = {}, stdin = false, timeout = 0 }: ProcessRequest, folder: string, address: string) {
    this.name = name;
    this.command = command;
    const environment = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, CODELET_ADDRESS: address, [machineVariable]: folder, ...env };
    this.child = spawn("/bin/sh", ["-c", command], {
      cwd: folder,
      env: environment,
      stdio: [stdin ? "pipe" : "ignore", "pipe", "pipe"],
      detached: true,
    });
    this.child.stdin?.on("error", () => {});
    for (const stream of ["stdout", "stderr"] as const)
      this.child[stream]?.on("data", (chunk: Buffer) => {
        this.#unread[stream] = Buffer.concat([this.#unread[stream], chunk]);
      });
    const tailer = setInterval(() => this.#tail(), tailMs);
    const deadline = timeout > 0 ? setTimeout(() => this.kill("SIGKILL"), timeout * 1_000) : undefined;
    this.ended = new Promise((resolve) => {
      this.child.on("error", () => {});
      this.child.on("close", (code) => {
        clearInterval(tailer);
        clearTimeout(deadline);
        while (this.#unread.stdout.length + this.#unread.stderr.length > 0) this.#tail();
        this.exitCode = code ?? 137;
        resolve();
      });
    });
  }

  get status(): string {
    if (this.exitCode === undefined) return "running";
    if (this.isKilled) return "killed";
    return this.exitCode === 0 ? "completed" : "failed";
  }

  /** Everything so far and whatever comes. Returns what ends it. */
  follow(receive: (chunk: Chunk) => void): () => void {
    for (const chunk of this.log) receive(chunk);
    this.#subscribers.add(receive);
    return () => this.#subscribers.delete(receive);
  }

  kill(signal: NodeJS.Signals): void {
    this.isKilled = true;
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, signal);
    } catch {
      // it has ended
    }
  }

  describe(): Readonly<Record<string, unknown>> {
    const text = (...streams: readonly string[]): string => this.log.flatMap(([stream, chunk]) => (streams.includes(stream) ? [chunk] : [])).join("");
    return {
      pid: String(this.child.pid),
      name: this.name,
      command: this.command,
      status: this.status,
      exitCode: this.exitCode ?? 0,
      startedAt: this.startedAt,
      completedAt: "",
      workingDir: "/",
      stdout: text("stdout"),
      stderr: text("stderr"),
      logs: text("stdout", "stderr"),
    };
  }

  #tail(): void {
    for (const stream of ["stdout", "stderr"] as const) {
      const chunk = this.#unread[stream].subarray(0, tailBytes);
      if (chunk.length === 0) continue;
      this.#unread[stream] = this.#unread[stream].subarray(chunk.length);
      const entry: Chunk = [stream, chunk.toString("latin1")];
      this.log.push(entry);
      for (const receive of this.#subscribers) receive(entry);
    }
  }
}
