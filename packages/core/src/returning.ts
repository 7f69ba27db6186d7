import { sleep } from "./abort.ts";
import type { OperationName, Outcome } from "./journal.ts";
import type { Json } from "./value.ts";

/** In turns, since what is done between two operations may take some. A stop comes before anything new. */
const quietTurns = { beforeStop: 3, beforeEffect: 8 };
/** Nobody waits longer, as for a journal in which one operation waits for another. */
const maxTurns = 5_000;

/** A run of a team, as it is gone through again. */
interface Member {
  /** Asks for the outcome of an operation. One that tells of a stop is given when all are back: what they had spent counts. */
  calls<T>(path: Json, ask: () => Promise<Outcome<T>>): Promise<Outcome<T>>;
  /** Asks for a time. */
  looks<T>(ask: () => Promise<T>): Promise<T>;
  ends(): void;
}

/**
 * A team that is gone through again, whose members are back where they were at different times. One of them may come to a limit there, which had stopped the
 * others between two operations: so whoever is back does nothing new until all are.
 */
export class Returning {
  /** Who has done nothing new so far, and has not ended: also one that a stop ends. */
  readonly #members = new Set<Member>();
  /** Who has asked the journal for what it may know: by the paths of operations, or by something of its own. */
  readonly #asked = new Map<unknown, Member>();
  #hasKnown = false;

  /** Of a run that begins. */
  member(): Member {
    const asking = async <T>(what: unknown, ask: () => Promise<T>): Promise<{ readonly answer: T; readonly isKnown: boolean }> => {
      this.#asked.set(what, member);
      try {
        const answer = await ask();
        return { answer, isKnown: this.#asked.has(what) };
      } finally {
        this.#asked.delete(what);
      }
    };
    const member: Member = {
      calls: async (path, ask) => {
        const { answer, isKnown } = await asking(path, ask);
        this.#hasKnown ||= isKnown;
        if (isKnown && "error" in answer && answer.error.code === "aborted") await this.#untilAllAreBack(quietTurns.beforeStop);
        return answer;
      },
      looks: async (ask) => (await asking({}, ask)).answer,
      ends: () => void this.#members.delete(member),
    };
    this.#members.add(member);
    return member;
  }

  /** For an operation whose outcome the journal doesn't know: resolves when its work may begin. */
  async mayBegin(path: Json, operation: OperationName): Promise<void> {
    const member = this.#asked.get(path);
    this.#asked.delete(path);
    if (member === undefined || !isEffect(operation)) return;
    this.#members.delete(member);
    if (this.#hasKnown) await this.#untilAllAreBack(quietTurns.beforeEffect);
  }

  async #untilAllAreBack(turnsOfQuiet: number): Promise<void> {
    for (let turns = 0, quiet = 0; turns < maxTurns && quiet < turnsOfQuiet && this.#members.size > 0; turns++) {
      await sleep(0);
      quiet = this.#isQuiet() ? quiet + 1 : 0;
    }
  }

  #isQuiet(): boolean {
    return ![...this.#asked.values()].some((member) => this.#members.has(member));
  }
}

/** Whether an operation costs something, or is seen outside. */
export function isEffect(operation: OperationName): boolean {
  return operation === "model" || operation === "tool" || operation === "policy";
}
