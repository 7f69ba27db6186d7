import { bridgeSession, SharedWork, type WorkerChannel, type WorkOptions } from "@codelet/bridge";
import {
  AbortedError,
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  type ExecutorSession,
  type OpenSessionOptions,
} from "@codelet/core";
import { type CheckpointFiles, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { type Image, openImage } from "./image.ts";
import { type ResolvedWasmOptions, resolveOptions, type WasmExecutorOptions } from "./options.ts";
import { type SandboxProcess, startSandbox } from "./sandbox-process.ts";
import { findWheels } from "./wheels.ts";

const name = "wasm";

/**
 * An executor that runs CPython in WebAssembly, in a process that has given up every permission: code reaches no file, environment variable, network or
 * other process of this machine. Needs no Python; the first session on a machine prepares an image in `cacheDir`, and tells `onProgress`.
 *
 * `open` rejects with `configuration` when a package has no usable wheel, a state to restore is of another image, or Deno isn't installed for this platform.
 *
 * @example
 * const agent = new CodeAgent({ model, executor: wasmExecutor({ memoryLimitBytes: 512 * 2 ** 20 }) });
 */
export function wasmExecutor(options: WasmExecutorOptions = {}): Executor {
  const resolved = resolveOptions(options);
  const openings = new SharedWork<Image>();
  let known: Image | undefined;
  return {
    name,
    language: "python",
    capabilities: capabilitiesOf(resolved),
    async open(open = {}) {
      if (open.restore !== undefined && open.restore.executor !== name)
        throw new ConfigurationError(`The state to restore is of the executor ${open.restore.executor}, not of ${name}.`, {
          details: { sandbox: "gone" },
        });
      const image = known ?? (await openings.join("image", open, (progress) => prepareImage(resolved, progress)));
      known = image;
      const restore = open.restore && (await decodeCheckpoint(image, open.restore.data, resolved));
      try {
        return await openSession({ image, open, restore, options: resolved });
      } catch (error) {
        known = undefined; // damage of the image shows here first
        throw error;
      }
    },
  };
}

async function prepareImage(options: ResolvedWasmOptions, { onProgress, signal }: WorkOptions): Promise<Image> {
  try {
    const wheels = await findWheels({ ...options, onProgress, signal });
    return await openImage({ cacheDir: options.cacheDir, wheels, onProgress, signal });
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause; // no word of the file system's
    throw new ConfigurationError(`A file of the sandbox can't be read or written: ${cause.message}. Check \`cacheDir\`.`, { cause });
  }
}

interface SessionParts {
  readonly image: Image;
  readonly open: OpenSessionOptions;
  readonly restore: CheckpointFiles | undefined;
  readonly options: ResolvedWasmOptions;
}

function openSession({ image, open, restore, options }: SessionParts): Promise<ExecutorSession> {
  return bridgeSession({
    executor: name,
    open,
    graceMs: options.graceMs,
    restored: restore !== undefined,
    async connect({ attempt, signal }) {
      const sandbox = await startSandbox(image, options, attempt === 0 ? restore : undefined);
      if (!signal.aborted) return sandbox;
      await sandbox.kill();
      throw new AbortedError(signal.reason);
    },
    // The bridge hands back what `connect` gave it.
    snapshot: async (channel: WorkerChannel) => ({
      executor: name,
      data: await encodeCheckpoint(image, await (channel as SandboxProcess).checkpoint()),
    }),
  });
}

function capabilitiesOf({ packages }: ResolvedWasmOptions): ExecutorCapabilities {
  return {
    isolation: 2,
    network: "none",
    files: "own", // in the sandbox's memory
    processes: "none",
    threads: false,
    packages: packages.length > 0 ? "fetched" : "fixed",
    richOutput: true,
    fileTransfer: true,
    recovery: { pinned: false, snapshot: "step", replay: "pure" },
    limits: { memory: "module", processes: "impossible", output: true },
  };
}
