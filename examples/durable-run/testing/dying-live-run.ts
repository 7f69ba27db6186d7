// A process that goes on with one run of a database in a sandbox that outlives it, and kills itself, or stops in a call: `node dying-live-run.ts <database> <effects> <kind> <e2b|docker> <entries> <moment|slow>`.
import { appendFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { CodeAgent, type Executor, type Model, noUsage, Suspension, tool } from "@codelet/core";
import { dockerExecutor } from "@codelet/executor-docker";
import { e2bExecutor } from "@codelet/executor-e2b";
import { z } from "zod";
import { decide, sqliteJournal } from "../sqlite-journal.ts";
import { dyingDatabase } from "./dying-database.ts";

const [file = "", effects = "", kind = "", where = "", entries = "", moment = ""] = process.argv.slice(2);
const database = new DatabaseSync(file);

/** Each call has another result: whoever mixes up two of them has another answer. */
const act = (name: string, needsApproval = false) =>
  tool({
    ...{ name, description: "Acts.", input: z.object({ n: z.int() }), output: z.int(), needsApproval },
    execute: async ({ n }, { idempotencyKey }) => {
      const value = Math.floor(Math.random() * 1e9);
      appendFileSync(effects, `${JSON.stringify({ key: idempotencyKey, n, value })}\n`);
      if (moment === "slow" && n === 1) process.kill(process.pid, "SIGSTOP");
      await sleep(Math.random() * 20);
      return value;
    },
  });

/** Answers by how many answers there were before: a process that goes on with a run has a model of its own. */
function modelOf(...programs: readonly string[]): Model {
  return {
    id: "by-its-answers",
    async generate({ messages }) {
      const code = programs[messages.filter(({ role }) => role === "assistant").length] ?? "final_answer('asked too often')";
      return { content: [{ type: "text", text: `Thought.\n<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" };
    },
  };
}

/** Every program counts, in a variable and in a file: one that has run twice, or elsewhere, shows. */
const counting = `x = 0
def count(text):
    global x
    x += 1
    with open("log.txt", "a") as log:
        log.write(text + " ")
xs = []
count("first")`;
const end = `count("last")\nfinal_answer({"x": x, "log": open("log.txt").read(), "xs": xs})`;
const gather = `import asyncio
count("gather")
async def pair(i):
    one = await act.aio(n=i)
    await asyncio.sleep(0.01 * i)
    return [one, await act.aio(n=i + 20)]
xs += sum(await asyncio.gather(*[pair(i) for i in range(3)]), [])
count("gathered")`;

const programs: Readonly<Record<string, readonly string[]>> = {
  loop: [
    counting,
    `import time\ncount("loop")\nfor i in range(4):\n    xs.append(act(n=i))\n    count(str(i))\n    time.sleep(0.02)`,
    gather,
    `count("long")\ntime.sleep(0.2)\ncount("longer")`,
    end,
  ],
  approval: [`${counting}\nxs.append(pay(n=1))\ncount("paid")`, `xs += [act(n=2), pay(n=3)]\ncount("both")`, end],
  team: [counting, `import asyncio\ncount("team")\nxs += sum(await asyncio.gather(*[helper.aio(task=str(i)) for i in range(2)]), [])`, end],
};

/** Their programs can't run again, also where the executor could: what is not found again is told to the model. */
function unrepeatable(executor: Executor): Executor {
  const { capabilities } = executor;
  return { ...executor, capabilities: { ...capabilities, recovery: { ...capabilities.recovery, replay: false } } };
}

const { CODELET_DOCKER_ENGINE: engine, CODELET_DOCKER_IMAGE: image } = process.env;
const executor = unrepeatable(where === "docker" ? dockerExecutor({ engine, image, pullPolicy: "never" }) : e2bExecutor());
const journal = sqliteJournal(dyingDatabase(database, Number(entries), moment === "before" || moment === "after" ? moment : Number(moment)));
const tools = [act("act"), act("pay", true)];
const helper = new CodeAgent({
  ...{ name: "helper", description: "Helps.", executor, tools },
  model: modelOf("a = act(n=1)", "final_answer([a, act(n=2)])"),
});
const agent = new CodeAgent({ journal, executor, tools, managedAgents: kind === "team" ? [helper] : [], model: modelOf(...(programs[kind] ?? [])) });
const run = agent.start("Act.", { runId: kind });
for await (const event of run) {
  if (event.type === "approval") decide(database, kind, event.approval.id, true);
  if (event.type === "warning") console.error(event.message);
}
const ended = await run.result.catch((error: unknown) => {
  if (error instanceof Suspension) return process.exit(3); // decided by now
  throw error;
});
console.log(JSON.stringify({ state: ended.state, output: "output" in ended ? ended.output : undefined, steps: ended.steps }));
