import type { JsonSchema } from "./schema.ts";
import type { Json, Value } from "./value.ts";

/**
 * A sandbox that runs code, as an immutable, shareable definition: one per agent, any number of sessions.
 * Every implementation passes the suite of `@codelet/executor-contract`.
 */
export interface Executor {
  /** Short name for messages, such as `"docker"`. */
  readonly name: string;
  readonly language: "python" | "javascript";
  readonly capabilities: ExecutorCapabilities;
  /**
   * Starts a session with its own variables. The caller owns it and disposes of it.
   * Rejects with `configuration`, `missing-package`, `executor-crashed` or `aborted`; nothing is left running then.
   */
  open(options?: OpenSessionOptions): Promise<ExecutorSession>;
}

/** What a sandbox isolates and really enforces. Documentation and tests are made from it, so it claims nothing more. */
export interface ExecutorCapabilities {
  /** 0 none, 1 language only, 2 language + process, 3 container, 4 user-space kernel or microVM. */
  readonly isolation: 0 | 1 | 2 | 3 | 4;
  /** What code can reach, in the words of docs/isolation.md. */
  readonly network: "none" | "allowlist" | "full";
  readonly files: "none" | "own" | "host";
  readonly processes: "none" | "own" | "host";
  /** Whether code may call tools from several threads at once. */
  readonly threads: boolean;
  /** Which packages code can import: those of the host's interpreter, a fixed set, what the options fetch ahead, or what they install at open. */
  readonly packages: "host" | "fixed" | "fetched" | "installed";
  /** Whether `display()` and images come back as {@link RichOutput}. */
  readonly richOutput: boolean;
  /** Whether sessions have `putFile` and `getFile`. */
  readonly fileTransfer: boolean;
  readonly recovery: {
    /** The live machine can be found again after the host restarts. */
    readonly pinned: boolean;
    /** State can be saved between steps, in the middle of a step, or not. */
    readonly snapshot: "step" | "anywhere" | false;
    /** Earlier code can be run again with recorded results. */
    readonly replay: "pure" | "workdir" | false;
  };
  /** Which limits are enforced from outside the code, and by what. `none` means: not claimed. */
  readonly limits: {
    readonly memory: "cgroup" | "host-watch" | "module" | "none";
    readonly processes: "cgroup" | "host-watch" | "rlimit" | "impossible" | "none";
    readonly output: boolean;
  };
}

/** What a sandbox must know of a host tool to offer it as a function. No source, no secret. */
export interface ToolSignature {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema | undefined;
}

