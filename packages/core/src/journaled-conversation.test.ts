import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { Executor } from "./executor.ts";
import type { JournalFactory } from "./journal.ts";
import { type LiveProgram, liveSandboxes } from "./testing/live-sandboxes.ts";
import { programsInTurn } from "./testing/programs-in-turn.ts";
import { type Moment, type Store, standstill, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import type { Value } from "./value.ts";

async function program({ code, variables, call }: LiveProgram): Promise<Value> {
  variables.x = Number(variables.x ?? 0) + 1;
  if (code === "act") for (const n of [1, 2]) variables.n = await call("effect", [n]);
  variables.x = Number(variables.x) + 1;
  return code === "end" ? ["final", [variables.x, variables.n ?? null]] : null;
}

const codes = ["act", "end", "act", "act", "end"];

/** The journals of the runs of one conversation, by their ids. */
class Stores {
  readonly #stores = new Map<string, Store>();

  of(runId: string): Store {
    const store = this.#stores.get(runId) ?? new Map();
    this.#stores.set(runId, store);
    return store;
  }

  /** The journal of a process that stops at an entry of the second run. */
  stopping(stopAt?: number, moment?: Moment, fail?: Error): JournalFactory {
    return (run) => storedJournal(this.of(run.runId), run.runId === "second" ? stopAt : undefined, moment, fail)(run);
  }
}

function agentOf(executor: Executor, journal: JournalFactory, effects: string[]): CodeAgent {
  const effect = tool({
    ...{ name: "effect", description: "Acts.", input: z.object({ n: z.int() }), output: z.int() },
    execute: async ({ n }, { idempotencyKey }) => {
      effects.push(idempotencyKey);
      return n;
    },
  });
  const model = programsInTurn(codes);
  return new CodeAgent({ model, executor, tools: [effect] as never, journal });
}

describe.each<Moment>(["work", "entry", "behind"])("a conversation whose process stops in its second run, at any entry of that, %s", (moment) => {
  it.each([
    ["in the sandbox of the first run", false, [10, 2]],
    ["in the one that has followed it, where that was lost between the runs", true, [6, 2]],
  ])("goes on from what was saved before, %s", { timeout: 30_000 }, async (_, isLost, answer) => {
    const begin = async (stopAt?: number) => {
      const live = liveSandboxes(program);
      const stores = new Stores();
      const before: string[] = [];
      const chat = agentOf(live.executor, stores.stopping(stopAt, moment), before).conversation();
      await chat.run("task", { runId: "first" });
      const saved = await chat.save();
      if (isLost) for (const sandbox of live.sandboxes) sandbox.isEnded = true;
      const result = chat.run("task", { runId: "second" });
      await standstill(stores.of("second"), before);
      return { ...live, stores, before, saved, result };
    };
    const whole = await begin();
    expect(await whole.result).toMatchObject({ output: answer });
    const keys = [...whole.stores.of("second").keys()];
    for (let stopAt = isLost ? keys.indexOf("sandbox.0") + 1 : 0; stopAt < keys.length; stopAt++) {
      const { executor, sandboxes, stores, before, saved } = await begin(stopAt);
      const known = [...stores.of("second").keys()];
      const after: string[] = [];
      await using chat = await agentOf(executor, stores.stopping(), after).loadConversation(saved);
      expect(await chat.run("task", { runId: "second" }), `at ${stopAt}`).toMatchObject({ output: answer });
      expect(after.filter((key) => known.includes(key.slice("second/".length)))).toEqual([]);
      expect(new Set([...before, ...after]).size).toBe(6);
      expect(sandboxes.map(({ started }) => [started.length, new Set(started).size])).toEqual(
        isLost
          ? [
              [2, 2],
              [3, 3],
            ]
          : [[5, 5]],
      );
    }
  });
});

it("ends the sandbox of a run that its journal leaves before it has it", async () => {
  const { executor, sandboxes } = liveSandboxes(program);
  const lost = new Error("another process has the run");
  const stores = new Stores();
  const chat = agentOf(executor, stores.stopping(1, "entry", lost), []).conversation();
  await chat.run("task", { runId: "first" });
  await expect(chat.run("task", { runId: "second" })).rejects.toBe(lost);
  await standstill(stores.of("second"), []);
  await chat[Symbol.asyncDispose]();
  expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([true]);
});
