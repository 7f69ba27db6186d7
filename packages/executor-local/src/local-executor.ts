import { type BridgeSessionOptions, bridgeSession } from "@codelet/bridge";
import { ConfigurationError, type Executor, type ExecutorCapabilities } from "@codelet/core";
import { enforcementOf } from "./enforcement.ts";
import { openWorker } from "./open-worker.ts";
import { type LocalExecutorOptions, type ResolvedLocalOptions, resolveOptions } from "./options.ts";

const name = "local";

/**
 * An executor that runs Python on this machine, with this machine's packages, inside bubblewrap: no network, no home folder, no other processes.
 *
 * `open` rejects with `configuration` when bubblewrap or Python is missing or not allowed; the message says what to do. The manifest says which limits this
 * machine enforces, and by what; without write access to control groups memory is watched by the host every 50 ms.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: localExecutor({ python: "/opt/analysis/bin/python", memoryLimitBytes: 4 * 2 ** 30 }) });
 */
export function localExecutor(options: LocalExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  return {
    name,
    language: "python",
    capabilities: capabilitiesOf(resolved),
    async open(open = {}) {
      if (open.restore !== undefined)
        throw new ConfigurationError("The local executor saves no sessions, so it has none to restore.", { details: { sandbox: "gone" } });
      const connect: BridgeSessionOptions["connect"] = ({ signal }) => openWorker({ options: resolved, seed: open.seed, signal });
      return bridgeSession({ executor: name, open, graceMs: resolved.graceMs, connect });
    },
  };
}

function capabilitiesOf(options: ResolvedLocalOptions): ExecutorCapabilities {
  const limits = { ...enforcementOf(options), output: true };
  const shared = { threads: true, packages: "host", richOutput: true, fileTransfer: true, limits } as const;
  if (options.sandbox === "none") {
    return {
      ...shared,
      isolation: 0,
      network: "full",
      files: "host",
      processes: "host",
      recovery: { pinned: false, snapshot: false, replay: false },
    };
  }
  // Every session starts with an empty folder and without a network. Only under bubblewrap has that folder the same path in each, so that earlier code
  // can be run again.
  const replay = options.sandbox === "required" && process.platform !== "darwin" ? "workdir" : false;
  const enclosed = { ...shared, network: "none", files: "own", recovery: { pinned: false, snapshot: false, replay } } as const;
  // macOS has no namespaces: Seatbelt lets code list the machine's processes, and no limit of memory holds there.
  if (process.platform === "darwin") return { ...enclosed, isolation: 1, processes: "host" };
  return { ...enclosed, isolation: 3, processes: "own" };
}
