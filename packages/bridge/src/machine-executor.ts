import {
  AbortedError,
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  type Json,
  type OpenSessionOptions,
  type SessionRef,
} from "@codelet/core";
import { type Carrier, maxSendChars } from "./carrier.ts";
import { carrierSession, machineOf } from "./carrier-session.ts";
import { throwIfAborted, unlessAborted } from "./unless-aborted.ts";

/** A supervisor that is started (see `supervisorBoot`), and the way to it. */
export interface StartedMachine {
  readonly carrier: Carrier;
  /** `supervisorBoot`'s, what is sent first. @default nothing */
  readonly input?: string | undefined;
  /** How `find` finds it again: makes the session's `reference`, and its `detach` where the carrier has one. */
  readonly reference?: Json | undefined;
}

/** What one provider of machines does: create, start, carry (the carrier's), remove. Whatever it rejects with goes through `explain`. */
export interface MachineProvider<Machine> {
  /** Of the executor, for messages and references. */
  readonly name: string;
  readonly capabilities: ExecutorCapabilities;
  /** A new machine. One that comes when nobody waits for it any more is removed. */
  create(open: OpenSessionOptions): Promise<Machine>;
  /** Starts the supervisor in a new machine, which is removed when that fails. */
  start(machine: Machine, open: OpenSessionOptions): Promise<StartedMachine>;
  /** Ends a machine that no carrier owns yet. What it rejects with is told to nobody; `endMachine` tries again. */
  remove(machine: Machine): Promise<void>;
  /** The way to what `start` called `reference`, of an earlier host. Absent where a machine can't be found again. */
  find?(reference: Json, open: OpenSessionOptions): Promise<Carrier>;
  /** What was thrown as an error that says what to do, see `sdkError`; codelet's own errors are returned as they are. `doing` is "start a sandbox" or "find the sandbox". */
  explain(thrown: unknown, doing: string): Error;
  /** Milliseconds between an interrupt and the kill of code that does not end; half of them later it is interrupted once more. Minimum 0. @default 500 */
  readonly graceMs?: number | undefined;
  /** Milliseconds that a detached machine waits for another host. Minimum 1. @default 3_600_000 */
  readonly detachedTimeoutMs?: number | undefined;
}

/** What code in a machine of its own has, as far as providers agree. */
export const machineCapabilities: Pick<ExecutorCapabilities, "files" | "processes" | "threads" | "richOutput" | "fileTransfer" | "limits"> = {
  files: "own",
  processes: "own",
  threads: true,
  richOutput: true,
  fileTransfer: true,
  limits: { memory: "none", processes: "none", output: true }, // the machine's own: which process pays for what exceeds them is not ours to say
};

/** An executor that gives each session a machine of a provider's. `open` rejects with what `explain` makes of a failure, and leaves nothing then. */
export function machineExecutor<Machine>(provider: MachineProvider<Machine>): Executor {
  const { name, capabilities, graceMs, detachedTimeoutMs } = provider;
  return {
    name,
    language: "python",
    capabilities,
    async open(open = {}) {
      throwIfAborted(open.signal);
      const { carrier, reference } = open.restore === undefined ? await start(provider, open) : await find(provider, open.restore, open);
      return carrierSession({ executor: name, open, carrier, machine: reference, graceMs, detachedTimeoutMs });
    },
  };
}

async function start<Machine>(provider: MachineProvider<Machine>, open: OpenSessionOptions): Promise<StartedMachine> {
  const { signal } = open;
  const remove = (machine: Machine): Promise<void> => provider.remove(machine).catch(() => {});
  let machine: Machine;
  try {
    machine = await unlessAborted(signal, provider.create(open), remove);
  } catch (error) {
    throw explain(provider, error, "start a sandbox", signal);
  }
  let started: StartedMachine | undefined;
  try {
    started = await unlessAborted(signal, provider.start(machine, open), ({ carrier }) => carrier.close());
    await unlessAborted(signal, sendInput(started));
    return started;
  } catch (error) {
    await (started === undefined ? remove(machine) : started.carrier.close());
    throw explain(provider, error, "start a sandbox", signal);
  }
}

async function sendInput({ carrier, input = "" }: StartedMachine): Promise<void> {
  for (let start = 0; start < input.length; start += maxSendChars) await carrier.send(input.slice(start, start + maxSendChars));
}

/** What is not found now may be asked for again: nothing is removed. */
async function find<Machine>(provider: MachineProvider<Machine>, restore: SessionRef, open: OpenSessionOptions): Promise<StartedMachine> {
  if (provider.find === undefined)
    throw new ConfigurationError(`The ${provider.name} executor can't find a session again, so it has none to restore.`);
  const reference = machineOf(restore, provider.name);
  try {
    const carrier = await unlessAborted(open.signal, provider.find(reference, open), (late) => late.detach?.("superseded"));
    return { carrier, reference };
  } catch (error) {
    throw explain(provider, error, "find the sandbox", open.signal);
  }
}

function explain<Machine>(provider: MachineProvider<Machine>, error: unknown, doing: string, signal: AbortSignal | undefined): Error {
  return signal?.aborted === true ? new AbortedError(signal.reason) : provider.explain(error, doing);
}
