import { setTimeout as sleep } from "node:timers/promises";
import type { CodeletError, ExecutorSession, Value } from "@codelet/core";
import { contractTools, driveStep, nextCall, refusalOf, untilDone } from "@codelet/executor-contract";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useLocalBlaxel } from "./testing/local-blaxel.ts";

const server = await useLocalBlaxel();
const { blaxelExecutor } = await import("./blaxel-executor.ts");

const sessions: ExecutorSession[] = [];
beforeEach(() => server.faults.clear());
afterEach(async () => {
  vi.unstubAllEnvs();
  server.faults.clear();
  await Promise.all(sessions.splice(0).map((session) => session[Symbol.asyncDispose]()));
  expect(server.sandboxes).toEqual([]);
});
afterAll(() => server.close());

async function open(): Promise<ExecutorSession> {
  const session = await blaxelExecutor({ env: { REPORT: "weekly" } }).open({ tools: contractTools });
  sessions.push(session);
  return session;
}

function refusal(attempt: Promise<unknown>): Promise<CodeletError> {
  return refusalOf(attempt, { secrets: [server.apiKey] });
}

describe("open says what to do when Blaxel", () => {
  it("refuses the key", async () => {
    server.faults.expireToken();
    expect(await refusal(open())).toMatchObject({ code: "configuration", message: expect.stringMatching(/BL_API_KEY and BL_WORKSPACE/) });
  });

  it("has a key that can't be sent, of which nothing is shown", async () => {
    for (const key of ["bl_s3cret\nx", "bl_s3cret漢"]) {
      vi.stubEnv("BL_API_KEY", key);
      const error = await refusalOf(blaxelExecutor().open(), { secrets: ["s3cret"] });
      expect(error).toMatchObject({ code: "configuration", message: expect.stringContaining("BL_API_KEY holds spaces") });
    }
  });

  it("has reached the account's limit", async () => {
    server.faults.respond(429, { times: 20, path: "/v0/sandboxes" });
    expect(await refusal(open())).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/limit is reached/) });
  });

  it("can't start a sandbox", async () => {
    server.faults.respond(500, { times: 20, path: "/v0/sandboxes" });
    expect(await refusal(open())).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/Try again/) });
  });

  it("loses the sandbox before it answers", async () => {
    server.faults.respond(404, { times: 1_000, path: "/port/" });
    const opening = blaxelExecutor({ startTimeoutMs: 1_000 }).open();
    expect(await refusal(opening)).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/did not answer in 1000 ms/) });
  });

  it("can't install a package", async () => {
    const opening = blaxelExecutor({ packages: ["no-such-package-of-codelet"] }).open();
    expect(await refusal(opening)).toMatchObject({ code: "configuration", message: expect.stringMatching(/pip could not install no-such-package/) });
  });
});

it("needs no second answer about a sandbox that it has just started, which would be left when none came", async () => {
  server.faults.respond(500, { times: 1_000, path: "/v0/sandboxes/" });
  expect((await driveStep(await open(), "1 + 1")).execution.value).toBe(2);
});

it("waits for a slow start, and leaves nothing when it is given up meanwhile", async () => {
  server.faults.slowStart(700);
  expect((await driveStep(await open(), "1 + 1")).execution.value).toBe(2);
  const startedAt = performance.now();
  expect(await refusal(blaxelExecutor().open({ signal: AbortSignal.timeout(100) }))).toMatchObject({ code: "aborted" });
  expect(performance.now() - startedAt).toBeLessThan(500);
  await sleep(1_000); // it comes after all, and goes
  expect(server.sandboxes).toHaveLength(sessions.length);
});

it("gives code the variables of the options and none of the account", async () => {
  const { value } = (await driveStep(await open(), "import os\ndict(os.environ)")).execution;
  expect(value).toMatchObject({ REPORT: "weekly" });
  expect(JSON.stringify(value)).not.toMatch(/BL_|CODELET_TOKEN/);
  expect(JSON.stringify(value)).not.toContain(server.apiKey);
});

it.each([502, 429])("deletes a sandbox though Blaxel answers %i at first", async (status) => {
  const session = await open();
  server.faults.respond(status, { path: "/v0/sandboxes/", times: 2 });
  await session[Symbol.asyncDispose]();
  expect(server.sandboxes).toEqual([]);
});

it("says that a session that was left is gone, and when the key is refused while it is left", async () => {
  const session = await blaxelExecutor().open();
  const reference = await session.detach?.();
  server.faults.killSandbox();
  expect(await refusal(blaxelExecutor().open({ restore: reference }))).toMatchObject({
    code: "executor-crashed",
    details: { sandbox: "gone" },
    message: expect.stringMatching(/is gone.*open a new session/),
  });
  const refused = await open();
  server.faults.expireToken();
  server.faults.dropStreams();
  expect(await refusal(refused.detach?.() as Promise<unknown>)).toMatchObject({
    code: "configuration",
    message: expect.stringContaining("Set `apiKey`"),
  });
  server.faults.clear();
  server.faults.killSandbox(); // it could not be deleted with that key
});

