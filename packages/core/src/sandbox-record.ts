import { type CatchUp, CatchUpSession } from "./catch-up.ts";
import type { Ending, RunState } from "./events.ts";
import type { ExecuteOptions, ExecutorSession, SessionRef } from "./executor.ts";
import { leaveSandbox } from "./leave-sandbox.ts";
import type { RunContext } from "./run-context.ts";
import type { Sandbox } from "./sandbox.ts";

/** Room for a step's number in what a sandbox is told. */
const maxNameCharacters = 180;

/**
 * A journal of the user's may know any run. A sandbox that can be found again stands in it; any other is opened at once, and waits until the journal knows
 * no more.
 */
export function bringBackFromJournal(run: RunContext): CatchUp {
  let opened = 0;
  return (_path, executor, options) => {
    if (!executor.capabilities.recovery.pinned) return new CatchUpSession(executor, options, { opensAtOnce: true });
    // What earlier runs have left is there once.
    const open = opened === 0 ? options : { ...options, restore: undefined };
    return new CatchUpSession(executor, open, { record: new SandboxRecord(run, () => `sandbox.${opened++}`) });
  };
}

/**
 * Leaves a sandbox of a run with a journal of the user's where the journal leaves the run: whoever goes on with the run finds it. Not in a conversation, where
 * the next run has another journal; nor for a journal that says it can't do what it is asked for, as one in memory.
 */
export function leaveToJournal(run: RunContext, sandbox: Sandbox, state: RunState, { error }: Pick<Ending, "error">): Promise<void> | undefined {
  const isLeft = state === "suspended" || (run.isLeft && error?.code !== "configuration");
  return isLeft && run.root.scope.thread === undefined ? leaveSandbox(sandbox, run.root.sandboxes) : undefined;
}

export interface BegunSandbox {
  readonly reference?: SessionRef | undefined;
  /** Absent where the journal knew it. */
  readonly opened?: Promise<ExecutorSession> | undefined;
}

/** The sandbox of a run in a journal of the user's: how it is found again, and that it has ended. */
export class SandboxRecord {
  readonly #run: RunContext;
  readonly #nextKey: () => string;
  #key = "";
  #programs = 0;
  #signal: AbortSignal | undefined;
  #ended: Promise<void> | undefined;

  constructor(run: RunContext, nextKey: () => string) {
    this.#run = run;
    this.#nextKey = nextKey;
  }

  /** A program with a name of its own: no other run in the same sandbox has it. */
  name(options: ExecuteOptions): ExecuteOptions {
    const { runId, path } = this.#run;
    this.#signal = options.signal;
    return { ...options, key: `${`${runId}/${path}${this.#key}`.slice(-maxNameCharacters)}/${++this.#programs}` };
  }

  /** Whether the program that was started last was stopped, or would be. */
  get isStopped(): boolean {
    return this.#signal?.aborted === true;
  }

  /**
   * How the journal says that it is found; where it says nothing yet, the session, which is opened now, and how that will be found. An opening that fails
   * is thrown: the journal has nothing then, and whoever starts the run again makes an attempt of his own.
   */
  async begin(open: () => Promise<ExecutorSession>): Promise<BegunSandbox> {
    let opening: Promise<ExecutorSession> | undefined;
    const openNow = async (): Promise<SessionRef | null> => {
      opening = open();
      return (await opening.catch(() => undefined))?.reference ?? null;
    };
    try {
      for (;;) {
        this.#key = this.#nextKey();
        const reference = this.#run.valueOf(await this.#run.operate(this.#key, "sandbox", openNow)) ?? undefined;
        if (opening !== undefined) return { reference, opened: Promise.resolve(await opening) };
        if (reference !== undefined) return { reference };
      }
    } catch (error) {
      // Nobody would find it.
      const opened = await (opening as Promise<ExecutorSession> | undefined)?.catch(() => undefined);
      await opened?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of a run that goes on in the sandbox of the one before. */
  async goOn(reference: SessionRef | undefined): Promise<void> {
    this.#key = this.#nextKey();
    this.#run.valueOf(await this.#run.operate(this.#key, "sandbox", async () => reference ?? null));
  }

  /** Does once what ends it, whatever process does it; nothing where the journal has left the run, and another process may have it. */
  async end(work: () => Promise<void>): Promise<void> {
    const { root, path } = this.#run;
    if (root.isLeft) return;
    if (root.hasEnded) return work(); // of a conversation
    this.#ended ??= root.operate(`${path}${this.#key}.end`, "sandbox", () => work().then(() => null)).then((outcome) => void root.valueOf(outcome));
    return this.#ended;
  }
}
