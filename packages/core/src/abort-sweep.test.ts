import { fakeExecutor } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import type { RunOptions, RunResult } from "./agent.ts";
import { CodeAgent } from "./code-agent.ts";
import type { AgentEvent } from "./events.ts";
import type { Executor } from "./executor.ts";
import { type JournalFactory, memoryJournal } from "./journal.ts";
import { jsonSchema } from "./json-schema.ts";
import type { Model, ModelDelta, ModelRequest, ToolCallPart, Usage } from "./model.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";
import type { PlainValue, Value } from "./value.ts";

const usage: Usage = { input: 10, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0 };
const settleWithinMs = 100;

/**
 * Counts every place where a run waits for something, and aborts it at one of them. What is the user's own (models, tools, callbacks, the approver)
 * then hangs for ever, whatever its signal says.
 */
class Points {
  readonly controller = new AbortController();
  count = 0;
  abortedAtMs: number | undefined;
  readonly #abortAt: number;

  constructor(abortAt: number) {
    this.#abortAt = abortAt;
  }

  /** Passed by what keeps its contract: journal and sandbox. */
  pass(): void {
    if (++this.count !== this.#abortAt) return;
    this.abortedAtMs = performance.now();
    this.controller.abort("swept");
  }

  /** Passed by what is the user's. */
  async hang(): Promise<void> {
    this.pass();
    if (this.abortedAtMs !== undefined) await new Promise<never>(() => {});
  }

  /** The object with every method that returns a promise passing a point before and after. */
  watch<T extends object>(target: T, names: readonly (keyof T & string)[]): T {
    const watched = Object.create(target) as Record<string, unknown>;
    for (const name of names) {
      const method = target[name] as unknown as (...args: unknown[]) => unknown;
      watched[name] = (...args: unknown[]) => {
        this.pass();
        const result = method.apply(target, args);
        if (!(result instanceof Promise)) return result;
        return result.finally(() => this.pass());
      };
    }
    return new Proxy(target, {
      get: (_, key) => (key in watched && typeof key === "string" && names.includes(key as never) ? watched[key] : bound(target, key)),
    });
  }
}

function bound(target: object, key: string | symbol): unknown {
  const value = Reflect.get(target, key) as unknown;
  return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(target) : value;
}

type Call = readonly [name: string, input: Record<string, Value>];

/** Programs are JSON: calls made side by side, or an answer. */
const fakes = fakeExecutor(async ({ code, call, finalAnswer }) => {
  const { calls, answer } = JSON.parse(code) as { readonly calls?: readonly Call[]; readonly answer?: Value };
  if (calls === undefined) return finalAnswer(answer as Value);
  return (await Promise.all(calls.map(([name, input]) => call(name, input)))) as Value;
});

function team(points: Points, hasJournal: boolean): CodeAgent {
  const executor: Executor = {
    ...fakes,
    open: async (options) => {
      points.pass();
      const session = await fakes.open(options);
      points.pass();
      return points.watch(session, ["start", "next", "deliver"]);
    },
  };
  const journal: JournalFactory = (run) => {
    const wrap = (inner: ReturnType<JournalFactory>): ReturnType<JournalFactory> => {
      const { call, pick, now, sleep, checkpoint } = points.watch(inner, ["call", "pick", "now", "sleep", "checkpoint"]);
      return { ...inner, call, pick, now, sleep, checkpoint, child: (key) => wrap(inner.child(key)) };
    };
    return wrap(memoryJournal()(run));
  };
  const streamed = (answers: readonly (string | readonly ToolCallPart[])[]): Model => ({
    id: "streamed",
    generate: () => Promise.reject(new Error("It streams.")),
    async *stream({ messages }: ModelRequest): AsyncGenerator<ModelDelta> {
      await points.hang();
      const answer = answers[messages.filter(({ role }) => role === "assistant").length] ?? "";
      for (const piece of typeof answer === "string" ? [answer.slice(0, 9), answer.slice(9)] : answer) {
        yield typeof piece === "string" ? { type: "text", text: piece } : piece;
        await points.hang();
      }
      yield { type: "finish", usage, finishReason: "stop" };
    },
  });
  const program = (content: { readonly calls?: readonly Call[]; readonly answer?: Value }): string => `<code>\n${JSON.stringify(content)}\n</code>`;
  const native = (name: string, input: Record<string, PlainValue> = {}): ToolCallPart => ({ type: "tool-call", id: "", name, input: input as never });
  const acting = (name: string, needsApproval = false) =>
    tool({
      ...{ name, description: "Acts.", input: jsonSchema<object>({ type: "object", properties: {} }), needsApproval },
      execute: async () => {
        await points.hang();
        await new Promise((resolve) => setTimeout(resolve));
        await points.hang();
        return name;
      },
    });
  const look = acting("look");
  const coder = new CodeAgent({
    ...{ name: "coder", description: "Codes.", executor, tools: [look] },
    model: streamed([
      program({
        calls: [
          ["look", {}],
          ["look", {}],
        ],
      }),
      program({ answer: "coded" }),
    ]),
  });
  const caller = new ToolCallingAgent({
    ...{ name: "caller", description: "Calls.", tools: [look, acting("pay", true)] },
    model: streamed([[native("look"), native("pay")], [native("final_answer", { answer: "called" })]]),
  });
  const work: readonly Call[] = [
    ["coder", { task: "a" }],
    ["caller", { task: "b" }],
    ["look", {}],
    ["pay", {}],
  ];
  return new CodeAgent({
    ...{ executor, tools: [look, acting("pay", true)], managedAgents: [coder, caller], planningInterval: 2 },
    ...(hasJournal ? { journal } : {}),
    model: streamed(["The plan.", program({ calls: work }), program({ answer: "done" })]),
    stepCallbacks: () => points.hang(),
    finalAnswerChecks: [() => points.hang().then(() => true)],
  });
}

interface Swept {
  readonly points: Points;
  readonly result: RunResult;
  readonly events: readonly AgentEvent[];
  readonly settledMs: number;
}

async function runAborted(abortAt: number, mode: "approve" | "suspend"): Promise<Swept> {
  const points = new Points(abortAt);
  const options: RunOptions = {
    signal: points.controller.signal,
    ...(mode === "approve" ? { approve: () => points.hang().then(() => true) } : {}),
  };
  const run = team(points, mode === "approve").start("task", options);
  const events: AgentEvent[] = [];
  for await (const event of run) events.push(event);
  const result = await run.result;
  return { points, result, events, settledMs: performance.now() - (points.abortedAtMs ?? 0) };
}

describe.each([
  ["answered at once", "approve", "success", 150],
  ["that wait for a decision", "suspend", "suspended", 40],
] as const)("a team with approvals %s, aborted at each point where it waits", (_, mode, unswept, atLeast) => {
  it("settles at once, with one terminal event and what it spent, and leaves nothing open", async () => {
    const whole = await runAborted(Number.POSITIVE_INFINITY, mode);
    expect(whole.result.state).toBe(unswept);
    const total = whole.points.count;
    expect(total).toBeGreaterThan(atLeast);

    const states: string[] = [];
    for (let abortAt = 1; abortAt <= total; abortAt++) {
      let swept = await runAborted(abortAt, mode);
      // A machine that is busy with other things may be late once.
      if (swept.settledMs >= settleWithinMs) swept = await runAborted(abortAt, mode);
      const { points, result, events, settledMs } = swept;
      if (points.abortedAtMs === undefined) continue;
      const at = `aborted at point ${abortAt} of ${total}`;
      expect(settledMs, at).toBeLessThan(settleWithinMs);
      expect(
        events.filter(({ type }) => type === "run-end"),
        at,
      ).toHaveLength(1);
      expect(events.at(-1), at).toMatchObject({ type: "run-end", state: result.state });
      const starts = events.filter(({ type }) => type === "agent-start");
      expect(
        events.filter(({ type }) => type === "agent-end"),
        at,
      ).toHaveLength(starts.length);
      expect(result.usage.input, at).toBe(events.filter(({ type }) => type === "model-end").length * usage.input);
      expect(fakes.openSessions, at).toBe(0);
      if (result.state === "aborted") expect(result.reason, at).toBe("swept");
      states.push(result.state);
    }
    // At its end a run waits for its journal and its sandbox.
    expect(states.filter((state) => state !== "aborted").length).toBeLessThan(12);
    expect(new Set(states)).toContain("aborted");
  });
});

describe("a run that waits for a decision and is about to be left", () => {
  it("can be aborted until it is", async () => {
    const points = new Points(Number.POSITIVE_INFINITY);
    const run = team(points, false).start("task", { signal: points.controller.signal });
    const events: AgentEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (events.filter(({ type }) => type === "approval").length === 2) setTimeout(() => points.controller.abort("changed my mind"), 20);
    }
    expect(await run.result).toMatchObject({ state: "aborted", reason: "changed my mind" });
    expect(events.filter(({ type }) => type === "run-end")).toHaveLength(1);
    expect(fakes.openSessions).toBe(0);
  });
});
