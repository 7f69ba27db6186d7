import { PassThrough, Writable } from "node:stream";
import type { Stdio } from "@codelet/bridge";
import type { CommandHandle, Sandbox } from "@e2b/code-interpreter";

/** Gets a handle of the supervisor: starts it, or finds it. */
export type Attach = (listeners: Parameters<Sandbox["commands"]["connect"]>[1] & object) => Promise<CommandHandle>;

/** A handle keeps all that it has read as long as it lives. */
const maxHandleChars = 50 * 2 ** 20;
const keepAlivesPerTimeout = 3;

/** The streams of a command in a sandbox, which they keep alive; they end with the command's handle, and end it. Rejects like `attach`. */
export async function sandboxStdio(sandbox: Sandbox, timeoutMs: number, attach: Attach): Promise<Stdio & { readonly pid: number }> {
  const stdout = new PassThrough();
  const left = new AbortController();
  let chars = 0;
  const handle = await attach({
    // Without it, E2B ends the process after a minute: the deadline of the call is the deadline of the process.
    timeoutMs: 0,
    onStdout(text) {
      if (left.signal.aborted || stdout.writableEnded) return;
      stdout.write(text);
      chars += text.length;
      if (chars >= maxHandleChars) stdout.end(); // and another handle follows
    },
  });
  const { pid } = handle;
  const prolong = (): Promise<void> => sandbox.setTimeout(timeoutMs).catch(() => {}); // its failure shows as a lost connection
  const keepAlive = setInterval(prolong, timeoutMs / keepAlivesPerTimeout).unref();
  stdout.once("close", () => {
    clearInterval(keepAlive);
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
      sandbox.commands.sendStdin(pid, text, { signal: left.signal }).then(() => written(), written);
    },
  });
  return { pid, stdin, stdout };
}
