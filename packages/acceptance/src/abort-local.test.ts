import { readdirSync, readFileSync } from "node:fs";
import { type AgentEvent, CodeAgent, type ModelRequest, noUsage, ToolCallingAgent, tool } from "@codelet/core";
import { scriptedModel } from "@codelet/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { local } from "./executors.ts";

const usage = { ...noUsage, input: 10 };
/** Where the run is aborted: at the event of this number. A whole run has about forty. */
const sample = [1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33];
/** A real process has to end within the sandbox's own time of grace; nothing else is waited for. */
const settleWithinMs = 3_000;

const rejections: unknown[] = [];
const keep = (reason: unknown): void => void rejections.push(reason);
beforeAll(() => void process.on("unhandledRejection", keep));
afterAll(() => void process.off("unhandledRejection", keep));

const write = (code: string): string => `<code>\n${code}\n</code>`;
const acting = (name: string, needsApproval = false) =>
  tool({
    ...{ name, description: "Acts.", input: z.object({}), needsApproval },
    execute: () => new Promise<string>((resolve) => setTimeout(() => resolve(name), 5)),
  });

function team(): CodeAgent {
  const look = acting("look");
  const coder = new CodeAgent({
    ...{ name: "coder", description: "Codes.", executor: local, tools: [look] },
    model: scriptedModel([write("import asyncio\nprint(await asyncio.gather(look.aio(), look.aio()))"), write('final_answer("coded")')], { usage }),
  });
  const turn =
    (...names: readonly string[]) =>
    (_: ModelRequest) =>
      ({
        content: names.map((name) => ({ type: "tool-call", id: "", name, input: name === "final_answer" ? { answer: "called" } : {} }) as const),
        usage,
        finishReason: "tool-calls",
      }) as const;
  const caller = new ToolCallingAgent({
    ...{ name: "caller", description: "Calls.", tools: [look, acting("pay", true)] },
    model: scriptedModel([turn("look", "pay"), turn("final_answer")], { usage }),
  });
  const program = 'import asyncio\nprint(await asyncio.gather(coder.aio(task="a"), caller.aio(task="b"), look.aio(), pay.aio()))\nwhile True: pass';
  return new CodeAgent({
    ...{ executor: local, tools: [look, acting("pay", true)], managedAgents: [coder, caller], stepTimeoutMs: 2_000 },
    model: scriptedModel([write(program), write('final_answer("done")')], { usage }),
  });
}

/** Processes that this one has started, and those below them. */
function descendants(): number {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((each) => /^\d+$/.test(each))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state !== "Z") parents.set(Number(name), Number(parent));
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBelow = (id: number): boolean => {
    const parent = parents.get(id);
    return parent === process.pid || (parent !== undefined && parent > 1 && isBelow(parent));
  };
  return [...parents.keys()].filter(isBelow).length;
}

if (process.platform !== "linux") console.log("SKIPPED aborts over real processes: they are counted in /proc, which is Linux's");

it.skipIf(process.platform !== "linux")(
  "a team over real processes, aborted at any time, is gone at once and leaves no process",
  { timeout: 120_000 },
  async () => {
    // Which Python this is, is asked once for all, by a process that belongs to no run.
    await (await local.open())[Symbol.asyncDispose]();
    const before = descendants();
    for (const abortAt of [...sample, "in a loop" as const]) {
      const controller = new AbortController();
      let abortedAtMs = 0;
      const abort = (): void => {
        abortedAtMs = performance.now();
        controller.abort("swept");
      };
      const run = team().start("task", { signal: controller.signal, approve: () => new Promise((resolve) => setTimeout(() => resolve(true), 5)) });
      const events: AgentEvent[] = [];
      for await (const event of run) {
        if (events.push(event) === abortAt) abort();
        const isLast =
          event.type === "tool-result" && events.filter(({ type, agentPath }) => type === "tool-result" && agentPath.length === 1).length === 4;
        if (abortAt === "in a loop" && isLast) setTimeout(abort, 50);
      }
      const result = await run.result;
      const at = `aborted at event ${abortAt}`;
      expect(result, at).toMatchObject({ state: "aborted", reason: "swept" });
      expect(performance.now() - abortedAtMs, at).toBeLessThan(settleWithinMs);
      expect(
        events.filter(({ type }) => type === "run-end"),
        at,
      ).toHaveLength(1);
      expect(events.at(-1)?.type, at).toBe("run-end");
      expect(result.usage.input, at).toBe(events.filter(({ type }) => type === "model-end").length * usage.input);
      expect(descendants(), at).toBe(before);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(rejections).toEqual([]);
  },
);
