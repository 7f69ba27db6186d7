import { CodeAgent, type CodeletError, type ModelFunction, type SessionRef, tool } from "@codelet/core";
import { jsonSchema } from "@codelet/core/json-schema";
import { driveStep, refusalOf } from "@codelet/executor-contract";
import type { E2bServer } from "@codelet/local-e2b";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { e2bExecutor } from "./e2b-executor.ts";
import type { E2bExecutorOptions } from "./options.ts";
import { startLocalService } from "./testing/local-service.ts";

let server: E2bServer;
const paths: string[] = [];

beforeAll(async () => {
  server = await startLocalService({ onRequest: ({ path }) => paths.push(path) });
});

afterEach(() => server.faults.clear());

afterAll(() => server.close());

function refusal(attempt: Promise<unknown>): Promise<CodeletError> {
  return refusalOf(attempt, { secrets: [server.apiKey] });
}

const open = (options?: E2bExecutorOptions): Promise<unknown> => e2bExecutor(options).open();

describe("open", () => {
  it.each([
    [400, "configuration", /refuses.*Check `template`/],
    [401, "configuration", /refuses the API key\. Set E2B_API_KEY/],
    [403, "configuration", /refuses it.*plan/],
    [404, "configuration", /refuses it\. Check `template`/],
    [429, "executor-crashed", /rate limit.*try again later/],
    [500, "executor-crashed", /has a fault.*try again later/],
    [502, "executor-crashed", /has a fault.*try again later/],
    [503, "executor-crashed", /no capacity.*Try again later/],
  ])("says what to do when E2B answers %i", async (status, code, message) => {
    server.faults.respond(status, { path: "/v2/sandboxes" });
    const error = await refusal(open());
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each(["/process.Process/Start", "/process.Process/SendInput"])("leaves no sandbox when %s fails", async (path) => {
    server.faults.respond(502, { path });
    expect(await refusal(open())).toMatchObject({ code: "executor-crashed" });
    expect(server.sandboxes.size).toBe(0);
  });

  it("says what to do about a slow start, and leaves nothing when it is given up", async () => {
    server.faults.slowStart(600);
    expect(await refusal(open({ requestTimeoutMs: 100 }))).toMatchObject({
      code: "executor-crashed",
      message: expect.stringContaining("requestTimeoutMs"),
    });
    const startedAt = performance.now();
    expect(await refusal(e2bExecutor().open({ signal: AbortSignal.timeout(100) }))).toMatchObject({ code: "aborted" });
    expect(performance.now() - startedAt).toBeLessThan(500);
    await expect.poll(() => server.sandboxes.size, { timeout: 3_000 }).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(server.sandboxes.size).toBe(0);
  });

  it("says what to do about a key that is missing, wrong or no key", async () => {
    const key = process.env.E2B_API_KEY;
    delete process.env.E2B_API_KEY;
    expect(await refusal(open())).toMatchObject({ code: "configuration", message: expect.stringContaining("set E2B_API_KEY") });
    process.env.E2B_API_KEY = "two words";
    expect(await refusal(open())).toMatchObject({ code: "configuration", message: expect.not.stringContaining("two words") });
    process.env.E2B_API_KEY = key;
    expect(await refusal(open({ apiKey: "e2b_wrong" }))).toMatchObject({ code: "configuration", message: expect.not.stringContaining("e2b_wrong") });
    for (const apiKey of ["e2b_\nsecret", "", "clé"]) expect(() => e2bExecutor({ apiKey })).toThrow(expect.not.stringContaining("secret"));
  });

  it("says what to do about an unknown template", async () => {
    expect(await refusal(open({ template: "mine" }))).toMatchObject({
      code: "configuration",
      message: expect.stringMatching(/'mine' not found.*Check `template`/),
    });
  });

  it("says that E2B can't be reached", async () => {
    const url = process.env.E2B_API_URL;
    process.env.E2B_API_URL = "http://127.0.0.1:9";
    expect(await refusal(open())).toMatchObject({ code: "executor-crashed", message: expect.stringContaining("Check the network") });
    process.env.E2B_API_URL = url;
  });

  it("says that a session that was left is gone, and refuses a reference that is none", async () => {
    const session = await e2bExecutor().open();
    const reference = await session.detach?.();
    server.faults.killSandbox();
    expect(await refusal(e2bExecutor().open({ restore: reference }))).toMatchObject({
      code: "executor-crashed",
      details: { sandbox: "gone" },
      message: expect.stringMatching(/gone.*open a new session/),
    });
    for (const machine of [null, {}, { sandboxId: "../x", pid: 1 }, { sandboxId: "i1", pid: "1" }, { sandboxId: "i".repeat(1_000_000), pid: 1 }]) {
      const data = { ...(reference?.data as object), machine };
      expect(await refusal(e2bExecutor().open({ restore: { executor: "e2b", data } }))).toMatchObject({
        code: "configuration",
        message: "The reference names no sandbox of E2B.",
      });
    }
  });
});

it.each([
  [401, "/"],
  [403, "/"],
  [429, "/"],
  [500, "/"],
  [502, "/process.Process/"],
  [503, "/"],
])("takes no session for lost where E2B answers %i", async (status, path) => {
  const session = await e2bExecutor().open();
  await driveStep(session, "kept = 5");
  const restore = await session.detach?.();
  server.faults.respond(status, { times: 1_000, path });
  const error = await refusal(e2bExecutor().open({ restore }));
  expect([error.code, error.details.sandbox]).toEqual([expect.stringMatching(/^(configuration|executor-crashed)$/), undefined]);
  server.faults.clear();
  await using found = await e2bExecutor().open({ restore });
  expect((await driveStep(found, "kept")).execution.value).toBe(5);
});

it.each([401, 503])("leaves a run that waits as it was while E2B answers %i, and goes on in its sandbox afterwards", async (status) => {
  const pay = tool({
    ...{ name: "pay", description: "Pays.", input: jsonSchema<object>({ type: "object", properties: {} }), needsApproval: true },
    execute: () => 1,
  });
  const codes = ["x = 7", "final_answer([x, pay()])"];
  const model: ModelFunction = async ({ messages }) => `<code>\n${codes[messages.filter(({ role }) => role === "assistant").length]}\n</code>`;
  const agent = new CodeAgent({ model, executor: e2bExecutor(), tools: [pay] });
  const waiting = await agent.run("Pay.");
  if (waiting.state !== "suspended") throw new Error(waiting.state);
  const decisions = Object.fromEntries(waiting.pending.map(({ id }) => [id, true]));
  server.faults.respond(status, { times: 1_000 });
  await expect(agent.resume(waiting.resumeState, { decisions })).rejects.toMatchObject({ code: "executor-crashed", details: { retryable: true } });
  server.faults.clear();
  expect(await agent.resume(waiting.resumeState, { decisions })).toMatchObject({ state: "success", output: [7, 1] });
});

describe("a running step", () => {
  it("ends with what to do when its sandbox is killed", async () => {
    const session = await e2bExecutor().open();
    const step = driveStep(session, "import time\ntime.sleep(60)");
    step.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    paths.length = 0;
    server.faults.killSandbox();
    const error = await refusal(step);
    expect(error).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/sandbox is gone.*Open a new session/) });
    expect(paths.filter((path) => path === "/process.Process/Connect")).toHaveLength(1); // E2B has said that it won't come back
    await session[Symbol.asyncDispose]();
  });

  it("ends at once when its supervisor dies in a sandbox that lives on", async () => {
    const session = await e2bExecutor().open();
    const { machine } = (session.reference as SessionRef).data as { readonly machine: { readonly pid: number } };
    const step = driveStep(session, "import time\ntime.sleep(60)");
    step.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    paths.length = 0;
    process.kill(machine.pid, "SIGKILL");
    const error = await refusal(step);
    expect(error).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/process.*is gone.*Open a new session/) });
    expect(paths.filter((path) => path === "/process.Process/Connect")).toHaveLength(1);
    await session[Symbol.asyncDispose]();
  });

  it("ends at once with what to do when the key expires and the connection drops", async () => {
    const session = await e2bExecutor().open();
    const step = driveStep(session, "import time\ntime.sleep(60)");
    step.catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    paths.length = 0;
    server.faults.expireToken();
    server.faults.dropStreams();
    expect(await refusal(step)).toMatchObject({ code: "configuration", message: expect.stringContaining("refuses the API key. Set E2B_API_KEY") });
    expect(paths.filter((path) => path === "/process.Process/Connect")).toHaveLength(1);
    server.faults.clear();
    await session[Symbol.asyncDispose]();
  });

  it("goes on when only the sandbox refuses what connects again, for a while", async () => {
    const session = await e2bExecutor().open();
    const step = driveStep(session, "import time\ntime.sleep(0.5)\n7");
    await new Promise((resolve) => setTimeout(resolve, 100));
    server.faults.respond(401, { path: "/process.Process/Connect", times: 3 });
    server.faults.dropStreams();
    expect((await step).execution).toMatchObject({ value: 7, stateLost: false });
    await session[Symbol.asyncDispose]();
  });
});
