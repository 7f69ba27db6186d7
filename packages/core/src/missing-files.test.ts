import { fakeExecutor, scriptedModel } from "@codelet/testing";
import { expect, it, vi } from "vitest";
import { CodeAgent } from "./code-agent.ts";
import { jsonSchema } from "./json-schema.ts";
import { call, says } from "./testing/tool-calls.ts";
import { tool } from "./tool.ts";
import { ToolCallingAgent } from "./tool-calling-agent.ts";

const files = vi.hoisted(() => ({ areGone: true }));

vi.mock("./with-others.ts", (load) => {
  if (files.areGone) throw new Error("the file is gone");
  return load();
});

const none = jsonSchema<object>({ type: "object", properties: {} });
const paid: string[] = [];
const pay = tool({ name: "pay", description: "Pays.", input: none, needsApproval: true, execute: () => paid.push("paid") });
const approve = () => true;

it("a file of the kernel that can't be loaded ends the run, and is no error that a model could do something about", async () => {
  const model = scriptedModel([says(call("pay", {})), says(call("final_answer", { answer: "not paid" }))]);
  await expect(new ToolCallingAgent({ model, tools: [pay] }).run("task", { approve })).rejects.toMatchObject({ run: { steps: {} } });
  expect([paid, model.requests.length]).toEqual([[], 1]);
});

it("so it does in the middle of a program, also where an agent is called", async () => {
  const openFake = fakeExecutor(({ code, call: callTool, finalAnswer }) =>
    code === "answer" ? finalAnswer("not paid") : callTool(code, []).catch(() => "caught"),
  );
  const worker = new ToolCallingAgent({ name: "worker", description: "Works.", model: scriptedModel([]) });
  for (const name of ["pay", "worker"]) {
    const model = scriptedModel([`<code>\n${name}\n</code>`, "<code>\nanswer\n</code>"]);
    const agent = new CodeAgent({ model, tools: [pay], managedAgents: [worker], executor: openFake });
    await expect(agent.run("task", { approve })).rejects.toMatchObject({ run: { steps: {} } });
  }
  expect([paid, openFake.openSessions]).toEqual([[], 0]);
});

it("the program is stopped first: the next run of the conversation has the same sandbox, and the calls beside it have ended", async () => {
  const events: string[] = [];
  const wait = tool({
    name: "wait",
    description: "Waits.",
    input: none,
    execute: (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  const openFake = fakeExecutor(async ({ code, call: callTool, finalAnswer, signal }) => {
    if (code === "answer") return finalAnswer(events);
    signal.addEventListener("abort", () => events.push("stopped"));
    await Promise.all([callTool("wait", []), callTool("pay", [])]);
  });
  const model = scriptedModel(["<code>\npay\n</code>", "<code>\nanswer\n</code>"]);
  await using chat = new CodeAgent({ model, tools: [pay, wait], executor: openFake }).conversation();
  await expect(chat.run("task", { approve })).rejects.toMatchObject({ run: { steps: {} } });
  files.areGone = false;
  expect(await chat.run("And now?", { approve })).toMatchObject({ state: "success", output: ["stopped"] });
  expect(openFake.openedSessions).toBe(1);
});
