import { expect, it } from "vitest";
import type { AgentEvent, EventBase } from "./events.ts";
import { Run } from "./run.ts";

/** The unread texts of a run whose agents print by turns. */
async function textsOf(...speakers: readonly Partial<EventBase>[]): Promise<string[]> {
  const run = new Run<never>(async ({ emit }) => {
    for (const [index, speaker] of speakers.entries())
      emit({ seq: index + 1, runId: "run", agentPath: ["manager"], step: 1, ...speaker, type: "output-delta", stream: "stdout", text: `${index}` });
    throw new Error("over");
  });
  await run.result.catch(() => {});
  const events: AgentEvent[] = [];
  for await (const event of run) events.push(event);
  return events.flatMap((event) => (event.type === "output-delta" ? [event.text] : []));
}

it("joins unread pieces of one text", async () => {
  expect(await textsOf({}, {}, {})).toEqual(["012"]);
});

it("joins no pieces of different agents, of different calls of one agent, and of different steps", async () => {
  const search = { agentPath: ["manager", "search"] };
  expect(await textsOf({}, { ...search, callPath: "1/tool.a/" }, { ...search, callPath: "1/tool.b/" })).toHaveLength(3);
  expect(await textsOf({ step: 1 }, { step: 2 })).toHaveLength(2);
});