it.each([
  [401, "/v0/sandboxes/"],
  [403, "/v0/sandboxes/"],
  [429, "/v0/sandboxes/"],
  [500, "/v0/sandboxes/"],
  [502, "/port/"],
])("takes no session for lost where Blaxel answers %i to %s", async (status, path) => {
  const session = await open();
  await driveStep(session, "kept = 5");
  const restore = await session.detach?.();
  server.faults.respond(status, { times: 1_000, path });
  const error = await refusal(blaxelExecutor({ startTimeoutMs: 1_000 }).open({ restore }));
  expect([error.code, error.details.sandbox]).toEqual([expect.stringMatching(/^(configuration|executor-crashed)$/), undefined]);
  server.faults.clear();
  const found = await blaxelExecutor().open({ restore });
  sessions.push(found);
  expect((await driveStep(found, "kept")).execution.value).toBe(5);
});

it("takes a session for lost whose supervisor has ended in a sandbox that lives on", async () => {
  const session = await open();
  const restore = await session.detach?.();
  const { SandboxInstance } = await import("@blaxel/core");
  const live = await SandboxInstance.get(server.sandboxes[0] as string);
  await live.process.kill("codelet");
  await expect.poll(async () => (await live.process.get("codelet")).status).toBe("killed");
  const startedAt = performance.now();
  expect((await refusal(blaxelExecutor().open({ restore }))).details).toEqual({ sandbox: "gone" });
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  await live.delete();
});

describe("in the middle of a step", () => {
  it("answers of a proxy in place of the port's are lived through, each call once", async () => {
    const session = await open();
    const seen: Value[] = [];
    session.start("[echo(n) for n in range(12)]");
    for (let count = 0; count < 12; count++) {
      const { id, args } = await nextCall(session);
      seen.push(args[0] as Value);
      if (count % 3 === 0) server.faults.respond(502, { times: 2, path: "/port/" });
      if (count % 3 === 1) server.faults.loseAnswers({ path: "/port/" });
      if (count % 3 === 2) server.faults.dropStreams();
      session.deliver([{ id, value: args[0] as Value }]);
    }
    const numbers = Array.from({ length: 12 }, (_, index) => index);
    expect((await untilDone(session)).execution).toMatchObject({ value: numbers });
    expect(seen).toEqual(numbers);
  });

  it("streams that drop in each state lose nothing", async () => {
    const session = await open();
    session.start("import time\nprint('a')\ntime.sleep(0.3)\nprint('b')\necho(1)");
    await sleep(100);
    server.faults.dropStreams();
    const { id } = await nextCall(session);
    server.faults.dropStreams();
    session.deliver([{ id, value: "x".repeat(3_000_000) }]);
    await sleep(5);
    server.faults.dropStreams();
    expect((await untilDone(session)).execution).toMatchObject({ value: "x".repeat(3_000_000), logs: "a\nb\n" });
    server.faults.dropStreams();
    session.start("print('end')");
    server.faults.dropStreams();
    expect((await untilDone(session)).execution).toMatchObject({ logs: "end\n", stateLost: false });
  });

  it("a port that can't be found for a while is tried again while the sandbox lives", async () => {
    const session = await open();
    session.start("echo(1) + 1");
    const { id } = await nextCall(session);
    server.faults.respond(404, { times: 2, path: "/port/" });
    server.faults.dropStreams();
    session.deliver([{ id, value: 1 }]);
    expect((await untilDone(session)).execution).toMatchObject({ value: 2, stateLost: false });
  });

  it("a port that refuses the key is tried again when Blaxel takes it", async () => {
    const session = await open();
    session.start("echo(1) + 1");
    const { id } = await nextCall(session);
    server.faults.respond(401, { times: 2, path: "/port/" });
    server.faults.dropStreams();
    session.deliver([{ id, value: 1 }]);
    expect((await untilDone(session)).execution).toMatchObject({ value: 2, stateLost: false });
  });

  it("a sandbox that is gone, or a key that has expired, ends the session at once with a word about it", async () => {
    const killed = await open();
    killed.start("import time\ntime.sleep(60)");
    server.faults.killSandbox();
    const attempts = (): number => server.requests.filter((request) => request.endsWith("/out")).length;
    const before = attempts();
    expect(await refusal(killed.next())).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/sandbox is gone.*status 404/) });
    expect(attempts()).toBe(before + 1); // Blaxel has said that it won't come back
    const expired = await open();
    expired.start("import time\ntime.sleep(60)");
    const beforeExpiry = attempts();
    server.faults.expireToken();
    server.faults.dropStreams();
    expect(await refusal(expired.next())).toMatchObject({ code: "configuration", message: expect.stringMatching(/key is not valid\. Set `apiKey`/) });
    expect(attempts()).toBe(beforeExpiry + 1);
    server.faults.clear();
    server.faults.killSandbox(); // it could not be deleted with that key
  });
});
