import { describe, expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { Executor } from "./executor.ts";
import { type LiveProgram, liveSandboxes } from "./testing/live-sandboxes.ts";
import { programsInTurn } from "./testing/programs-in-turn.ts";
import { type Moment, type Store, standstill, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";
import type { Value } from "./value.ts";

async function program({ code, variables, call }: LiveProgram): Promise<Value> {
  variables.x = Number(variables.x ?? 0) + 1;
  if (code === "act") for (const n of [1, 2]) variables.n = await call("effect", [n]);
  return code === "end" ? ["final", [variables.x, variables.n ?? null]] : null;
}

const codes = ["act", "act", "more", "act", "end"];

function agentOf({ executor }: { readonly executor: Executor }, store: Store, stopAt?: number, moment?: Moment, effects: string[] = []): CodeAgent {
  const { capabilities } = executor;
  const repeating: Executor = { ...executor, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay: "workdir" } } };
  const effect = tool({
    ...{ name: "effect", description: "Acts.", input: z.object({ n: z.int() }), output: z.int() },
    execute: ({ n }, { idempotencyKey }) => {
      effects.push(idempotencyKey);
      return n;
    },
  });
  const model = programsInTurn(codes);
  return new CodeAgent({ model, executor: repeating, tools: [effect], journal: storedJournal(store, stopAt, moment) });
}

const begin = (agent: CodeAgent) => agent.run("task", { runId: "r" });

describe.each<Moment>(["work", "entry", "behind"])("a run whose sandbox was lost, and whose next process stops too, %s", (moment) => {
  it("repeats no program for a second time once the one has ended for which they were repeated", { timeout: 30_000 }, async () => {
    const whole: Store = new Map();
    expect(await begin(agentOf(liveSandboxes(program), whole))).toMatchObject({ output: [5, 2] });
    const keys = [...whole.keys()];
    const endOfSecond = keys.findLastIndex((key) => key.startsWith("2/advance."));
    for (const lostAt of [keys.indexOf("2/model") + 1, endOfSecond - 2])
      for (let stopAt = endOfSecond + 1; stopAt < keys.length - 1; stopAt++) {
        const live = liveSandboxes(program);
        const store: Store = new Map();
        const effects: string[] = [];
        void begin(agentOf(live, store, lostAt, "behind", effects));
        await standstill(store, effects);
        for (const sandbox of live.sandboxes) sandbox.isEnded = true;
        void begin(agentOf(live, store, stopAt, moment, effects));
        await standstill(store, effects);
        expect(await begin(agentOf(live, store, undefined, undefined, effects)), `at ${stopAt}`).toMatchObject({ output: [5, 2] });
        const [, second, ...others] = live.sandboxes;
        expect([others, second?.isEnded, new Set(second?.started).size, second?.started.length], `at ${keys[stopAt]}`).toEqual([[], true, 5, 5]);
        expect(new Set(effects).size).toBe(6);
      }
  });
});

it("leaves the sandbox that has followed to the next process, where its journal leaves the run", async () => {
  const live = liveSandboxes(program);
  const store: Store = new Map();
  void begin(agentOf(live, store, 4, "behind"));
  await standstill(store, []);
  for (const sandbox of live.sandboxes) sandbox.isEnded = true;
  const lost = new Error("another process has the run");
  const leaving = agentOf(live, store).with({ journal: storedJournal(store, 22, "entry", lost) });
  await expect(begin(leaving)).rejects.toBe(lost);
  expect(live.sandboxes.map(({ isEnded, isDetached }) => [isEnded, isDetached])).toEqual([
    [true, false],
    [false, true],
  ]);
  expect(await begin(agentOf(live, store))).toMatchObject({ output: [5, 2] });
  expect(live.sandboxes.map(({ isEnded }) => isEnded)).toEqual([true, true]);
});
