import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { machineVariable, signalMachine } from "@codelet/local-processes";
import { type ExecRequest, MachineExec } from "./machine-exec.ts";

export interface MachineDefinition {
  readonly timeoutSecs?: number;
}

/** A status of Modal's results. */
export const ended = { terminated: 3, timedOut: 4 } as const;

/** One sandbox: a folder and the processes that were started in it. Nothing is isolated. */
export class Machine {
  readonly id: string;
  readonly taskId: string;
  readonly folder: string = mkdtempSync(join(tmpdir(), "codelet-modal-"));
  readonly execs: Map<string, MachineExec> = new Map();
  readonly environment: Readonly<Record<string, string>>;
  result: { readonly status: number } | undefined;
  readonly #timer: NodeJS.Timeout;
  #waiting: (() => void)[] = [];

  constructor(id: string, taskId: string, { timeoutSecs = 300 }: MachineDefinition, environment: Readonly<Record<string, string>>) {
    this.id = id;
    this.taskId = taskId;
    this.environment = environment;
    this.#timer = setTimeout(() => this.end(ended.timedOut), timeoutSecs * 1_000);
    this.#timer.unref();
  }

  /** Once for each id: a repeated request finds what it has started. */
  exec(execId: string, request: ExecRequest): void {
    if (this.execs.has(execId)) return;
    const environment = { PATH: process.env.PATH, HOME: this.folder, TMPDIR: this.folder, [machineVariable]: this.folder, ...this.environment };
    this.execs.set(execId, new MachineExec(request, this.folder, environment));
  }

  end(status: number): void {
    if (this.result !== undefined) return;
    this.result = { status };
    clearTimeout(this.#timer);
    const started = [...this.execs.values()].map(({ child }) => child.pid);
    signalMachine(this.folder, "SIGKILL", started);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async ended(withinMs: number): Promise<void> {
    if (this.result !== undefined || withinMs <= 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      timer = setTimeout(resolve, withinMs);
    });
    clearTimeout(timer);
  }
}
