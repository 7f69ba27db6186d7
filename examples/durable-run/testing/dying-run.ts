// A process that goes on with one run of a database and kills itself at an entry of its journal: `node dying-run.ts <database> <effects> <kind> <entries> <before|after> <local|wasm>`.
import { appendFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { CodeAgent, type Model, type ModelResponse, noUsage, Suspension, ToolCallingAgent, tool } from "@codelet/core";
import { localExecutor } from "@codelet/executor-local";
import { wasmExecutor } from "@codelet/executor-wasm";
import { z } from "zod";
import { decide, sqliteJournal } from "../sqlite-journal.ts";
import { dyingDatabase } from "./dying-database.ts";

const [file = "", effects = "", kind = "", entries = "", moment = "", where = ""] = process.argv.slice(2);
const database = new DatabaseSync(file);

/** Each call has another result: whoever mixes up two of them has another answer. */
const act = (name: string, needsApproval = false) =>
  tool({
    ...{ name, description: "Acts.", input: z.object({ n: z.int() }), output: z.int(), needsApproval },
    execute: async ({ n }, { idempotencyKey }) => {
      const value = Math.floor(Math.random() * 1e9);
      appendFileSync(effects, `${JSON.stringify({ key: idempotencyKey, n, value })}\n`);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 20));
      if (n === 13) throw new Error("out of luck");
      return value;
    },
  });

function modelOf(...answers: readonly (string | ModelResponse)[]): Model {
  return {
    id: "by-its-answers",
    async generate({ messages }) {
      if (/write a (new )?plan/i.test(JSON.stringify(messages.at(-1))))
        return { content: [{ type: "text", text: "act, then answer" }], usage, finishReason: "stop" };
      const answered = messages.filter(({ role, content }) => role === "assistant" && !JSON.stringify(content).includes("act, then answer")).length;
      const answer = answers[answered] ?? "final_answer('asked too often')";
      return typeof answer === "string"
        ? { content: [{ type: "text", text: `Thought ${Math.random()}\n<code>\n${answer}\n</code>` }], usage, finishReason: "stop" }
        : answer;
    },
  };
}
const usage = { ...noUsage, input: 10, output: 5 };
const calls = (...inputs: readonly (readonly [name: string, n: number])[]): ModelResponse => ({
  content: inputs.map(([name, n], index) => ({
    type: "tool-call",
    id: `${index}-${Math.random()}`,
    name,
    input: name === "final_answer" ? { answer: n } : { n },
  })),
  usage,
  finishReason: "tool-calls",
});

const programs: Readonly<Record<string, readonly string[]>> = {
  loop: [
    "xs = [act(n=i) for i in range(4)]\nxs[0]",
    "import random, time, uuid\nmark = f'{random.random()} {uuid.uuid4()} {time.time()} {set(\"abcdef\")}'\nxs.append(act(n=4 if random.random() < 0.5 else 5))\nprint(mark)",
    "try:\n    act(n=13)\nexcept Exception as error:\n    print(error)\nxs.append(act(n=len(mark)))\nfinal_answer(xs)",
  ],
  gather: [
    "import asyncio\nasync def pair(i):\n    first = await act.aio(n=i)\n    return [first, await act.aio(n=i + 20)]\nxs = sum(await asyncio.gather(*[pair(i) for i in range(4)]), [])",
    "final_answer(xs)",
  ],
  approval: ["xs = [pay(n=1), act(n=2), pay(n=3)]", "final_answer(xs)"],
  team: [
    "import asyncio\nxs = await asyncio.gather(*[helper.aio(task=str(i)) for i in range(3)])\nxs = sum(xs, [])",
    "xs.append(act(n=9))\nfinal_answer(xs)",
  ],
};

function createAgent(): CodeAgent | ToolCallingAgent {
  const journal = sqliteJournal(dyingDatabase(database, Number(entries), moment === "before" ? "before" : "after"));
  const tools = [act("act"), act("pay", true)];
  if (kind === "tool-calling")
    return new ToolCallingAgent({
      journal,
      tools,
      model: modelOf(calls(["act", 1], ["act", 2], ["act", 13]), calls(["act", 4]), calls(["final_answer", 5])),
    });
  const executor = where === "local" ? localExecutor() : wasmExecutor();
  const helper = new CodeAgent({
    name: "helper",
    description: "Helps.",
    executor,
    tools,
    model: modelOf("a = act(n=1)", "final_answer([a, act(n=2)])"),
  });
  return new CodeAgent({ journal, executor, tools, managedAgents: [helper], planningInterval: 2, model: modelOf(...(programs[kind] ?? [])) });
}

const run = createAgent().start("Act.", { runId: kind });
for await (const event of run) if (event.type === "approval") decide(database, kind, event.approval.id, event.approval.input !== null);
const ended = await run.result.catch((error: unknown) => {
  if (error instanceof Suspension) return process.exit(3); // decided by now
  throw error;
});
console.log(JSON.stringify({ state: ended.state, output: "output" in ended ? ended.output : undefined, usage: ended.usage, steps: ended.steps }));
