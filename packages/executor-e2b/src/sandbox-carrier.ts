import { type Carrier, endMachine, machineGone } from "@codelet/bridge";
import { ExecutorCrashedError } from "@codelet/core";
import type { CommandHandle, Sandbox } from "@e2b/code-interpreter";
import { e2bError } from "./e2b-error.ts";
import { loadSdk } from "./load-sdk.ts";
import { apiKeyOf, type ResolvedE2bOptions } from "./options.ts";

type Listeners = Parameters<Sandbox["commands"]["connect"]>[1] & object;

/** Gets a handle of the supervisor: starts it, or finds it. */
export type Attach = (listeners: Listeners) => Promise<CommandHandle>;

export interface SandboxCarrier extends Carrier {
  /** The supervisor's, in the sandbox. */
  readonly pid: number;
}

/** A handle keeps all that it has read as long as it lives. */
const maxHandleChars = 50 * 2 ** 20;
const keepAlivesPerTimeout = 3;

/** The streams of a command in a sandbox, which it keeps alive. Rejects like `attach`, and leaves the sandbox to the caller then. */
export async function sandboxCarrier(first: Sandbox, options: ResolvedE2bOptions, attach: Attach): Promise<SandboxCarrier> {
  const { timeoutMs, requestTimeoutMs, whenDetached } = options;
  let sandbox = first;
  let handle: CommandHandle | undefined;
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string) => void = () => {};
  /** What is sent and read belongs to a connection; that of an earlier one is aborted. */
  let connection = new AbortController();
  let isGivenUp = false;

  const disconnect = (): void => {
    connection.abort();
    void handle?.disconnect();
  };
  const follow = async (connect: Attach): Promise<number> => {
    disconnect();
    const own = new AbortController();
    connection = own;
    const lose = (reason: string): void => {
      if (!own.signal.aborted) lost(reason);
    };
    let chars = 0;
    const followed = await connect({
      // Without it, E2B ends the process after a minute: the deadline of the call is the deadline of the process.
      timeoutMs: 0,
      requestTimeoutMs,
      onStdout(text) {
        if (own.signal.aborted) return;
        receive(Buffer.from(text));
        chars += text.length;
        if (chars >= maxHandleChars) lose("the handle of the output is renewed");
      },
    });
    handle = followed;
    if (own.signal.aborted) disconnect();
    void followed.wait().then(
      () => lose("the supervisor ended"),
      (error: unknown) => lose(e2bError(error, "go on", options).message),
    );
    return followed.pid;
  };

  const pid = await follow(attach);
  const keepAlive = setInterval(() => void sandbox.setTimeout(timeoutMs).catch(() => {}), timeoutMs / keepAlivesPerTimeout); // its failure shows as a lost connection
  keepAlive.unref();
  const giveUp = (): boolean => {
    if (isGivenUp) return false;
    isGivenUp = true;
    clearInterval(keepAlive);
    disconnect();
    return true;
  };
  const again: Attach = (listeners) => sandbox.commands.connect(pid, listeners);

  return {
    pid,
    async send(text) {
      await sandbox.commands.sendStdin(pid, text, { requestTimeoutMs, signal: connection.signal });
    },
    onData(callback) {
      receive = callback;
    },
    onLost(callback) {
      lost = callback;
    },
    async reconnect() {
      let isFound = false;
      try {
        await follow(again).catch(async () => {
          sandbox = await findSandbox(sandbox.sandboxId, options);
          isFound = true;
          await follow(again);
        });
      } catch (error) {
        const said = e2bError(error, "find the sandbox again", options);
        // Of a sandbox that can't be reached the SDK guesses that it is gone. E2B's API knows it, and a sandbox knows its processes.
        const isGone = (error as Error).name === (isFound ? "NotFoundError" : "SandboxNotFoundError");
        if (isGone) throw machineGone(said.message, said);
        throw isFound ? new ExecutorCrashedError(said.message, said) : said; // what a sandbox refuses it may take later; E2B's API means it
      }
    },
    async close() {
      if (giveUp()) await killSandbox(sandbox);
    },
    async detach(why) {
      if (!giveUp() || why === "superseded") return;
      // A sandbox that can't be paused waits as one that isn't to be.
      if (whenDetached === "pause") await sandbox.pause().catch(() => sandbox.setTimeout(timeoutMs).catch(() => {}));
      else await sandbox.setTimeout(timeoutMs).catch(() => {});
    },
  };
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
