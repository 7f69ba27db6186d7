import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadExecutor, type SessionRef, type Value } from "@codelet/core";
import { driveStep } from "@codelet/executor-contract";
import type { E2bServer, ReceivedRequest } from "@codelet/local-e2b";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { e2bExecutor } from "./e2b-executor.ts";
import { startLocalService } from "./testing/local-service.ts";

let server: E2bServer;
const requests: ReceivedRequest[] = [];

beforeAll(async () => {
  server = await startLocalService({ onRequest: (request) => requests.push(request) });
});

beforeEach(() => {
  requests.length = 0;
});

afterAll(() => server.close());

const sentTo = (path: string): readonly ReceivedRequest[] => requests.filter((request) => request.path === path);
const bodyOf = (request: ReceivedRequest | undefined): Record<string, unknown> => JSON.parse(String(request?.body)) as Record<string, unknown>;

describe("what is sent to E2B", () => {
  it("asks for a sandbox without the internet, without traffic from outside and without variables", async () => {
    const session = await e2bExecutor({ metadata: { user: "7" } }).open();
    expect(bodyOf(sentTo("/v2/sandboxes")[0])).toEqual({
      templateID: "code-interpreter-v1",
      metadata: { createdBy: "codelet", user: "7" },
      envVars: {},
      timeout: 300,
      allow_internet_access: false,
      network: { allowPublicTraffic: false },
    });
    await session[Symbol.asyncDispose]();
  });

  it("passes the template, variables and the internet on when they are asked for", async () => {
    const executor = e2bExecutor({ template: "base", envs: { REPORT: "weekly" }, allowInternetAccess: true });
    expect(executor.capabilities).toMatchObject({ isolation: 4, network: "full" });
    const session = await executor.open();
    expect(bodyOf(sentTo("/v2/sandboxes")[0])).toMatchObject({ templateID: "base", envVars: { REPORT: "weekly" }, allow_internet_access: true });
    expect((await driveStep(session, "import os\nos.environ['REPORT']")).execution.value).toBe("weekly");
    await session[Symbol.asyncDispose]();
  });

  it("gives no stream a deadline, which would be its process's", async () => {
    const session = await e2bExecutor().open();
    server.faults.dropStreams();
    expect((await driveStep(session, "1")).execution.value).toBe(1);
    const streams = [...sentTo("/process.Process/Start"), ...sentTo("/process.Process/Connect")];
    expect(streams.length).toBeGreaterThanOrEqual(2);
    for (const { headers } of streams) expect(headers["connect-timeout-ms"]).toBeUndefined();
    await session[Symbol.asyncDispose]();
  });

  it("holds the key in requests to the control API only, and nowhere in the sandbox", async () => {
    const session = await e2bExecutor().open();
    const search =
      "import os\n[dict(os.environ), open('/proc/self/cmdline').read(), open(f'/proc/{os.getppid()}/cmdline').read(), open(f'/proc/{os.getppid()}/environ').read()]";
    const { execution } = await driveStep(session, search);
    expect(JSON.stringify(execution.value)).toContain("E2B_SANDBOX_ID");
    expect(JSON.stringify(execution)).not.toContain(server.apiKey);
    for (const { folder } of server.sandboxes.values())
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) expect(readFileSync(path.join(entry.parentPath, entry.name)).includes(server.apiKey)).toBe(false);
    for (const { sandboxId, headers, body } of requests) {
      expect(body.includes(server.apiKey)).toBe(false);
      const decoded = [...String(body).matchAll(/"stdin":"([^"]+)"/g)].map(([, text = ""]) => Buffer.from(text, "base64").toString());
      expect(decoded.join("")).not.toContain(server.apiKey);
      if (sandboxId !== undefined) expect(JSON.stringify(headers)).not.toContain(server.apiKey);
    }
    expect(JSON.stringify(session.reference)).not.toContain(server.apiKey);
    await session[Symbol.asyncDispose]();
  });
});

