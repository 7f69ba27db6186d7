import { platform } from "node:os";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { startBlaxelServer } from "./blaxel-server.ts";

const server = await startBlaxelServer();
Object.assign(process.env, {
  BL_API_URL: `${server.url}/v0`,
  BL_RUN_URL: server.url,
  BL_API_KEY: server.apiKey,
  BL_WORKSPACE: "local",
  BL_REGION: "local",
  BL_DISABLE_H2: "true",
  BL_DISABLE_CONTROL_PLANE_H2: "true",
});
const { SandboxInstance } = await import("@blaxel/core");
afterAll(() => server.close());
beforeEach(() => server.faults.clear());

async function withSandbox(use: (sandbox: InstanceType<typeof SandboxInstance>) => Promise<void>): Promise<void> {
  const sandbox = await SandboxInstance.create({ name: `test-${Math.random().toString(36).slice(2)}`, image: "blaxel/py-app:latest", memory: 2_048 });
  try {
    await use(sandbox);
  } finally {
    await SandboxInstance.delete(sandbox.metadata.name as string).catch(() => {});
  }
}

/** A web server for the work folder. */
const serve = (port: number): string => `exec python3 -m http.server ${port} --bind "$CODELET_ADDRESS"`;

describe("the real SDK", () => {
  it("creates, finds, lists and deletes a sandbox", () =>
    withSandbox(async (sandbox) => {
      const name = sandbox.metadata.name as string;
      expect((await SandboxInstance.get(name)).metadata.name).toBe(name);
      expect(server.sandboxes).toContain(name);
      await SandboxInstance.delete(name);
      expect(server.sandboxes).not.toContain(name);
      await expect(SandboxInstance.get(name)).rejects.toBeDefined();
    }));

  it("runs commands to their end, with what they print", () =>
    withSandbox(async ({ process }) => {
      const done = await process.exec({ command: "echo out; echo err >&2; exit 3", waitForCompletion: true });
      expect(done).toMatchObject({ exitCode: 3, status: "failed" });
      expect(await process.logs(done.name as string, "stdout")).toBe("out\n");
      expect(await process.logs(done.name as string, "stderr")).toBe("err\n");
    }));

  it("starts, finds, feeds and ends processes", () =>
    withSandbox(async ({ process }) => {
      await process.exec({ name: "cat", command: "cat", stdin: true, waitForCompletion: false });
      await expect(process.exec({ name: "cat", command: "cat" })).rejects.toMatchObject({ status: 409 });
      await process.writeStdin("cat", "a line\n");
      await process.closeStdin("cat");
      await expect.poll(async () => (await process.get("cat")).status).toBe("completed");
      expect(await process.logs("cat")).toBe("a line\n");
      await process.exec({ name: "sleep", command: "sleep 60", waitForCompletion: false });
      await process.kill("sleep");
      await expect.poll(async () => (await process.get("sleep")).status).toBe("killed");
      expect((await process.list()).map(({ name }) => name).sort()).toEqual(["cat", "sleep"]);
    }));

  it("writes and reads files, and sees them in commands", () =>
    withSandbox(async ({ fs, process }) => {
      await fs.write("data/a.txt", "text");
      expect(await fs.read("data/a.txt")).toBe("text");
      await process.exec({ name: "read", command: "cat data/a.txt", waitForCompletion: true });
      expect(await process.logs("read")).toBe("text");
      await expect(fs.read("missing")).rejects.toBeDefined();
    }));

  it("reaches a port, and hears that nothing answers on another", () =>
    withSandbox(async (sandbox) => {
      const port = 20_000 + Math.floor(Math.random() * 12_000);
      await sandbox.process.exec({ command: serve(port), waitForCompletion: false });
      await expect.poll(async () => (await sandbox.fetch(port, "/")).status, { timeout: 10_000 }).toBe(200);
      expect((await sandbox.fetch(port + 1, "/")).status).toBe(502);
    }));

  it.runIf(platform() === "linux")("reaches in each of two sandboxes what serves there on the same port", () =>
    withSandbox(async (one) =>
      withSandbox(async (other) => {
        const port = 20_000 + Math.floor(Math.random() * 12_000);
        for (const [sandbox, file] of [
          [one, "one"],
          [other, "other"],
        ] as const)
          await sandbox.process.exec({ command: `touch ${file}; ${serve(port)}`, waitForCompletion: false });
        await expect.poll(async () => (await one.fetch(port, "/one")).status, { timeout: 10_000 }).toBe(200);
        await expect.poll(async () => (await other.fetch(port, "/other")).status, { timeout: 10_000 }).toBe(200);
        expect((await one.fetch(port, "/other")).status).toBe(404);
      }),
    ),
  );
});

// Why the executor goes over a port: the log names the stream before each piece that its tailer took, wherever a line ends, and takes 4,096 bytes every 50 ms.
it("shows that the stream of the log carries no lines", () =>
  withSandbox(async ({ process }) => {
    const line = "x".repeat(6_000);
    await process.exec({ name: "lines", command: `printf '${line}\\n${line}\\n'`, waitForCompletion: false });
    const seen: string[] = [];
    const stream = process.streamLogs("lines", { onStdout: (text) => seen.push(text) });
    await expect.poll(async () => (await process.get("lines")).status).toBe("completed");
    await stream.wait();
    expect(seen).not.toContain(line);
  }));

describe("a fault", () => {
  it("answers with a status, so many times", () =>
    withSandbox(async (sandbox) => {
      server.faults.respond(429, { path: "/port/" });
      expect((await sandbox.fetch(1, "/")).status).toBe(429);
      expect((await sandbox.fetch(1, "/")).status).toBe(502);
    }));

  it("refuses a key that has expired", async () => {
    server.faults.expireToken();
    await expect(SandboxInstance.get("any")).rejects.toBeDefined();
  });

  it("ends a sandbox without a word", () =>
    withSandbox(async (sandbox) => {
      server.faults.killSandbox(sandbox.metadata.name);
      expect((await sandbox.fetch(1, "/")).status).toBe(404);
    }));
});
