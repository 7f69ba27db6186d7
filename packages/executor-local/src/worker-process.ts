import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { readyLine } from "./bootstrap.ts";
import type { Command } from "./bubblewrap.ts";

/** A started process whose interpreter runs and whose limits are set; no code of the session has run yet. */
export interface ReadyProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly frames: Duplex;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Why a process did not get ready. */
export class StartFailure extends Error {
  override readonly name = "StartFailure";
  /** An exit code, a signal, an error of `spawn`, or that it took too long. */
  readonly reason: string;
  readonly stderr: string;

  constructor(reason: string, stderr: string) {
    super(`The worker did not start: ${reason}`);
    this.reason = reason;
    this.stderr = stderr;
  }
}

const startTimeoutMs = 20_000;
/** How long a start that has failed waits until nothing of it is left. */
const goneTimeoutMs = 1_000;
const maxStderrChars = 8_192;

/** Starts the command, hands it the runner, and waits for its word that it is ready. Rejects with {@link StartFailure} and nothing left running. */
export function startProcess(command: Command, runner: Uint8Array, signal?: AbortSignal): Promise<ReadyProcess> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadyProcess>();
  const { file, args, env, cwd, uid, gid, fourth, fifth } = command;
  const user = uid === undefined || gid === undefined ? {} : { uid, gid };
  // Detached: Ctrl-C in the terminal is the host's to handle, and the process group can be killed as one.
  const stdio: ("ignore" | "pipe")[] = ["ignore", "pipe", "pipe", "pipe", "pipe"];
  if (fifth !== undefined) stdio.push("pipe");
  const child = spawn(file, args, { env, cwd, stdio, detached: true, ...user });
  const [, stdout, stderr, frames, ...others] = child.stdio as unknown as [null, Readable, Readable, Duplex, Duplex, Duplex?];
  let said = "";
  let received: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => fail(`not ready after ${startTimeoutMs} ms`), startTimeoutMs);

  const onStderr = (chunk: Buffer): void => {
    said = (said + chunk.toString()).slice(0, maxStderrChars);
  };
  const onFrames = (chunk: Buffer): void => {
    received = Buffer.concat([received, chunk]);
    if (!readyLine.startsWith(received.toString("latin1", 0, readyLine.length))) fail("unknown first words");
    else if (received.length >= readyLine.length) ready();
  };
  const onError = (error: NodeJS.ErrnoException): void => fail(`${error.code}: ${error.message}`);
  const onAbort = (): void => fail("aborted");
  const onClose = (code: number | null, killedBy: NodeJS.Signals | null): void => fail(killedBy ?? `exit code ${code}`);

  function settle(): void {
    clearTimeout(timer);
    stderr.off("data", onStderr);
    frames.off("data", onFrames);
    child.off("close", onClose);
    child.off("error", onError);
    signal?.removeEventListener("abort", onAbort);
    child.on("error", () => {}); // A later kill of a process that has ended.
  }
  function ready(): void {
    settle();
    stderr.pause();
    frames.pause();
    if (received.length > readyLine.length) frames.unshift(received.subarray(readyLine.length));
    if (said !== "") stderr.unshift(Buffer.from(said));
    resolve({ child, pid: child.pid as number, frames, stdout, stderr });
  }
  function fail(reason: string): void {
    settle();
    killGroup(child.pid);
    const giveUp = setTimeout(gone, goneTimeoutMs);
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return void gone();
    // Below the process that is known here are those of its sandbox: all are gone when nobody holds the streams any more.
    child.once("close", gone);
    for (const stream of [stdout, stderr, frames]) stream.resume();

    function gone(): void {
      clearTimeout(giveUp);
      for (const stream of [stdout, stderr, frames]) stream?.destroy();
      reject(new StartFailure(reason, said));
    }
  }

  child.once("error", onError);
  child.once("close", onClose);
  signal?.addEventListener("abort", onAbort, { once: true });
  if (child.pid === undefined) return promise;
  for (const other of others) other?.on("error", () => {}).resume();
  if (fourth !== "lifeline") others[0].end(fourth);
  others[1]?.end(fifth);
  frames.on("error", () => {}); // The worker ended before it had read all; `close` says how.
  frames.on("data", onFrames);
  stderr.on("data", onStderr);
  frames.write(runner);
  return promise;
}

/** Kills a process group; a no-op when it is gone. */
export function killGroup(pid: number | undefined): void {
  kill(pid === undefined ? undefined : -pid, "SIGKILL");
}

/** Signals a process; a no-op when it is gone. */
export function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
}
