import { expect, it, vi } from "vitest";
import { chatServer } from "./testing/chat-server.ts";
import { runCli } from "./testing/cli-process.ts";

// The first run on a machine prepares the sandbox.
vi.setConfig({ testTimeout: 120_000 });

it("plays the recorded session without a key, and says so", async () => {
  const { code, stdout } = await runCli([], { entry: "demo.ts" });
  expect(stdout).toContain("codelet · a recorded session");
  expect(stdout).toContain("✗ TypeError");
  expect(stdout).toMatch(/Answer ─+\n {2}\{\n {4}"genre": "Adventure",\n/);
  expect(code).toBe(0);
});

it("runs a task with a real model", async () => {
  await using server = await chatServer("<code>\nfinal_answer(sum(range(10)))\n</code>");
  const { code, stdout } = await runCli(["What is the sum?", "--base-url", server.baseURL], { entry: "demo.ts" });
  expect(stdout).toContain("What is the sum?");
  expect(stdout).toContain("\n  45\n");
  expect(code).toBe(0);
});

it("says what is missing to run a task", async () => {
  const { code, stderr } = await runCli(["a task"], { entry: "demo.ts" });
  expect(stderr).toContain("OPENAI_API_KEY");
  expect(code).toBe(2);
});
