import { loads } from "./agent-engine.ts";
import { CatchUpSession } from "./catch-up.ts";
import type { AgentDefinition } from "./definition.ts";
import { describeThrown } from "./errors.ts";
import type { RunState } from "./events.ts";
import type { SessionRef } from "./executor.ts";
import { Ledger } from "./limits.ts";
import type { Recorder } from "./recorder.ts";
import type { RunContext } from "./run-context.ts";

/** What a resumed run doesn't come to again, since it ends first, or a program that had called an agent: what that has spent, and its live sandbox. */
export class Unreached {
  readonly #recorder: Recorder;
  readonly #sandboxes: Readonly<Record<string, SessionRef>>;
  readonly #unclaimed: Set<string>;

  constructor(recorder: Recorder, sandboxes: Readonly<Record<string, SessionRef>>) {
    this.#recorder = recorder;
    this.#sandboxes = sandboxes;
    this.#unclaimed = new Set(Object.keys(sandboxes));
  }

  /** How the sandbox of a run's path is found again, for the run that ends it or leaves it. */
  claim(path: string): SessionRef | undefined {
    this.#unclaimed.delete(path);
    return this.#sandboxes[path];
  }

  /** Counts what was spent before below a path of the run, which it doesn't come to any more. Never rejects. */
  async count(run: RunContext, below: string): Promise<void> {
    for (const { path, usage, spent } of this.#recorder.takeUnread(below)) {
      await attempt(run, "What was spent before is not counted", () => {
        const { definition, ledger } = memberAt(run, path);
        ledger.addUsage(usage, definition.modelId, spent);
      });
    }
  }

  /** Counts at the end of a run what is left; the end of the whole run ends its sandboxes too, unless it is suspended again. Never rejects. */
  async settle(run: RunContext, state: RunState): Promise<void> {
    await this.count(run, run.path);
    if (run !== run.root) return;
    for (const path of this.#unclaimed) {
      const restore = this.#sandboxes[path] as SessionRef;
      if (state === "suspended") run.sandboxes.set(path, restore);
      else await attempt(run, "The sandbox did not close", () => endSandbox(memberAt(run, path).definition, restore));
    }
  }
}

async function attempt(run: RunContext, problem: string, work: () => void | Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    run.emit({ type: "warning", message: `${problem}: ${describeThrown(error).message}` });
  }
}

async function endSandbox(definition: AgentDefinition, restore: SessionRef): Promise<void> {
  const { executor } = (await loads.get(definition)?.()) ?? {};
  if (executor !== undefined) await new CatchUpSession(executor, {}, { restore })[Symbol.asyncDispose]();
}

/** The agent below a run that a path belongs to, and what counts for it and its managers. */
function memberAt(run: RunContext, path: string): { readonly definition: AgentDefinition; readonly ledger: Ledger } {
  let { ledger } = run;
  let { definition } = run.agent;
  for (const [, name] of path.slice(run.path.length).matchAll(/tool\.[^/]*\.([^./]+)\//g)) {
    const member = definition.managedAgents.find((each) => each.name === name);
    if (member === undefined) throw new Error(`There is no agent \`${name}\`.`);
    definition = member;
    ledger = new Ledger({}, member.price, ledger);
  }
  return { definition, ledger };
}
