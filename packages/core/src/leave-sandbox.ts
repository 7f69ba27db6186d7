import type { SessionRef } from "./executor.ts";
import type { Sandbox } from "./sandbox.ts";

/** Runs that share a sandbox leave it together. */
const leaving = new WeakMap<Sandbox, Promise<void>>();

/** Leaves the session where it can be found again, also in the middle of a step, and notes how; ends it where it can't. */
export function leaveSandbox(sandbox: Sandbox, references: Map<string, SessionRef>): Promise<void> {
  const known = leaving.get(sandbox) ?? leave(sandbox, references);
  leaving.set(sandbox, known);
  return known;
}

async function leave(sandbox: Sandbox, references: Map<string, SessionRef>): Promise<void> {
  const session = await sandbox.opened();
  const { pinned, snapshot } = sandbox.executor.capabilities.recovery;
  try {
    const reference = pinned ? await session?.detach?.() : snapshot === "anywhere" ? await session?.snapshot?.() : undefined;
    if (reference !== undefined) references.set(sandbox.path, reference);
  } finally {
    // A no-op for one that is detached.
    await sandbox[Symbol.asyncDispose]();
  }
}
