import { setTimeout as sleep } from "node:timers/promises";
import type { CodeletError, ExecutorSession, Value } from "@codelet/core";
import { contractTools, driveStep, nextCall, refusalOf, untilDone } from "@codelet/executor-contract";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { useLocalModal } from "./testing/local-modal.ts";

const server = await useLocalModal();
const { modalExecutor } = await import("./modal-executor.ts");
/** Statuses of gRPC. */
const status = { exhausted: 8, internal: 13, unavailable: 14, unauthenticated: 16 } as const;

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
  const session = await modalExecutor({ env: { REPORT: "weekly" } }).open({ tools: contractTools });
  sessions.push(session);
  return session;
}

function refusal(attempt: Promise<unknown>): Promise<CodeletError> {
  return refusalOf(attempt, { secrets: [server.tokenSecret] });
}

describe("open says what to do when Modal", () => {
  it("refuses the token", async () => {
    server.faults.expireToken();
    expect(await refusal(open())).toMatchObject({ code: "configuration", message: expect.stringMatching(/MODAL_TOKEN_ID and MODAL_TOKEN_SECRET/) });
  });

  it("has no token", async () => {
    vi.stubEnv("MODAL_TOKEN_SECRET", "");
    expect(await refusal(open())).toMatchObject({
      code: "configuration",
      message: "Modal needs a token: set MODAL_TOKEN_ID and MODAL_TOKEN_SECRET, or pass `tokenId` and `tokenSecret`.",
    });
  });

  it("has a token that can't be sent, of which nothing is shown", async () => {
    for (const secret of ["as-s3cret\n", "as-s3crét"]) {
      vi.stubEnv("MODAL_TOKEN_SECRET", secret);
      const error = await refusalOf(open(), { secrets: ["s3cr"] });
      expect(error).toMatchObject({ code: "configuration", message: expect.stringContaining("token holds spaces") });
    }
  });

  it("has reached the account's limit", async () => {
    server.faults.respond(status.exhausted, { times: 20, method: "sandboxCreateV2" });
    expect(await refusal(open())).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/limit is reached/) });
  });

  it("can't start a sandbox", async () => {
    server.faults.respond(status.internal, { times: 20, method: "sandboxCreateV2" });
    expect(await refusal(open())).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/Try again/) });
  }, 60_000);
});

it("waits for a slow start, and leaves nothing when it is given up meanwhile", async () => {
  server.faults.slowStart(700);
  expect((await driveStep(await open(), "1 + 1")).execution.value).toBe(2);
  const startedAt = performance.now();
  expect(await refusal(modalExecutor().open({ signal: AbortSignal.timeout(100) }))).toMatchObject({ code: "aborted" });
  expect(performance.now() - startedAt).toBeLessThan(500);
  await sleep(1_000); // it comes after all, and goes
  expect(server.sandboxes).toHaveLength(sessions.length);
});

it("gives code the variables of the options and none of the account", async () => {
  const { value } = (await driveStep(await open(), "import os\ndict(os.environ)")).execution;
  expect(value).toMatchObject({ REPORT: "weekly" });
  expect(JSON.stringify(value)).not.toMatch(/MODAL_TOKEN/);
  expect(JSON.stringify(value)).not.toContain(server.tokenSecret);
});

it("ends a sandbox though Modal is busy at first", async () => {
  const session = await open();
  server.faults.respond(status.exhausted, { method: "sandboxTerminateV2", times: 2 });
  await session[Symbol.asyncDispose]();
  expect(server.sandboxes).toEqual([]);
});

describe("in the middle of a step", () => {
  it("calls that fail once, or whose answer is lost, happen once", async () => {
    const session = await open();
    const seen: Value[] = [];
    session.start("[echo(n) for n in range(9)]");
    for (let count = 0; count < 9; count++) {
      const { id, args } = await nextCall(session);
      seen.push(args[0] as Value);
      if (count % 3 === 0) server.faults.respond(status.unavailable, { method: "taskExecStdinWrite" });
      if (count % 3 === 1) server.faults.loseAnswers({ method: "taskExecStdinWrite" });
      if (count % 3 === 2) server.faults.dropStreams();
      session.deliver([{ id, value: args[0] as Value }]);
    }
    const numbers = Array.from({ length: 9 }, (_, index) => index);
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
    session.start("print('end')");
    server.faults.dropStreams();
    expect((await untilDone(session)).execution).toMatchObject({ logs: "end\n", stateLost: false });
  });

  it("a sandbox that is gone ends the session with a word about it", async () => {
    const session = await open();
    session.start("import time\ntime.sleep(60)");
    server.faults.killSandbox();
    expect(await refusal(session.next())).toMatchObject({ code: "executor-crashed", message: expect.stringMatching(/lost/) });
  });

  it.each(["when a stream breaks", "when a result is sent"])(
    "a token that is not valid any more ends the session with what to do, %s",
    async (when) => {
      const session = await open();
      session.start("echo(1)\nimport time\ntime.sleep(60)");
      const { id } = await nextCall(session);
      server.faults.expireToken();
      if (when === "when a stream breaks") server.faults.dropStreams();
      else session.deliver([{ id, value: 1 }]);
      expect(await refusal(session.next())).toMatchObject({
        code: "configuration",
        message: expect.stringMatching(/Set `tokenId` and `tokenSecret`, or MODAL_TOKEN_ID and MODAL_TOKEN_SECRET/),
      });
      server.faults.clear();
      server.faults.killSandbox(); // it could not be ended with that token
    },
  );
});
