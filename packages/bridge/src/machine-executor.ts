import {
  AbortedError,
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  ExecutorCrashedError,
  type Json,
  type OpenSessionOptions,
  type SessionRef,
} from "@codelet/core";
import type { Carrier } from "./carrier.ts";
import { carrierSession, machineOf } from "./carrier-session.ts";
import { isFinal } from "./link-failure.ts";
import { gone, machineGone } from "./machine-gone.ts";
import { type Stdio, stdioCarrier } from "./stdio-carrier.ts";
import { throwIfAborted, unlessAborted } from "./unless-aborted.ts";

/** A supervisor that is started (see `supervisorBoot`), and the way to it. */
export interface StartedMachine {
  /** Its stdin and stdout: of a child, an attached container, a remote command, or `httpStdio`'s. They are the session's from now on. */
  readonly stdio: Stdio;
  /** `supervisorBoot`'s, what is sent first. @default nothing */
  readonly input?: string | undefined;
  /** How `find` finds it again: makes the session's `reference`, and its `detach`. */
  readonly reference?: Json | undefined;
}

/** What one provider of machines does: create, start, remove, and find again. Whatever it rejects with goes through `explain`. */
export interface MachineProvider<Machine> {
  /** Of the executor, for messages and references. */
  readonly name: string;
  readonly capabilities: MachineCapabilities;
  /** A new machine. One that comes when nobody waits for it any more is removed. */
  create(open: OpenSessionOptions): Promise<Machine>;
  /** Starts the supervisor in a new machine, which is removed when that fails. */
  start(machine: Machine, open: OpenSessionOptions): Promise<StartedMachine>;
  /** Ends a machine, also one that has ended or is asked to for the second time. What it rejects with is told to nobody; `endMachine` tries again. */
  remove(machine: Machine): Promise<void>;
  /** Absent where no machine can be found again: its sessions have no `reference`, and end with their connection. */
  readonly pinned?: PinnedMachines<Machine> | undefined;
  /** What was thrown as an error that says what to do, see `sdkError`; codelet's own errors are returned as they are. `doing` is such as "start a sandbox". */
  explain(thrown: unknown, doing: string): Error;
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 500 */
  readonly graceMs?: number | undefined;
  /** Milliseconds that a detached machine waits for another host. Minimum 1. @default 3_600_000 */
  readonly detachedTimeoutMs?: number | undefined;
}

/** How a machine is found again: by a session whose connection broke, and by another host. */
export interface PinnedMachines<Machine> {
  /**
   * The machine of what `start` called `reference`; a session asks for it when it can't attach to the one that it has. Undefined where the provider knows that
   * it is gone for good: that ends the session, as does a rejection that `explain` makes `configuration` of.
   */
  find(reference: Json, open: OpenSessionOptions): Promise<Machine | undefined>;
  /**
   * The streams of the supervisor that was started there. `open` is absent in a session that is open, where it is tried again: not after `machineGone`, or
   * a `configuration` of its own.
   */
  attach(machine: Machine, reference: Json, open?: OpenSessionOptions): Promise<Stdio>;
  /** A session was detached: the machine may sleep until another host comes. What it rejects with is told to nobody. @default nothing */
  leave?(machine: Machine): Promise<unknown>;
}

/** A manifest without what providers agree on, which may be said otherwise; `recovery.pinned` says whether the provider has `pinned`. */
export type MachineCapabilities = Pick<ExecutorCapabilities, "isolation" | "network" | "packages"> &
  Partial<Omit<ExecutorCapabilities, "recovery">> & { readonly recovery?: Pick<ExecutorCapabilities["recovery"], "replay"> };

/** What code in a machine of its own has. */
const agreed = {
  files: "own",
  processes: "own",
  threads: true,
  richOutput: true,
  fileTransfer: true,
  limits: { memory: "none", processes: "none", output: true }, // the machine's own: which process pays for what exceeds them is not ours to say
} as const;

