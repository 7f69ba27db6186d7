import { scriptedModel } from "@codelet/testing";
import { describe, expect, it } from "vitest";
import type { AgentEvent, EventBody } from "../events.ts";
import { type ModelResponse, noUsage } from "../model.ts";
import { ToolCallingAgent } from "../tool-calling-agent.ts";
import type { Json } from "../value.ts";
import { consoleReporter } from "./console-reporter.ts";
import { anExecution } from "./testing/events.ts";
import { by, end, manager, print, report } from "./testing/reports.ts";

describe("managed agents", () => {
  const search = by("search");
  const write = by("write");

  it("are indented and named, row by row", () => {
    const events = [
      manager({ type: "step-start" }),
      search({ type: "agent-start", task: "Look for stars everywhere you can." }),
      search({ type: "step-start" }),
      search({ type: "code", thought: "", code: "stars()" }),
      by("search/read")({ type: "warning", message: "slow" }),
      search({ ...end, type: "agent-end", state: "success", output: "Found." }),
      manager({ type: "execution", execution: anExecution({ value: "Found." }) }),
    ];
    expect(report(events)).toBe(`
Step 1 ─────────────────────────────────
  search │ Task of manager › search ────
  search │   Look for stars everywhere
  search │   you can.
  search │
  search │ Step 1 ──────────────────────
  search │     stars()
  search │
    read │   Warning: slow
  search │
  search │ Answer ──────────────────────
  search │   Found.
  search │
  search │ 0 steps · 1.0 s
  → Found.
`);
  });

  it("keep their lines whole when several speak at once", () => {
    const events = [
      search({ type: "step-start" }),
      write({ type: "step-start" }),
      search(print("one ")),
      write(print("three ")),
      manager(print("five ")),
      search(print("two\n")),
      write(print("four\n")),
      manager(print("six\n")),
    ];
    expect(report(events)).toBe(`  search │
  search │ Step 1 ──────────────────────
  write │
  write │ Step 1 ───────────────────────
  search │   │ one two
  write │   │ three four
  │ five six
`);
  });

  it("are numbered where calls of one agent run at once", () => {
    const call = (callPath: string, body: EventBody): AgentEvent => ({ ...search(body), callPath });
    const events = [
      call("1/tool.a/", print("one ")),
      call("1/tool.b/", print("three ")),
      call("1/tool.a/", print("two\n")),
      call("1/tool.b/", print("four\n")),
      call("1/tool.a/", { ...end, type: "agent-end", state: "aborted" }),
      call("2/tool.a/", print("five\n")),
    ];
    expect(report(events)).toBe(`  search │   │ one two
  search#2 │   │ three four
  search │
  search │ Interrupted ─────────────────
  search │ 0 steps · 1.0 s
  search │   │ five
`);
  });

  it("say what they had begun to, before the run ends", () => {
    const events = [search(print("unfini")), manager({ ...end, state: "aborted" })];
    expect(report(events)).toMatch(/^ {2}search │ {3}│ unfini\n\nInterrupted ─/);
  });

  it("stand behind a short name where there is little room", () => {
    const deep = by("a/b/c/a_name_of_some_length");
    expect(report([deep({ type: "warning", message: "one two three four" })], { columns: 20 })).toBe(
      "a_… │   Warning: one\na_… │   two three\na_… │   four\n",
    );
  });
});

it("shows three parallel calls of one managed agent", async () => {
  const parts = (...calls: readonly { readonly id: string; readonly name: string; readonly input: object }[]): ModelResponse => ({
    content: calls.map((call) => ({ type: "tool-call", ...call, input: call.input as Json })),
    usage: noUsage,
    finishReason: "tool-calls",
  });
  const tasks = ["a", "b", "c"].map((id) => ({ id, name: "search", input: { task: `Look for ${id}.` } }));
  const final = (answer: string): ModelResponse => parts({ id: "f", name: "final_answer", input: { answer } });
  const search = new ToolCallingAgent({ name: "search", description: "Searches.", model: async () => final("found") });
  const agent = new ToolCallingAgent({ name: "manager", model: scriptedModel([parts(...tasks), final("all found")]), managedAgents: [search] });
  let written = "";
  const reporter = consoleReporter({ columns: 60, write: (text) => (written += text) });
  for await (const event of agent.start("Find all.")) reporter(event);
  for (const label of ["  search │ ", "  search#2 │ ", "  search#3 │ "]) {
    const rows = written.split("\n").filter((row) => row.startsWith(label));
    expect(rows.filter((row) => row.includes("Task of manager › search"))).toHaveLength(1);
    expect(rows.filter((row) => row.endsWith("   found"))).toHaveLength(1);
  }
  expect(written).toMatch(/\n {2}│ #1 search\(task="Look for a\."\)\n {2}│ #2 search\(/);
  expect(written).toMatch(/\nAnswer ─+\n {2}all found\n/);
});
