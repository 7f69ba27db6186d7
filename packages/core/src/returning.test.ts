import { expect, it } from "vitest";
import { z } from "zod";
import type { Journal, JournalFactory } from "./journal.ts";
import { type ModelFunction, noUsage } from "./model.ts";
import { type Store, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Milliseconds that the journal takes for something of the run with that path. */
type Delay = (path: string, what: "call" | "now") => number;

function delayed(factory: JournalFactory, delayMs: Delay): JournalFactory {
  const wrap = (journal: Journal, path: string): Journal => ({
    ...journal,
    call: async (...args) => {
      const outcome = await journal.call(...args);
      await later(delayMs(path, "call"));
      return outcome as never;
    },
    now: (key) => later(delayMs(path, "now")).then(() => journal.now(key)),
    child: (key) => wrap(journal.child(key), `${path}${key}/`),
  });
  return (run) => wrap(factory(run), "");
}

/** Ann and bob work side by side, each with a call in every answer. */
function begin(store: Store, worked: string[], delayMs: Delay) {
  const act = tool({
    ...{ name: "act", description: "Acts.", input: z.object({}) },
    execute: (_, { idempotencyKey }) => void worked.push(idempotencyKey),
  });
  const says =
    (name: string, calls: readonly (readonly [name: string, input: object])[]): ModelFunction =>
    async () => {
      worked.push(`${name} answers`);
      return {
        content: calls.map(([called, input], index) => ({ type: "tool-call", id: `${index}`, name: called, input: input as never })),
        ...{ usage: { ...noUsage, input: 1 }, finishReason: "tool-calls" },
      };
    };
  const member = (name: string) => new ToolCallingAgent({ name, description: "Helps.", tools: [act], model: says(name, [["act", {}]]) });
  const given = { task: "Go." };
  const model = says("boss", [
    ["ann", given],
    ["bob", given],
  ]);
  const journal = delayed(storedJournal(store), delayMs);
  return new ToolCallingAgent({ model, managedAgents: [member("ann"), member("bob")], journal, budget: { modelCalls: 6 } }).run("task", {
    runId: "r",
  });
}

it("a member that a limit had stopped between two operations does nothing more when its team is gone through again", async () => {
  const store: Store = new Map();
  const first = await begin(store, [], (path, what) => (path.includes(".bob/") && what === "now" ? 40 : 0));
  expect(first).toMatchObject({ state: "limit", limit: "modelCalls" });
  for (let again = 0; again < 2; again++) {
    const worked: string[] = [];
    const second = await begin(store, worked, (path, what) => (path.includes(".ann/") && what === "call" ? 10 : 0));
    expect(worked).toEqual([]);
    expect(second).toMatchObject({ state: "limit", limit: "modelCalls", usage: first.usage, durationMs: first.durationMs });
  }
});

it("a team that begins waits for nobody", async () => {
  const worked: string[] = [];
  const run = begin(new Map(), worked, (path, what) => (path.includes(".bob/") && what === "now" ? 1_000 : 0));
  await expect.poll(() => worked.filter((work) => work === "ann answers").length).toBeGreaterThan(2);
  expect(worked).not.toContain("bob answers");
  await run;
});

it("what all members had spent counts where the process died as they were stopped, whoever is back first", async () => {
  const store: Store = new Map();
  const first = await begin(store, [], () => 0);
  expect(first).toMatchObject({ state: "limit", usage: { input: 7 } });
  const [refused = ""] = [...store].find(([, entry]) => entry.includes("isRefusal")) ?? [];
  const slow = refused.includes(".ann/") ? ".bob/" : ".ann/";
  for (const key of ["1/end", "last/model", "usage", "end"]) store.delete(key);
  const second = await begin(store, [], (path, what) => (path.includes(slow) && what === "call" ? 15 : 0));
  expect(second).toMatchObject({ state: "limit", usage: first.usage });
});
