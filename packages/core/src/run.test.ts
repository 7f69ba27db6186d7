import { expect, it } from "vitest";
import type { AgentEvent, EventBase } from "./events.ts";
import { Run } from "./run.ts";
import { eventsOf } from "./testing/code-agents.ts";

/** The unread texts of a run whose agents print by turns. */
async function textsOf(...speakers: readonly Partial<EventBase>[]): Promise<string[]> {
  const run = new Run<never>(async ({ emit }) => {
    for (const [index, speaker] of speakers.entries())
      emit({ seq: index + 1, runId: "run", agentPath: ["manager"], step: 1, ...speaker, type: "output-delta", stream: "stdout", text: `${index}` });
    throw new Error("over");
  });
  await run.result.catch(() => {});
  return (await eventsOf(run)).flatMap((event) => (event.type === "output-delta" ? [event.text] : []));
}

it("joins unread pieces of one text", async () => {
  expect(await textsOf({}, {}, {})).toEqual(["012"]);
});

it("joins no pieces of different agents, of different calls of one agent, and of different steps", async () => {
  const search = { agentPath: ["manager", "search"] };
  expect(await textsOf({}, { ...search, callPath: "1/tool.a/" }, { ...search, callPath: "1/tool.b/" })).toHaveLength(3);
  expect(await textsOf({ step: 1 }, { step: 2 })).toHaveLength(2);
});

/** What is left of these events for one who reads them once the run is over. */
async function unreadOf(events: readonly Partial<AgentEvent>[]): Promise<AgentEvent[]> {
  const run = new Run<never>(async ({ emit }) => {
    for (const [index, event] of events.entries()) emit({ seq: index + 1, runId: "run", agentPath: ["agent"], step: 1, ...event } as AgentEvent);
    throw new Error("over");
  });
  await run.result.catch(() => {});
  return eventsOf(run);
}

it("joins no pieces of different kinds", async () => {
  const text = "x";
  const events = await unreadOf([
    { type: "output-delta", stream: "stdout", text },
    { type: "output-delta", stream: "stderr", text },
    { type: "model-delta", part: "reasoning", text },
    { type: "model-delta", part: "text", text },
  ]);
  expect(events.map((event) => ("text" in event ? event.text : event.type))).toEqual(["x", "x", "x", "x"]);
});

it("keeps the newest thousand events for a reader who comes late", async () => {
  const events = await unreadOf(Array.from({ length: 1_500 }, () => ({ type: "step-start" })));
  const seen = events.map(({ seq }) => seq);
  expect([seen.length, seen[0], seen.at(-1)]).toEqual([1_000, 501, 1_500]);
});
