import { type ChildProcess, spawn } from "node:child_process";

export interface ExecRequest {
  readonly commandArgs: readonly string[];
  readonly workdir: string;
  readonly timeoutSecs: number;
}

/** A process whose output is kept and read by offset, and whose input is written by offset, as Modal's router has it: a caller that lost an answer asks again. */
export class MachineExec {
  readonly child: ChildProcess;
  exit: { readonly code: number } | { readonly signal: number } | undefined;
  #written = 0;
  readonly #output = { 1: Buffer.alloc(0), 2: Buffer.alloc(0) } as Record<number, Buffer>;
  #waiting: (() => void)[] = [];

  constructor({ commandArgs, workdir, timeoutSecs }: ExecRequest, folder: string, environment: NodeJS.ProcessEnv) {
    const [command = "", ...parameters] = commandArgs;
    this.child = spawn(command, parameters, { cwd: workdir || folder, env: environment, stdio: ["pipe", "pipe", "pipe"], detached: true });
    this.child.stdin?.on("error", () => {});
    for (const [descriptor, stream] of [
      [1, this.child.stdout],
      [2, this.child.stderr],
    ] as const)
      stream?.on("data", (chunk: Buffer) => {
        this.#output[descriptor] = Buffer.concat([this.#output[descriptor] as Buffer, chunk]);
        this.#wake();
      });
    const deadline = timeoutSecs > 0 ? setTimeout(() => this.child.kill("SIGKILL"), timeoutSecs * 1_000) : undefined;
    const ended = (exit: NonNullable<MachineExec["exit"]>): void => {
      clearTimeout(deadline);
      this.exit ??= exit;
      this.#wake();
    };
    this.child.on("error", () => ended({ code: 127 }));
    this.child.on("close", (code) => ended(code === null ? { signal: 9 } : { code }));
  }

  async write(offset: number, data: Uint8Array, isEnd: boolean): Promise<void> {
    const fresh = Buffer.from(data).subarray(Math.max(0, this.#written - offset));
    this.#written += fresh.length;
    if (fresh.length > 0) await new Promise((written) => this.child.stdin?.write(fresh, written));
    if (isEnd) this.child.stdin?.end();
  }

  /** What comes on a descriptor (1 is stdout) from an offset on, until its end or the signal's. */
  async *read(descriptor: number, from: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    for (let offset = from; !signal.aborted; ) {
      const chunk = (this.#output[descriptor] as Buffer).subarray(offset, offset + maxChunkBytes);
      offset += chunk.length;
      if (chunk.length > 0) yield chunk;
      else if (this.exit !== undefined) return;
      else await this.change();
    }
  }

  /** Resolves when something has come or ended. */
  change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

const maxChunkBytes = 1_000_000;
