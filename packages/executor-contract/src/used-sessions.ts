import type { ExecutorSession } from "@codelet/core";
import { driveStep } from "./drive-step.ts";

/**
 * Sessions that gentle cases pass on to each other, without the names that they made. Opening one per case would take most of the time of a
 * suite for a sandbox that starts slowly; full runs do it.
 */
export class UsedSessions {
  readonly #idle: ExecutorSession[] = [];
  /** The names that a session had when it was opened. */
  readonly #names = new WeakMap<ExecutorSession, string>();

  take(): ExecutorSession | undefined {
    return this.#idle.pop();
  }

  takeAll(): readonly ExecutorSession[] {
    return this.#idle.splice(0);
  }

  async remember(session: ExecutorSession): Promise<void> {
    if (this.#names.has(session)) return;
    const { execution } = await driveStep(session, "sorted(globals())");
    this.#names.set(session, JSON.stringify(execution.value));
  }

  /** False for a session that is unknown, busy, dead or disposed of. */
  async giveBack(session: ExecutorSession): Promise<boolean> {
    const names = this.#names.get(session);
    if (names === undefined) return false;
    try {
      const code = `for name in [n for n in globals() if n not in ${names}]:\n    del globals()[name]\nif 'name' in globals():\n    del name\n[n for n in ${names} if n not in globals()]`;
      const { execution } = await driveStep(session, code, { deadlineMs: 5_000 });
      if (execution.error !== undefined || JSON.stringify(execution.value) !== "[]") return false;
    } catch {
      return false;
    }
    this.#idle.push(session);
    return true;
  }
}
