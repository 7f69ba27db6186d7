import { carrierSession, throwIfAborted } from "@codelet/bridge";
import type { Executor, ExecutorCapabilities } from "@codelet/core";
import { openSandbox } from "./open-sandbox.ts";
import { type E2bExecutorOptions, type ResolvedE2bOptions, resolveOptions } from "./options.ts";

const name = "e2b";
/** A paused sandbox sleeps as long as E2B keeps it, and its supervisor waits for a host when it wakes. */
const pausedTimeoutMs = 90 * 24 * 3_600_000;

/**
 * An executor that runs Python in E2B's cloud, a microVM for each session: without the internet unless you allow it, paused while its session is detached.
 *
 * `open` rejects with `configuration` when E2B refuses the key, the template or the plan, with `missing-package` when its SDK is not installed, and with
 * `executor-crashed` when E2B can't be reached, is busy or limits the rate; each message says what to do. Whatever ends without a word to E2B ends there
 * after `timeoutMs`.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: e2bExecutor({ packages: ["pandas"] }) });
 */
export function e2bExecutor(options: E2bExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  const { graceMs, whenDetached, timeoutMs } = resolved;
  return {
    name,
    language: "python",
    capabilities: capabilitiesOf(resolved),
    async open(open = {}) {
      throwIfAborted(open.signal);
      const { carrier, machine } = await openSandbox(resolved, open);
      const detachedTimeoutMs = whenDetached === "pause" ? pausedTimeoutMs : timeoutMs;
      return carrierSession({ executor: name, open, carrier, machine, detachedTimeoutMs, graceMs });
    },
  };
}

function capabilitiesOf({ allowInternetAccess, packages }: ResolvedE2bOptions): ExecutorCapabilities {
  return {
    isolation: 4,
    network: allowInternetAccess ? "full" : "none",
    files: "own",
    processes: "own",
    threads: true,
    packages: packages.length > 0 ? "installed" : "fixed",
    richOutput: true,
    fileTransfer: true,
    recovery: { pinned: true, snapshot: false, replay: false },
    // The microVM has its size; which process pays for what exceeds it is not ours to say.
    limits: { memory: "none", processes: "none", output: true },
  };
}
