import type { ExecutorSession } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import { sessionTools } from "./session-tools.ts";

const tools = sessionTools.map(({ signature }) => signature);

/**
 * Sessions for thousands of small checks. A session is used again with its new names deleted, since opening one per check would take most of the
 * time; a check that fails there is repeated in a session of its own before it counts.
 */
export class FreshRooms {
  readonly #context: CaseContext;
  #reused: { readonly session: ExecutorSession; readonly names: string } | undefined;

  constructor(context: CaseContext) {
    this.#context = context;
  }

  /** Runs a check that gives its problem, or undefined when all is right. */
  async check(find: (session: ExecutorSession) => Promise<string | undefined>): Promise<string | undefined> {
    if (!this.#context.options.full && (await this.#tryReused(find)) === undefined) return undefined;
    const session = await this.#context.open({ tools });
    try {
      return await find(session);
    } catch (error) {
      return String(error);
    } finally {
      await session[Symbol.asyncDispose]();
    }
  }

  async #tryReused(find: (session: ExecutorSession) => Promise<string | undefined>): Promise<string | undefined> {
    try {
      this.#reused ??= await this.#open();
      const { session, names } = this.#reused;
      const problem = await find(session);
      const clean = await this.#context.run(
        session,
        `for name in [n for n in globals() if n not in ${names}]:\n    del globals()[name]\nif 'name' in globals():\n    del name`,
      );
      if (problem !== undefined || clean.execution.error !== undefined) this.#reused = undefined;
      return problem;
    } catch (error) {
      this.#reused = undefined;
      return String(error);
    }
  }

  async #open(): Promise<{ readonly session: ExecutorSession; readonly names: string }> {
    const session = await this.#context.open({ tools });
    const { execution } = await this.#context.run(session, "sorted(globals())");
    return { session, names: JSON.stringify(execution.value) };
  }
}
