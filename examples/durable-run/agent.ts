import { CodeAgent, type JournalFactory, tool } from "@codelet/core";
import { wasmExecutor } from "@codelet/executor-wasm";
import { z } from "zod";

const programs = [
  "charged = []\nfor order in range(1, 7):\n    charged.append(charge(order=order))\n    print(charged[-1])",
  "final_answer(', '.join(charged))",
];

/** Charges six orders, one after the other. In place of a model it has two programs, by the number of answers so far: it needs no key. */
export function createAgent(journal: JournalFactory, charge: (order: number, idempotencyKey: string) => Promise<string>): CodeAgent<string> {
  return new CodeAgent({
    model: async ({ messages }) => `Thought: go on.\n<code>\n${programs[messages.filter(({ role }) => role === "assistant").length]}\n</code>`,
    executor: wasmExecutor(), // repeats a program from what the journal knows; the manifest's `recovery` says which executors can
    tools: [
      tool({
        name: "charge",
        description: "Charges an order, returns the receipt.",
        input: z.object({ order: z.int() }),
        output: z.string(),
        // The payment service gets the key: if we die between its answer and our entry, it knows the second request for the same.
        execute: ({ order }, { idempotencyKey }) => charge(order, idempotencyKey),
      }),
    ],
    output: z.string(),
    journal,
  });
}
