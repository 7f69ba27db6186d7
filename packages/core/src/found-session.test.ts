import { expect, it } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { AbortedError } from "./errors.ts";
import type { Executor } from "./executor.ts";
import { noUsage } from "./model.ts";
import { liveSandboxes } from "./testing/live-sandboxes.ts";
import { type Store, standstill, storedJournal } from "./testing/stored-journal.ts";

it("is no failure of the program, which its journal would keep, where the run is aborted while it is looked for", async () => {
  const { executor, sandboxes } = liveSandboxes(async ({ code }) => (code === "end" ? ["final", "ended"] : null));
  const model = {
    id: "stateless",
    generate: async ({ messages }: { readonly messages: readonly { readonly role: string }[] }) => {
      const code = messages.filter(({ role }) => role === "assistant").length < 2 ? "more" : "end";
      return { content: [{ type: "text" as const, text: `<code>\n${code}\n</code>` }], usage: noUsage, finishReason: "stop" as const };
    },
  };
  const store: Store = new Map();
  const begin = (given: Executor, stopAt?: number, signal?: AbortSignal) =>
    new CodeAgent({ model, executor: given, journal: storedJournal(store, stopAt) }).run("task", { runId: "r", signal });
  const whole: Store = new Map();
  await new CodeAgent({ model, executor, journal: storedJournal(whole) }).run("task", { runId: "r" });
  void begin(executor, [...whole.keys()].indexOf("2/advance.0"));
  await standstill(store, []);

  const stopper = new AbortController();
  const hanging: Executor["open"] = ({ restore, signal } = {}) => {
    if (signal === undefined) return executor.open({ restore });
    stopper.abort();
    return Promise.reject(new AbortedError(signal.reason));
  };
  expect(await begin({ ...executor, open: hanging }, undefined, stopper.signal)).toMatchObject({ state: "aborted" });
  expect(sandboxes.map(({ isEnded }) => isEnded)).toEqual([true, true]);
  expect(JSON.parse(store.get("2/advance.0") ?? "")).toMatchObject({ value: { execution: { error: { name: "AbortError" }, stateLost: true } } });
  expect(await begin(executor)).toMatchObject({ state: "aborted" });
});
