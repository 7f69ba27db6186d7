import { PassThrough, Writable } from "node:stream";
import { type Carrier, endMachine, machineGone, type Stdio, stdioCarrier } from "@codelet/bridge";
import { ExecutorCrashedError } from "@codelet/core";
import type { CommandHandle, Sandbox } from "@e2b/code-interpreter";
import { e2bError } from "./e2b-error.ts";
import { loadSdk } from "./load-sdk.ts";
import { apiKeyOf, type ResolvedE2bOptions } from "./options.ts";

/** Gets a handle of the supervisor: starts it, or finds it. */
export type Attach = (listeners: Parameters<Sandbox["commands"]["connect"]>[1] & object) => Promise<CommandHandle>;

export interface SandboxCarrier extends Carrier {
  /** The supervisor's, in the sandbox. */
  readonly pid: number;
}

/** A handle keeps all that it has read as long as it lives. */
const maxHandleChars = 50 * 2 ** 20;
const keepAlivesPerTimeout = 3;

/** The streams of a command in a sandbox, which it keeps alive. Rejects like `attach`, and leaves the sandbox to the caller then. */
export async function sandboxCarrier(first: Sandbox, options: ResolvedE2bOptions, attach: Attach): Promise<SandboxCarrier> {
  const { timeoutMs, whenDetached } = options;
  let sandbox = first;
  const { pid, ...stdio } = await follow(sandbox, options, attach);
  const connect: Attach = (listeners) => sandbox.commands.connect(pid, listeners);
  const again = async (): Promise<Stdio> => {
    let isFound = false;
    try {
      return await follow(sandbox, options, connect).catch(async () => {
        sandbox = await findSandbox(sandbox.sandboxId, options);
        isFound = true;
        return follow(sandbox, options, connect);
      });
    } catch (error) {
      const said = e2bError(error, "find the sandbox again", options);
      // Of a sandbox that can't be reached the SDK guesses that it is gone. E2B's API knows it, and a sandbox knows its processes.
      const isGone = (error as Error).name === (isFound ? "NotFoundError" : "SandboxNotFoundError");
      if (isGone) throw machineGone(said.message, said);
      throw isFound ? new ExecutorCrashedError(said.message, said) : said; // what a sandbox refuses it may take later; E2B's API means it
    }
  };
  const prolong = (): Promise<void> => sandbox.setTimeout(timeoutMs).catch(() => {}); // its failure shows as a lost connection
  const keepAlive = setInterval(prolong, timeoutMs / keepAlivesPerTimeout).unref();
  const carrier = stdioCarrier({
    stdio,
    again,
    async close() {
      clearInterval(keepAlive);
      await killSandbox(sandbox);
    },
    async detach(why) {
      clearInterval(keepAlive);
      if (why === "superseded") return;
      // A sandbox that can't be paused waits as one that isn't to be.
      if (whenDetached === "pause") await sandbox.pause().catch(prolong);
      else await prolong();
    },
    explain: (cause) => (cause === undefined ? new Error("the handle of its output ended") : e2bError(cause, "go on", options)),
  });
  return { ...carrier, pid };
}

/** The streams end with the handle, and end it. */
async function follow(sandbox: Sandbox, options: ResolvedE2bOptions, attach: Attach): Promise<Stdio & { readonly pid: number }> {
  const { requestTimeoutMs } = options;
  const stdout = new PassThrough();
  const left = new AbortController();
  let chars = 0;
  const handle = await attach({
    // Without it, E2B ends the process after a minute: the deadline of the call is the deadline of the process.
    timeoutMs: 0,
    requestTimeoutMs,
    onStdout(text) {
      if (left.signal.aborted || stdout.writableEnded) return;
      stdout.write(text);
      chars += text.length;
      if (chars >= maxHandleChars) stdout.end(); // and another handle follows
    },
  });
  const { pid } = handle;
  stdout.once("close", () => {
    left.abort();
    void handle.disconnect();
  });
  void handle.wait().then(
    () => stdout.end(),
    (error: Error) => stdout.destroy(error),
  );
  const stdin = new Writable({
    decodeStrings: false,
    write(text: string, _, written) {
      sandbox.commands.sendStdin(pid, text, { requestTimeoutMs, signal: left.signal }).then(() => written(), written);
    },
  });
  return { pid, stdin, stdout };
}

/** Wakes it when it sleeps. */
export async function findSandbox(sandboxId: string, options: ResolvedE2bOptions): Promise<Sandbox> {
  const { requestTimeoutMs, timeoutMs } = options;
  return (await loadSdk()).connect(sandboxId, { apiKey: apiKeyOf(options), requestTimeoutMs, timeoutMs });
}

/** Never rejects. */
export function killSandbox(sandbox: Sandbox): Promise<void> {
  return endMachine(() => sandbox.kill());
}
