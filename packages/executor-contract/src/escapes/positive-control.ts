import assert from "node:assert/strict";
import { asTest } from "../as-test.ts";
import { Sandboxes } from "../case-context.ts";
import { type ContractOptions, resolveContractOptions } from "../contract-options.ts";
import { readEscapes } from "./corpus.ts";
import { namespaceMissing } from "./own-namespace.ts";
import { runEscape } from "./run-escape.ts";
import { problemsOf } from "./verdict.ts";

const timeoutMs = 240_000;

/** What {@link escapeControl} needs. */
export interface PositiveControlOptions extends Pick<ContractOptions, "it" | "describe" | "full"> {
  /** Makes an executor without any isolation; called with the canaries in `process.env`, which its code has to see. */
  readonly create: ContractOptions["create"];
}

/**
 * Runs the corpus on an executor that is unsafe on purpose: the attacks that work on bare CPython have to spring their traps. This is how we know
 * that a green run of the others means something.
 */
export function escapeControl(options: PositiveControlOptions): void {
  const resolved = resolveContractOptions(options);
  const register = (): void => {
    for (const entry of readEscapes().filter(({ fires, fast }) => fires && (resolved.full || fast))) {
      options.it(
        `escapes: ${entry.id} (${entry.category}) fires without isolation`,
        asTest(async (test) => {
          const missing = entry.fast ? undefined : namespaceMissing();
          if (missing !== undefined) return (test as { skip?: (reason: string) => void } | undefined)?.skip?.(missing);
          const sandboxes = new Sandboxes(resolved);
          try {
            const outcome = await runEscape(sandboxes.context(), entry);
            assert.notDeepEqual([...outcome.leaks, ...problemsOf(entry, outcome)], [], `nothing noticed: ${entry.then}`);
          } finally {
            await sandboxes.closeAll();
          }
        }),
        timeoutMs,
      );
    }
  };
  if (options.describe === undefined) register();
  else options.describe("positive control of the escape corpus", register);
}