/** What a session is opened with. */
export interface OpenSessionOptions {
  readonly tools?: readonly ToolSignature[] | undefined;
  /** Global variables of the session. */
  readonly variables?: Readonly<Record<string, Value>> | undefined;
  /**
   * Modules that code may import: `"numpy"`, `"pandas.*"` for submodules too; modules without files, network or processes are always allowed.
   * A guard against accidents, not a boundary. @default every module that the sandbox has
   */
  readonly authorizedImports?: readonly string[] | undefined;
  /** Seeds what can be seeded (hashes, `random`). @default fresh randomness */
  readonly seed?: string | undefined;
  /**
   * Tell in {@link Advance} what code reads of the world, so that its steps can be run again in another session with the same `seed`. For executors with
   * `recovery.replay`. @default false
   */
  readonly replayable?: boolean | undefined;
  /**
   * A state that `snapshot` or `detach` of the same executor returned. Where nobody will ever find a session by it, since that has ended or is none of this
   * executor's, the error of `open` has `details.sandbox` `"gone"`; after any other error a run that goes on is left as it was, for a later attempt.
   */
  readonly restore?: SessionRef | undefined;
  readonly onProgress?: ((message: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A saved or left-alive session as plain data: what `open({ restore })` needs and nothing else. */
export interface SessionRef {
  readonly executor: string;
  readonly data: Json;
}

/** How one step runs. */
export interface ExecuteOptions {
  /** Stops the code, as `interrupt("aborted")` does. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of the code's own time; time in which it waits for host calls only is not counted. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /** Live output, in order. What it throws counts for nothing: it must not cost the step. */
  readonly onOutput?: ((chunk: OutputChunk) => void) | undefined;
  /**
   * Runs a step again: the `readings` of its advances, in order, null for an advance without any. Code reads them instead of the world, and its sleeps end at
   * once, while they last; then it goes on with the world. Throws `configuration` in a session that is not `replayable`, and for what no session has told.
   */
  readonly replay?: readonly Json[] | undefined;
  /** Names the step for whoever finds the session again: its `lastKey`. At most 200 characters. @default none, as if it were not known */
  readonly key?: string | undefined;
}

/** A piece of what the code prints, as it comes. */
export interface OutputChunk {
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}

/**
 * One running interpreter. Host calls come out of `next` to the caller; a session never performs them.
 * Disposing is idempotent, also after a failure, and ends whatever still runs.
 *
 * `start` while a step runs, or any use after disposal, throws `configuration`. A session that died of something else than its code rejects
 * `next` with `executor-crashed`; one that broke the protocol with `protocol`; one whose provider refuses the key from now on with `configuration`.
 */
export interface ExecutorSession extends AsyncDisposable {
  start(code: string, options?: ExecuteOptions): void;
  /**
   * The next thing that happens: calls to answer, or the end of the step. May be awaited while calls are pending; who asks once more before it has happened
   * hears the same.
   */
  next(): Promise<Advance>;
  /** Answers any part of the pending calls, in any order. Answers to calls that were cancelled are ignored. */
  deliver(results: readonly CallResult[]): void;
  /** Settles pending calls with an error, then interrupts with state kept, then kills. A no-op while idle. */
  interrupt(reason: "timeout" | "aborted"): void;
  /** Adds or replaces tools and variables between steps. An empty binding asks for a sign of life: it rejects like `next` when the session is lost. */
  bind(binding: SessionBinding): Promise<void>;
  /** Saves the state between steps; present when `capabilities.recovery.snapshot` says so. */
  snapshot?(): Promise<SessionRef>;
  /**
   * How the live sandbox is found again when this process dies or detaches: `open({ restore: reference })`. Present when `capabilities.recovery.pinned`.
   * Whoever has it reaches the sandbox: keep it as you keep a password.
   */
  readonly reference?: SessionRef | undefined;
  /**
   * In a session that was found again, the `key` of the step that was started last, whatever has become of it; `""` where none was. Absent where that is
   * not known: a run that is started again from its journal goes on in no session of which it doesn't know what has happened there.
   */
  readonly lastKey?: string | undefined;
  /** Leaves the sandbox alive without a host, also in the middle of a step; the session itself is over then. Present when `capabilities.recovery.pinned`. */
  detach?(): Promise<SessionRef>;
  /**
   * Goes on with the last step of a session that was found again: `next` hands out the calls that were never answered, under the ids they had, or the
   * step's end. A step that has ended may as well be left behind with `start`. Throws `configuration` where no step was left.
   */
  resume?(options?: ExecuteOptions): void;
  /**
   * Writes a file below the work folder, and the folders on its way; between steps. Rejects with `value` when `path` is absolute, leaves the folder or
   * leads through a link, and when the sandbox can't write it. Present when `capabilities.fileTransfer`.
   */
  putFile?(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * The bytes of a file below the work folder, in chunks of at most 1 MiB as they are read; between steps. Fails like `putFile`, and for what is no plain
   * file. How long it is, code decides: bound what you keep.
   */
  getFile?(path: string): AsyncIterable<Uint8Array>;
}

/** Tools and variables that come to those of a session. */
export interface SessionBinding {
  readonly tools?: readonly ToolSignature[] | undefined;
  readonly variables?: Readonly<Record<string, Value>> | undefined;
}

/** What a session says next: calls for the host to answer, or the end of the step. */
export type Advance =
  /** `calls` are new; `cancelled` are ids of earlier calls that the code gave up on. */
  (
    | { readonly type: "calls"; readonly calls: readonly SandboxCall[]; readonly cancelled: readonly string[] }
    | { readonly type: "done"; readonly execution: Execution }
  ) & {
    /**
     * Clock, randomness and the like that code has read since the advance before, in the executor's own form; absent when it has read nothing. The one that ends
     * the step holds what was read after its last call. A step that is run again tells all of it again, and what is new. Only of sessions opened as `replayable`.
     */
    readonly readings?: Json | undefined;
  };

/** A call of a host tool by sandboxed code. Hostile until validated. */
export interface SandboxCall {
  readonly id: string;
  readonly tool: string;
  readonly args: readonly Value[];
  readonly kwargs: Readonly<Record<string, Value>>;
}

/** The host's answer to one call. */
export type CallResult =
  | { readonly id: string; readonly value: Value }
  | { readonly id: string; readonly error: { readonly name: string; readonly message: string } };

/** How a step ended. */
export interface Execution {
  /** The last expression's value, `null` when there is none; described where it is too large to leave the sandbox. */
  readonly value: Value;
  /** The value as its language prints it, capped; absent when there is none to show. */
  readonly valueText?: string | undefined;
  /** Standard output and error as one text in order of arrival, capped with a visible marker. */
  readonly logs: string;
  readonly outputs: readonly RichOutput[];
  /** Set when the code called `final_answer`, also when it raised afterwards. */
  readonly finalAnswer?: { readonly value: Value } | undefined;
  readonly error?: CodeErrorInfo | undefined;
  /** The interpreter had to be replaced: every variable is gone. */
  readonly stateLost: boolean;
  readonly durationMs: number;
}

/** An error of the code, in the words of its language, without the sandbox's own frames. */
export interface CodeErrorInfo {
  /** The language's class name (`"ZeroDivisionError"`), or `TimeoutError`, `AbortError`, `MemoryError`, `SessionDied` for what was done to the code. */
  readonly name: string;
  readonly message: string;
  readonly traceback?: string | undefined;
  /** 1-based line in the step's code. */
  readonly line?: number | undefined;
}

/** One displayed object: media type to content, text as is and binary as base64. */
export type RichOutput = Readonly<Record<string, string>>;
