import type { RunState } from "./events.ts";
import type { RunContext } from "./run-context.ts";

type Amounts<Name extends string> = Readonly<Record<Name, number>>;

/**
 * Keeps in a journal of the user's what a whole run has spent. One that was stopped and is started again comes no more to the agents that were at work beside
 * the stop: what they had spent is counted from here. Never rejects.
 */
export async function keepUsage(run: RunContext, state: RunState): Promise<void> {
  // Any other goes on when it is started again.
  if (run !== run.root || state === "failed" || state === "suspended" || run.isLeft) return;
  const { spent, usage } = run.ledger;
  const now = { spent, usage };
  // How the run ended matters more than a journal that fails by now.
  const outcome = await run.operate("usage", "usage", async () => now).catch(() => ({ value: now }));
  const kept = "value" in outcome ? outcome.value : now;
  run.ledger.add(difference(kept.spent, spent), difference(kept.usage, usage));
}

function difference<Name extends string>(kept: Amounts<Name>, counted: Amounts<Name>): Amounts<Name> {
  const names = Object.keys(counted) as Name[];
  // One that goes on after all, since it was stopped between two operations, spends more.
  return Object.fromEntries(names.map((name) => [name, Math.max(0, kept[name] - counted[name])])) as Amounts<Name>;
}