describe("a sandbox's life", () => {
  it("is prolonged while its session is open, and ends with it", async () => {
    const session = await e2bExecutor({ timeoutMs: 10_000 }).open();
    const [sandbox] = server.sandboxes.values();
    const endsAt = sandbox?.endsAt.getTime() ?? 0;
    await sleep(3_600);
    expect(sandbox?.endsAt.getTime()).toBeGreaterThan(endsAt + 3_000);
    await session[Symbol.asyncDispose]();
    expect(server.sandboxes.size).toBe(0);
    requests.length = 0;
    await sleep(3_600);
    expect(requests).toEqual([]);
  }, 15_000);

  it("isn't prolonged any more when its session could not be opened", async () => {
    server.faults.respond(502, { path: "/process.Process/SendInput" });
    await expect(e2bExecutor({ timeoutMs: 10_000 }).open()).rejects.toMatchObject({ code: "executor-crashed" });
    requests.length = 0;
    await sleep(3_600);
    expect(requests).toEqual([]);
  }, 15_000);

  it("ends also when E2B doesn't listen at first", async () => {
    const session = await e2bExecutor().open();
    server.faults.respond(503, { path: "/sandboxes/", times: 2 });
    await session[Symbol.asyncDispose]();
    expect(server.sandboxes.size).toBe(0);
  });

  it("goes on in the middle of a step with another host when its own is killed, each call once", async () => {
    const module = new URL("../dist/index.js", import.meta.url).href;
    const program = `const { e2bExecutor } = await import(${JSON.stringify(module)});
      const session = await e2bExecutor().open({ tools: [{ name: "tick", description: "Counts.", inputSchema: {} }] });
      session.start("print('begun')\\nout = [tick(n) for n in range(3)]\\nout");
      const first = await session.next();
      session.deliver([{ id: first.calls[0].id, value: "first" }]);
      const second = await session.next();
      console.log(JSON.stringify({ reference: session.reference, id: second.calls[0].id }));
      await session.next();`;
    const host = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(host.stdout, "data");
    const { reference, id } = JSON.parse(String(line)) as { readonly reference: SessionRef; readonly id: string };
    host.kill("SIGKILL");
    await once(host, "close");
    const session = await e2bExecutor().open({ restore: reference });
    session.resume?.();
    const answered: Value[] = [];
    let advance = await session.next();
    expect(advance).toMatchObject({ type: "calls", calls: [{ id, tool: "tick", args: [1] }] });
    for (; advance.type === "calls"; advance = await session.next()) {
      for (const call of advance.calls) answered.push(call.args[0] ?? null);
      session.deliver(advance.calls.map((call) => ({ id: call.id, value: "again" })));
    }
    expect(answered).toEqual([1, 2]);
    expect(advance.execution).toMatchObject({ value: ["first", "again", "again"], logs: "begun\n", stateLost: false });
    await session[Symbol.asyncDispose]();
    expect(server.sandboxes.size).toBe(0);
  });

  it("ends by itself when its host is killed", async () => {
    const module = new URL("../dist/index.js", import.meta.url).href;
    const program = `const { e2bExecutor } = await import(${JSON.stringify(module)});
      const session = await e2bExecutor({ timeoutMs: 10_000 }).open();
      session.start("import time\\nprint('busy', flush=True)\\nwhile True: pass", { timeoutMs: 60_000, onOutput: () => console.log("busy") });
      await session.next();`;
    const host = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await once(host.stdout, "data");
    expect(server.sandboxes.size).toBe(1);
    host.kill("SIGKILL");
    await expect.poll(() => server.sandboxes.size, { timeout: 12_000, interval: 100 }).toBe(0);
  }, 25_000);
});

describe("executorType", () => {
  it("loads the executor by its type, with options", async () => {
    const executor = await loadExecutor("e2b", { allowInternetAccess: true });
    expect(executor).toMatchObject({ name: "e2b", capabilities: { network: "full" } });
    await expect(loadExecutor("e2b", { template: "" })).rejects.toThrow("template");
  });

  it("says in one line how to install the SDK where it is missing", async () => {
    const module = new URL("../dist/index.js", import.meta.url).href;
    const program = `import { registerHooks } from "node:module";
      registerHooks({ resolve(specifier, context, next) {
        if (specifier === "@e2b/code-interpreter") throw Object.assign(new Error("not there"), { code: "ERR_MODULE_NOT_FOUND" });
        return next(specifier, context);
      } });
      const { e2bExecutor } = await import(${JSON.stringify(module)});
      const error = await e2bExecutor().open().catch((thrown) => thrown);
      console.log(error.code, error.message);`;
    const host = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    const [line] = await once(host.stdout, "data");
    expect(String(line).trim()).toBe(
      "missing-package The E2B executor needs the package @e2b/code-interpreter. Run: npm install @e2b/code-interpreter",
    );
  });
});
