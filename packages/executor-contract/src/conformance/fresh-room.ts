import type { ExecutorSession } from "@codelet/core";
import type { CaseContext } from "../case-context.ts";
import { UsedSessions } from "../used-sessions.ts";
import { sessionTools } from "./session-tools.ts";

type Check = (session: ExecutorSession) => Promise<string | undefined>;

const tools = sessionTools.map(({ signature }) => signature);

/** Sessions for hundreds of small checks. What fails in a used one is repeated in a session of its own before it counts. */
export class FreshRooms {
  readonly #context: CaseContext;
  readonly #used: UsedSessions = new UsedSessions();

  constructor(context: CaseContext) {
    this.#context = context;
  }

  /** Runs a check that gives its problem, or undefined when all is right. */
  async check(find: Check): Promise<string | undefined> {
    if (!this.#context.options.full && (await this.#passesInUsed(find))) return undefined;
    const session = await this.#open();
    try {
      return await find(session);
    } catch (error) {
      return String(error);
    } finally {
      await session[Symbol.asyncDispose]();
    }
  }

  async close(): Promise<void> {
    for (const session of this.#used.takeAll()) await session[Symbol.asyncDispose]();
  }

  async #passesInUsed(find: Check): Promise<boolean> {
    const session = this.#used.take() ?? (await this.#open());
    try {
      await this.#used.remember(session);
      if ((await find(session)) === undefined && (await this.#used.giveBack(session))) return true;
    } catch {
      // repeated by the caller
    }
    await session[Symbol.asyncDispose]();
    return false;
  }

  #open(): Promise<ExecutorSession> {
    return this.#context.open({ tools });
  }
}
