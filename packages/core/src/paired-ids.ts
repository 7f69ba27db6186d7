import type { CallResult } from "./executor.ts";

/** The journal's ids of calls, and those of the program that runs again. */
export class PairedIds {
  readonly #live = new Map<string, string>();
  readonly #recorded = new Map<string, string>();

  pair(recorded: string, live: string): void {
    this.#live.set(recorded, live);
    this.#recorded.set(live, recorded);
  }

  clear(): void {
    this.#live.clear();
    this.#recorded.clear();
  }

  recordedOf(live: string): string | undefined {
    return this.#recorded.get(live);
  }

  /** The results under the ids of the program that runs. While it only repeats, those of calls that it has not made again are left out. */
  toLive(results: readonly CallResult[], isRepeating: boolean): readonly CallResult[] {
    const leavesOut = isRepeating && this.#live.size > 0;
    return results.flatMap((result) => {
      const id = this.#live.get(result.id) ?? (leavesOut ? undefined : result.id);
      return id === undefined ? [] : [{ ...result, id }];
    });
  }
}
