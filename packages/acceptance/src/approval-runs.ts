// A process that serves runs which wait for approvals: starts or resumes those of a folder, stores what is suspended, and stays until it is killed.
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Approval, Executor, Json, Model, ModelResponse, SuspendedRun } from "@codelet/core";
import { CodeAgent, noUsage, ToolCallingAgent, tool } from "@codelet/core";
import { dockerExecutor } from "@codelet/executor-docker";
import { localExecutor } from "@codelet/executor-local";
import { wasmExecutor } from "@codelet/executor-wasm";
import { z } from "zod";

export type Shape = "loop" | "gather" | "team" | "tool-calling";

/** What a stored run is: the test reads it, and decides. */
export interface StoredRun {
  readonly state: "suspended" | "success" | "other";
  readonly pending?: readonly Approval[];
  readonly resumeState?: SuspendedRun;
  readonly output?: unknown;
  readonly problem?: string;
}

const action = (code: string): string => `Thought: go\n<code>\n${code}\n</code>`;

/** Answers by how many answers there were before: a process that goes on with a run has a model of its own. */
function modelOf(...replies: readonly (string | ModelResponse)[]): Model {
  return {
    id: "scripted",
    async generate({ messages }) {
      const reply =
        replies[messages.filter(({ role }) => role === "assistant").length] ??
        action(`final_answer("unexpected: " + ${JSON.stringify(JSON.stringify(messages.at(-1)))})`);
      return typeof reply === "string" ? { content: [{ type: "text", text: reply }], usage: noUsage, finishReason: "stop" } : reply;
    },
  };
}

/** What code reads of the world before it waits has to be the same after it. */
const world = `
import os, random, secrets, tempfile, time, uuid
from datetime import datetime
with open("notes.txt", "a") as notes:
    notes.write("first\\n")
started = time.time()
seen = [random.random(), str(uuid.uuid4()), started, datetime.now().isoformat(), secrets.token_hex(4), os.urandom(4).hex(), list({"a", "b", "c", "d", "e", "f"}), hash("text")]
note(text=repr(seen))
`;

const programs: Readonly<Record<Exclude<Shape, "tool-calling">, string>> = {
  loop: `${world}
total = 0
for amount in range(1, 4):
    total += pay(amount=amount, mark=repr(seen))
with open("notes.txt", "a") as notes:
    notes.write("last\\n")
final_answer({"total": total, "seen": repr(seen), "notes": open("notes.txt").read(), "waited": time.time() - started})`,
  gather: `${world}
import asyncio
async def both():
    return await asyncio.gather(pay.aio(amount=1, mark=repr(seen)), pay.aio(amount=2, mark=repr(seen)))
first, second = await both()
final_answer({"total": first + second, "seen": repr(seen), "notes": open("notes.txt").read(), "waited": time.time() - started})`,
  team: `${world}
answer = payer(task="pay", additional_args={"mark": repr(seen)})
final_answer({"total": answer, "seen": repr(seen), "notes": open("notes.txt").read(), "waited": time.time() - started})`,
};

/** An agent whose effects are lines of a file: `idempotency key, tool, what the program had seen`. */
export function approvalAgent(shape: Shape, executor: Executor, effects: string): CodeAgent | ToolCallingAgent {
  const write = (key: string, name: string, mark: string): void => appendFileSync(effects, `${JSON.stringify([key, name, mark])}\n`);
  const pay = tool({
    name: "pay",
    description: "Pays.",
    input: z.object({ amount: z.number(), mark: z.string() }),
    output: z.number(),
    needsApproval: true,
    execute: ({ amount, mark }, { idempotencyKey }) => {
      write(idempotencyKey, "pay", mark);
      return amount * 10;
    },
  });
  const note = tool({
    name: "note",
    description: "Notes.",
    input: z.object({ text: z.string() }),
    execute: ({ text }, { idempotencyKey }) => write(idempotencyKey, "note", text),
  });
  if (shape === "tool-calling") {
    const calls = (...parts: [string, Record<string, Json>][]): ModelResponse => ({
      content: parts.map(([name, input], index) => ({ type: "tool-call", id: `${name}_${index}`, name, input })),
      usage: noUsage,
      finishReason: "tool-calls",
    });
    const model = modelOf(
      calls(["note", { text: "begin" }], ["pay", { amount: 1, mark: "a" }], ["pay", { amount: 2, mark: "b" }]),
      calls(["final_answer", { answer: { total: 30, seen: "", notes: "first\nlast\n", waited: 1 } }]),
    );
    return new ToolCallingAgent({ model, tools: [pay, note] });
  }
  const model = modelOf(action(programs[shape]));
  if (shape !== "team") return new CodeAgent({ model, executor, tools: [pay, note] });
  const payer = new CodeAgent({
    ...{ name: "payer", description: "Pays.", model: modelOf(action("final_answer(pay(amount=1, mark=mark) + pay(amount=2, mark=mark))")) },
    ...{ executor, tools: [pay] },
  });
  return new CodeAgent({ model, executor, tools: [note], managedAgents: [payer] });
}

export function executorOf(name: string): Executor {
  if (name === "wasm") return wasmExecutor();
  if (name !== "docker") return localExecutor();
  return dockerExecutor({ engine: process.env.CODELET_DOCKER_ENGINE, image: process.env.CODELET_DOCKER_IMAGE, pullPolicy: "never" });
}

/** Starts or resumes each run of the folder, with the decisions that stand beside it. */
async function serve(folder: string, shape: Shape, executorName: string, ids: readonly string[]): Promise<void> {
  const executor = executorOf(executorName);
  await Promise.all(
    ids.map(async (id) => {
      const file = path.join(folder, `${id}.json`);
      const agent = approvalAgent(shape, executor, path.join(folder, `${id}.effects`));
      let stored: StoredRun;
      try {
        const before = readStored(file);
        const decisions = JSON.parse(readFileSync(path.join(folder, `${id}.decisions`), "utf8")) as Record<string, boolean>;
        const result =
          before?.resumeState === undefined ? await agent.run("pay", { runId: id }) : await agent.resume(before.resumeState, { decisions });
        if (result.state === "suspended") stored = { state: "suspended", pending: result.pending, resumeState: result.resumeState };
        else if (result.state === "success") stored = { state: "success", output: result.output };
        else stored = { state: "other", problem: JSON.stringify(result) };
      } catch (error) {
        stored = { state: "other", problem: String((error as Error).stack) };
      }
      writeFileSync(file, JSON.stringify(stored));
    }),
  );
  process.stdout.write("ready\n");
  setInterval(() => {}, 60_000);
}

export function readStored(file: string): StoredRun | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as StoredRun;
  } catch {
    return undefined;
  }
}

if (process.argv[1] === import.meta.filename) {
  const [folder, shape, executor, ...ids] = process.argv.slice(2) as [string, Shape, string, ...string[]];
  await serve(folder, shape, executor, ids);
}