/** An executor that gives each session a machine of a provider's. `open` rejects with what `explain` makes of a failure, and leaves nothing then. */
export function machineExecutor<Machine>(provider: MachineProvider<Machine>): Executor {
  const { name, capabilities, pinned, graceMs, detachedTimeoutMs } = provider;
  const recovery = { pinned: pinned !== undefined, snapshot: false, replay: false, ...capabilities.recovery } as const;
  return {
    name,
    language: "python",
    capabilities: { ...agreed, ...capabilities, recovery },
    async open(open = {}) {
      throwIfAborted(open.signal);
      const { carrier, reference } = open.restore === undefined ? await start(provider, open) : await find(provider, open.restore, open);
      return carrierSession({ executor: name, open, carrier, machine: reference, graceMs, detachedTimeoutMs });
    },
  };
}

interface CarriedMachine {
  readonly carrier: Carrier;
  readonly reference?: Json | undefined;
}

async function start<Machine>(provider: MachineProvider<Machine>, open: OpenSessionOptions): Promise<CarriedMachine> {
  const { signal } = open;
  let end = async (): Promise<void> => {};
  try {
    const machine = await unlessAborted(signal, provider.create(open), (late) => remove(provider, late));
    end = () => remove(provider, machine);
    const started = await unlessAborted(signal, provider.start(machine, open), (late) => {
      leave(late.stdio);
      return end(); // once more: the first time may have been too early
    });
    const carrier = carry(provider, machine, started);
    end = () => carrier.close();
    if (started.input) await unlessAborted(signal, carrier.send(started.input));
    return { carrier, reference: provider.pinned && started.reference };
  } catch (error) {
    await end();
    throw explain(provider, error, "start a sandbox", signal);
  }
}

/** What is not found now may be asked for again: nothing is removed. */
async function find<Machine>(provider: MachineProvider<Machine>, restore: SessionRef, open: OpenSessionOptions): Promise<CarriedMachine> {
  const { name, pinned } = provider;
  if (pinned === undefined)
    throw new ConfigurationError(`The ${name} executor can't find a session again, so it has none to restore.`, { details: gone });
  const reference = machineOf(restore, name);
  try {
    const machine = await unlessAborted(open.signal, pinned.find(reference, open));
    if (machine === undefined) throw machineGone("The sandbox is gone, and its variables are lost: open a new session.");
    const stdio = await unlessAborted(open.signal, pinned.attach(machine, reference, open), leave);
    return { carrier: carry(provider, machine, { stdio, reference }), reference };
  } catch (error) {
    throw explain(provider, error, "find the sandbox", open.signal);
  }
}

function carry<Machine>(provider: MachineProvider<Machine>, first: Machine, { stdio, reference }: StartedMachine): Carrier {
  const { pinned } = provider;
  let machine = first;
  const close = (): Promise<void> => remove(provider, machine);
  const explainEnd = (cause: unknown): Error => (cause === undefined ? new Error("its output ended") : provider.explain(cause, "reach the sandbox"));
  if (pinned === undefined || reference === undefined) return stdioCarrier({ stdio, close, explain: explainEnd });
  const again = async (): Promise<Stdio> => {
    try {
      return await pinned.attach(machine, reference);
    } catch (error) {
      if (isFinal(error)) throw error;
      const { message } = provider.explain(error, "reach the sandbox");
      const found = await pinned.find(reference, {}).catch((refusal) => {
        throw provider.explain(refusal, "find the sandbox again");
      });
      if (found === undefined) throw machineGone(`the sandbox is gone (${message})`);
      machine = found;
      throw new ExecutorCrashedError(message); // what a machine refuses it may take the next time
    }
  };
  const detach: Carrier["detach"] = async (why) => {
    if (why === "detached") await pinned.leave?.(machine).catch(() => {});
  };
  return stdioCarrier({ stdio, again, close, detach, explain: explainEnd });
}

async function remove<Machine>(provider: MachineProvider<Machine>, machine: Machine): Promise<void> {
  await provider.remove(machine).catch(() => {});
}

/** Streams that nobody has listened to: an error that is on its way would end this process. */
function leave({ stdin, stdout }: Stdio): void {
  for (const stream of [stdin, stdout]) stream.on("error", () => {}).destroy();
}

function explain<Machine>(provider: MachineProvider<Machine>, error: unknown, doing: string, signal: AbortSignal | undefined): Error {
  return signal?.aborted === true ? new AbortedError(signal.reason) : provider.explain(error, doing);
}
