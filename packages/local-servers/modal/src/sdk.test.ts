import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startModalServer } from "./modal-server.ts";

const server = await startModalServer();
Object.assign(process.env, { MODAL_SERVER_URL: server.url, MODAL_TOKEN_ID: server.tokenId, MODAL_TOKEN_SECRET: server.tokenSecret });
const { ModalClient } = await import("modal");
const client = new ModalClient();
beforeEach(() => server.faults.clear());
afterAll(async () => {
  client.close();
  await server.close();
});

type Sandbox = Awaited<ReturnType<typeof client.sandboxes.create>>;

async function withSandbox(use: (sandbox: Sandbox) => Promise<void>, timeoutMs = 60_000): Promise<void> {
  const app = await client.apps.fromName("test", { createIfMissing: true });
  const sandbox = await client.sandboxes.create(app, client.images.fromRegistry("python:3.13-slim"), { timeoutMs, env: { REPORT: "weekly" } });
  try {
    await use(sandbox);
  } finally {
    await sandbox.terminate();
    sandbox.detach();
  }
}

describe("the real SDK", () => {
  it("creates a sandbox, runs a command with its variables, and ends it", () =>
    withSandbox(async (sandbox) => {
      expect(server.sandboxes).toEqual([sandbox.sandboxId]);
      const process = await sandbox.exec(["sh", "-c", "echo $REPORT; echo problem >&2; exit 3"]);
      expect(await process.stdout.readText()).toBe("weekly\n");
      expect(await process.stderr.readText()).toBe("problem\n");
      expect(await process.wait()).toBe(3);
      await sandbox.terminate();
      expect(server.sandboxes).toEqual([]);
    }));

  it("writes to a command and reads from it as it goes, in bytes", () =>
    withSandbox(async (sandbox) => {
      const process = await sandbox.exec(["cat"], { mode: "binary" });
      const writer = process.stdin.getWriter();
      const reader = process.stdout.getReader();
      for (const byte of [0, 10, 255]) {
        await writer.write(Uint8Array.of(byte));
        expect([...((await reader.read()).value ?? [])]).toEqual([byte]);
      }
      await writer.close();
      expect(await process.wait()).toBe(0);
    }));

  it("says that a command is not there", () =>
    withSandbox(async (sandbox) => {
      const process = await sandbox.exec(["no-such-command"]);
      expect(await process.wait()).toBe(127);
    }));

  it("finds that a sandbox has lived its time", () =>
    withSandbox(async (sandbox) => {
      await expect.poll(() => server.sandboxes, { timeout: 5_000 }).toEqual([]);
      expect(await sandbox.poll()).not.toBeNull();
    }, 1_000));
});

describe("a fault", () => {
  it("drops a stream, which the SDK takes up where it was", () =>
    withSandbox(async (sandbox) => {
      const process = await sandbox.exec(["sh", "-c", "echo one; sleep 0.5; echo two"]);
      setTimeout(() => server.faults.dropStreams(), 200);
      expect(await process.stdout.readText()).toBe("one\ntwo\n");
    }));

  it("loses an answer, and what was asked for is done once", () =>
    withSandbox(async (sandbox) => {
      const process = await sandbox.exec(["cat"]);
      server.faults.loseAnswers({ method: "taskExecStdinWrite" });
      const writer = process.stdin.getWriter();
      await writer.write("once\n");
      await writer.close();
      expect(await process.stdout.readText()).toBe("once\n");
    }));

  it("refuses a token that has expired", async () => {
    server.faults.expireToken();
    await expect(client.apps.fromName("other", { createIfMissing: true })).rejects.toMatchObject({ code: 16 });
  });
});
