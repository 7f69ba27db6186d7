import { expect, it } from "vitest";
import { z } from "zod";
import { CodeAgent } from "./code-agent.ts";
import type { JournalFactory } from "./journal.ts";
import { noUsage } from "./model.ts";
import { liveSandboxes } from "./testing/live-sandboxes.ts";
import { standstill, storedJournal } from "./testing/stored-journal.ts";
import { tool } from "./tool.ts";

const answering = (code: string) => ({
  id: "one answer",
  generate: async () => ({
    content: [{ type: "text" as const, text: `<code>\n${code}\n</code>` }],
    usage: noUsage,
    finishReason: "stop" as const,
  }),
});

it.each([false, true])(
  "a team that its journal leaves keeps the manager's sandbox, and ends the one whose program was stopped; memory: %s",
  async (keepsMemory) => {
    const { executor, sandboxes } = liveSandboxes(async ({ code, call }) => {
      if (code === "wait") return call("slow", []);
      return (await Promise.all([call("helper", ["Wait."]), call("quick", [])])).length;
    });
    const slow = tool({ name: "slow", description: "Waits.", input: z.object({}), execute: () => new Promise<null>(() => {}) });
    const quick = tool({
      name: "quick",
      description: "Acts.",
      input: z.object({}),
      execute: () => new Promise((resolve) => setTimeout(resolve, 20)),
    });
    const helper = new CodeAgent({
      ...{ name: "helper", description: "Helps.", keepsMemory },
      ...{ executor, model: answering("wait"), tools: [slow] },
    });
    const lost = new Error("another process has the run");
    const store = new Map<string, string>();
    const journal: JournalFactory = (run) => {
      const kept = storedJournal(store)(run);
      return {
        ...kept,
        call: (key, ...rest) => kept.call<never>(key, ...rest).then((outcome) => (key.endsWith("quick") ? Promise.reject(lost) : outcome)),
      };
    };
    const agent = new CodeAgent({ executor, model: answering("both"), tools: [quick], managedAgents: [helper], journal });
    await expect(agent.run("task", { runId: "r" })).rejects.toBe(lost);
    await standstill(store, []);
    expect(sandboxes.map(({ isEnded, isDetached }) => [isEnded, isDetached])).toEqual([
      [false, true],
      [true, false],
    ]);
  },
);
