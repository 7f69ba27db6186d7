import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { signalProcess } from "@codelet/local-processes";

/** What envd sends of a process. */
export type ProcessEvent = { readonly data: { readonly stdout: string } | { readonly stderr: string } } | { readonly end: ProcessEnd };

interface ProcessEnd {
  readonly exitCode?: number;
  readonly exited: boolean;
  readonly status: string;
  readonly error?: string;
}

export interface ProcessConfig {
  readonly cmd: string;
  readonly args?: readonly string[];
  readonly envs?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A real process. Whoever subscribes sees what it writes from then on, and nothing of what it wrote before: as with envd, nothing is kept. */
export interface MachineProcess {
  readonly pid: number;
  readonly config: ProcessConfig;
  readonly ended: Promise<void>;
  /** Returns what ends the subscription. */
  subscribe(receive: (event: ProcessEvent) => void): () => void;
  /** Rejects when stdin was not asked for or is closed. */
  write(data: Buffer): Promise<void>;
  closeInput(): void;
  /** To this process alone, as envd does. */
  signal(signal: NodeJS.Signals): void;
}

/** Rejects when the command can't be started. */
export async function startProcess(
  config: ProcessConfig,
  options: { readonly folder: string; readonly environment: NodeJS.ProcessEnv; readonly hasInput: boolean },
): Promise<MachineProcess> {
  const child: ChildProcess = spawn(config.cmd, config.args ?? [], {
    cwd: options.folder,
    env: options.environment,
    stdio: [options.hasInput ? "pipe" : "ignore", "pipe", "pipe"],
    detached: true,
  });
  await once(child, "spawn");
  const pid = child.pid as number;
  const subscribers = new Set<(event: ProcessEvent) => void>();
  const publish = (event: ProcessEvent): void => {
    for (const receive of subscribers) receive(event);
  };
  child.stdin?.on("error", () => {}); // `write` reports it
  child.stdout?.on("data", (chunk: Buffer) => publish({ data: { stdout: chunk.toString("base64") } }));
  child.stderr?.on("data", (chunk: Buffer) => publish({ data: { stderr: chunk.toString("base64") } }));
  const ended = once(child, "close").then(([code, signal]) => publish({ end: endOf(code as number | null, signal as string | null) }));
  return {
    pid,
    config,
    ended,
    subscribe(receive) {
      subscribers.add(receive);
      return () => subscribers.delete(receive);
    },
    write: (data) =>
      new Promise((resolve, reject) => {
        if (child.stdin === null || !child.stdin.writable) reject(new Error("stdin is not enabled or closed"));
        else child.stdin.write(data, (error) => (error ? reject(error) : resolve()));
      }),
    closeInput: () => void child.stdin?.end(),
    signal: (signal) => signalProcess(pid, signal),
  };
}

/** protobuf's JSON leaves out a zero. */
function endOf(code: number | null, signal: string | null): ProcessEnd {
  if (code === null) return { exitCode: -1, exited: false, status: `signal: ${signal}`, error: `signal: ${signal}` };
  return { ...(code === 0 ? {} : { exitCode: code, error: `exit status ${code}` }), exited: true, status: `exit status ${code}` };
}
