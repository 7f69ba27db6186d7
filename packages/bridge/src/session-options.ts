import type { OpenSessionOptions, SessionRef } from "@codelet/core";
import { type BridgeLimits, resolveBridgeLimits } from "./bridge-limits.ts";
import type { WorkerChannel } from "./worker-channel.ts";

/** What a session of a worker is made from. */
export interface BridgeSessionOptions {
  /** Name of the executor, for messages. */
  readonly executor: string;
  /** Starts a worker that runs `pythonRunner`: once at open, and again whenever the code has cost one its life. */
  readonly connect: (options: ConnectOptions) => Promise<WorkerChannel>;
  readonly open?: OpenSessionOptions | undefined;
  readonly limits?: Partial<BridgeLimits> | undefined;
  /** Milliseconds between an interrupt and the kill; half of them later it is interrupted once more. Minimum 0. @default 300 */
  readonly graceMs?: number | undefined;
  /** Milliseconds that a new worker may take to answer. Minimum 1. @default 60_000 */
  readonly readyTimeoutMs?: number | undefined;
  /** Whether the first worker comes with the state of an earlier session, so that what is random in it gets a fresh seed. @default false */
  readonly restored?: boolean | undefined;
  /** Saves the worker's state. The worker has been told to hold still; when this resolves it must read frames again. */
  readonly snapshot?: ((channel: WorkerChannel) => Promise<SessionRef>) | undefined;
  /** How the sandbox is found again. */
  readonly reference?: SessionRef | undefined;
  /** Leaves the worker alive, also in the middle of a step, and gives up the connection. */
  readonly detach?: (() => Promise<SessionRef>) | undefined;
  /** How the markers of this session begin, which close a step's output; a step's own number ends them. @default a fresh one */
  readonly markPrefix?: string | undefined;
  /** The last step of the first worker, when that is one that another host has opened and left. */
  readonly left?: LeftStep | undefined;
  /** Of a session that is found again: the key of the step that was started last, as far as that is known. */
  readonly lastKey?: string | undefined;
  /** What an earlier worker held is gone: the first step says so. @default false */
  readonly stateLost?: boolean | undefined;
  /** Gives up what the workers ran on; called once, after the last worker's end. Never rejects. */
  readonly release?: (() => Promise<void>) | undefined;
}

export interface LeftStep {
  /** 0 where none was begun. */
  readonly number: number;
  readonly isRunning: boolean;
  /** How many calls it has made. */
  readonly calls: number;
  /** The numbers of those without an answer, by their frames'. */
  readonly callNumbers: Readonly<Record<string, number>>;
}

/** What starting a worker may need to know. */
export interface ConnectOptions {
  /** 0 for the session's first worker, then counting up. */
  readonly attempt: number;
  /** Aborted when the session is given up. */
  readonly signal: AbortSignal;
}

export interface ResolvedSessionOptions extends Omit<BridgeSessionOptions, "limits"> {
  readonly open: OpenSessionOptions;
  readonly limits: BridgeLimits;
  readonly graceMs: number;
  readonly readyTimeoutMs: number;
  readonly markPrefix: string;
}

const defaultGraceMs = 300;
const defaultReadyTimeoutMs = 60_000;

export function resolveSessionOptions(options: BridgeSessionOptions): ResolvedSessionOptions {
  return {
    ...options,
    open: options.open ?? {},
    limits: resolveBridgeLimits(options.limits),
    graceMs: checkedMs("graceMs", options.graceMs ?? defaultGraceMs, 0),
    readyTimeoutMs: checkedMs("readyTimeoutMs", options.readyTimeoutMs ?? defaultReadyTimeoutMs, 1),
    markPrefix: options.markPrefix ?? newMarkPrefix(),
  };
}

export function newMarkPrefix(): string {
  return `\u001ecodelet:${Math.random().toString(36).slice(2)}:`;
}

/** Throws TypeError for what is no number of milliseconds in a timer's range, which ends at 24.8 days. */
export function checkedMs(name: string, value: number, minimum: number): number {
  if (typeof value === "number" && value >= minimum) return Math.min(value, 0x7fffffff);
  throw new TypeError(`Expected \`${name}\` to be a number >= ${minimum}, got \`${String(value)}\` (${typeof value})`);
}
