import { type JournalFactory, type ModelFunction, noUsage, ToolCallingAgent, tool } from "@codelet/core";
import { expect, it } from "vitest";
import { z } from "zod";
import { entryLog, entryLogJournal } from "./entry-log.ts";
import { keyedJournal } from "./keyed-journal.ts";

interface Step {
  readonly name: string;
  readonly result: string;
}

const never = new Promise<never>(() => {});
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** As DBOS and Restate know steps: by position, and it has to be the same step as before. Its process stops for good before the step of that number is kept. */
function engine(steps: Step[], stopAt = Number.POSITIVE_INFINITY, onStop = (): void => {}) {
  let position = 0;
  return async (name: string, work: () => Promise<string>): Promise<string> => {
    const at = position++;
    const known = steps[at];
    if (known !== undefined && known.name !== name) throw new Error(`Step ${at} was ${known.name}, and is ${name} now.`);
    await later(Math.random() * 2);
    if (known !== undefined) return known.result;
    const result = await work();
    if (at >= stopAt) {
      onStop();
      return never;
    }
    steps[at] = { name, result };
    return result;
  };
}

interface Effect {
  readonly key: string;
  readonly n: number;
}

/** A manager and two members who work side by side; a policy is asked about each of their calls, and takes its time. */
function team(journal: JournalFactory, effects: Effect[]): ToolCallingAgent {
  const act = tool({
    ...{ name: "act", description: "Acts.", input: z.object({ n: z.int() }), output: z.int() },
    execute: async ({ n }, { idempotencyKey }) => {
      effects.push({ key: idempotencyKey, n });
      await later(Math.random() * 4);
      return n;
    },
  });
  const modelOf =
    (...answers: readonly (readonly [name: string, input: object][])[]): ModelFunction =>
    async ({ messages }) => {
      const answer = answers[messages.filter(({ role }) => role === "assistant").length] ?? [];
      const content = answer.map(([name, input], index) => ({ type: "tool-call" as const, id: `${index}`, name, input: input as never }));
      return { content, usage: noUsage, finishReason: "tool-calls" };
    };
  const toolPolicy = () => later(Math.random() * 4).then(() => "allow" as const);
  const calls = [1, 2, 3].map((n): [string, object] => ["act", { n }]);
  const member = (name: string) =>
    new ToolCallingAgent({
      ...{ name, description: "Helps.", tools: [act], toolPolicy },
      model: modelOf(calls, [["act", { n: 4 }]], [["final_answer", { answer: name }]]),
    });
  return new ToolCallingAgent({
    ...{ managedAgents: [member("ann"), member("bob")], journal },
    model: modelOf(
      [
        ["ann", { task: "go" }],
        ["bob", { task: "go" }],
      ],
      [["final_answer", { answer: "done" }]],
    ),
  });
}

function attempt(steps: Step[], effects: Effect[], stopAt?: number, onStop?: () => void) {
  const step = engine(steps, stopAt, onStop);
  const log = entryLog((work) => step("entry", work));
  return team(
    entryLogJournal(log, () => never),
    effects,
  ).run("task", { runId: "r" });
}

it("goes on in the steps of an engine that knows them by position, wherever its process stops", async () => {
  for (let stopAt = 0; stopAt < 45; stopAt += 3) {
    const steps: Step[] = [];
    const effects: Effect[] = [];
    await new Promise<void>((resolve) => void attempt(steps, effects, stopAt, resolve));
    const known = steps.map(({ result }) => JSON.parse(result)[0]);
    const done = effects.length;
    expect(await attempt(steps, effects)).toMatchObject({ state: "success", output: "done" });
    for (const { key } of effects.slice(done)) expect(known).not.toContain(key);
    expect(new Set(effects.map(({ key, n }) => `${key} ${n}`)).size).toBe(8);
    expect(new Set(effects.map(({ key }) => key)).size).toBe(8);

    const size = effects.length;
    expect(await attempt(steps, effects)).toMatchObject({ state: "success", output: "done" });
    expect(effects).toHaveLength(size);
  }
}, 30_000);

it("has one step open at a time, and none when the run has ended", async () => {
  let open = 0;
  const steps: Step[] = [];
  const step = engine(steps);
  const log = entryLog(async (work) => {
    expect(++open).toBe(1);
    const result = await step("entry", work);
    open--;
    return result;
  });
  expect(
    await team(
      entryLogJournal(log, () => never),
      [],
    ).run("task"),
  ).toMatchObject({ state: "success" });
  expect(open).toBe(0);
  expect(steps.length).toBeGreaterThan(45);
});

it("a step for each call would find another one there, since calls side by side begin in no order", async () => {
  const found = new Set<string>();
  for (let run = 0; run < 5; run++) {
    const steps: Step[] = [];
    for (const _ of ["at first", "again"]) {
      const step = engine(steps);
      const journal: JournalFactory = (run) =>
        keyedJournal(
          run,
          async (key, make) => JSON.parse(await step(key, async () => JSON.stringify(await make()))),
          () => never,
        );
      await team(journal, [])
        .run("task", { runId: "r" })
        .catch((error: Error) => found.add(error.message.replaceAll(/\d+ was .*/g, "was another")));
    }
  }
  expect([...found]).toEqual(["Step was another"]);
});

it("ends with what its engine throws, and with what it is told of an engine that says nothing", async () => {
  const gone = new Error("The workflow was cancelled.");
  const steps: Step[] = [];
  const step = engine(steps);
  const cancelled = entryLog((work) => (steps.length < 5 ? step("entry", work) : Promise.reject(gone)));
  await expect(
    team(
      entryLogJournal(cancelled, () => never),
      [],
    ).run("task"),
  ).rejects.toBe(gone);

  for (const stopAt of [5, Number.POSITIVE_INFINITY]) {
    const stuck = engine([], stopAt);
    const silent = entryLog((work) => stuck("entry", work));
    const journal = entryLogJournal(silent, () => never);
    // In calls whose steps come to no end, and in an answer that doesn't.
    const agent = stopAt === 5 ? team(journal, []) : new ToolCallingAgent({ journal, tools: [], model: () => never });
    const run = agent.run("task");
    await later(30);
    silent.leave(gone);
    await expect(run).rejects.toBe(gone);
  }
});

it("does the work of a step once, also where the engine asks for it again", async () => {
  const effects: Effect[] = [];
  let fails = 3;
  const log = entryLog(async (work) => {
    const result = await work();
    return fails-- > 0 ? work() : result;
  });
  expect(
    await team(
      entryLogJournal(log, () => never),
      effects,
    ).run("task"),
  ).toMatchObject({ state: "success" });
  expect(effects).toHaveLength(8);
});
