import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { OpenSessionOptions } from "@codelet/core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { buildOnce } from "./build-once.ts";
import { connectEngine } from "./engine.ts";

let folder: string;
/** The queries of its builds. */
const asked: URLSearchParams[] = [];
const answers: ServerResponse[] = [];
const isBuilt = { value: false };
const server = createServer((request, response) => {
  if (request.method === "GET") {
    response.writeHead(isBuilt.value ? 200 : 404, { "Content-Type": "application/json" }).end('{"Id":"1"}');
    return;
  }
  asked.push(new URL(request.url ?? "", "http://engine").searchParams);
  answers.push(response.writeHead(200));
  request.resume();
  response.flushHeaders();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
  vi.stubEnv("DOCKER_CONFIG", folder);
  for (const list of [asked, answers]) list.length = 0;
  isBuilt.value = false;
  await once(server.listen(join(folder, "engine.sock")), "listening");
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  rmSync(folder, { recursive: true });
});

function build(open: OpenSessionOptions = {}, archive = Readable.from(["archive"])): Promise<void> {
  return buildOnce(connectEngine(join(folder, "engine.sock")), { tag: "codelet-build:1", dockerfile: "Dockerfile", pack: () => archive }, open);
}

async function answer(index: number, account: string): Promise<void> {
  while (answers.length <= index) await sleep(5);
  isBuilt.value = !account.includes("error");
  answers[index]?.end(account);
}

it("builds once for sessions that are opened at the same time, and all hear of it", async () => {
  const heard: string[] = [];
  const all = Promise.all(Array.from({ length: 20 }, () => build({ onProgress: (message) => heard.push(message) })));
  await answer(0, '{"stream":"Step 1/2"}\n{"stream":"Step 2/2"}');
  await all;
  expect(asked).toHaveLength(1);
  expect(heard.filter((message) => message === "Step 2/2")).toHaveLength(20);
  await build();
  expect(asked).toHaveLength(1);
});

it("fails once for all of them, and builds again for who comes later", async () => {
  const all = Promise.allSettled([build(), build(), build()]);
  await answer(0, '{"stream":"Step 1/2"}\n{"error":"no such package"}\n');
  const message = "Docker could not build the image codelet-build:1: no such package.";
  for (const outcome of await all) expect(outcome).toMatchObject({ status: "rejected", reason: { code: "configuration", message } });
  const later = build();
  await answer(1, "{}");
  await later;
  expect(asked).toHaveLength(2);
});

it.each([
  [
    "its first error",
    ["Step 1/2", "ERROR: of another\n", "Step 2/2", " ---> Running in 1\n", "\u001b[91mnote: slow\nERROR: no versions of it\nERROR: none\n\u001b[0m"],
    "ERROR: no versions of it (it returned 1)",
  ],
  [
    "what a package's own program said",
    ["Step 1/1", "  error: subprocess-exited-with-error\n  × It failed.\n      RuntimeError: no libfoo\n"],
    "RuntimeError: no libfoo (it returned 1)",
  ],
  ["its last line", ["Step 1/1", "one\ntwo\n"], "two (it returned 1)"],
  ["nothing", ["Step 1/1"], "it returned 1"],
])("says of the program that failed %s", async (_, said, shown) => {
  const events = [...said.map((stream) => ({ stream })), { stream: "Removing intermediate container 1\n" }, { error: "it returned 1\n" }];
  const refused = expect(build()).rejects.toMatchObject({ message: `Docker could not build the image codelet-build:1: ${shown}.` });
  await answer(0, events.map((event) => JSON.stringify(event)).join("\n"));
  await refused;
});

it("goes on for other sessions when the one that began is given up, and ends with the last", async () => {
  const controller = new AbortController();
  const heard: string[] = [];
  const archive = new Readable({ read: () => {} });
  archive.push("its first part");
  const first = build({ signal: controller.signal, onProgress: (message) => heard.push(message) }, archive);
  const other = new AbortController();
  const last = build({ signal: other.signal });
  while (answers.length === 0) await sleep(5);
  controller.abort();
  await expect(first).rejects.toMatchObject({ code: "aborted" });
  expect(archive.destroyed).toBe(false);
  answers[0]?.write('{"stream":"Step 1/1"}\n');
  other.abort();
  await expect(last).rejects.toMatchObject({ code: "aborted" });
  await expect.poll(() => archive.destroyed).toBe(true);
  expect(heard).toEqual(["building the image codelet-build:1"]);
  const later = build();
  await answer(1, "{}");
  await later;
  expect(asked).toHaveLength(2);
});

it("tells what is no account of an engine's as an error", async () => {
  const refused = expect(build()).rejects.toMatchObject({ code: "configuration", message: expect.stringContaining(": ü (<html>error)") });
  await answer(0, '{"stream":"ü"}\n<html>error\n');
  await refused;
});

it("hands on the proxies of Docker's configuration, as its command line does", async () => {
  const own = { httpProxy: "http://proxy.example:3128", noProxy: "localhost", httpsProxy: 7 };
  writeFileSync(join(folder, "config.json"), JSON.stringify({ proxies: { default: own } }));
  const built = build();
  await answer(0, "{}");
  await built;
  expect(JSON.parse(asked[0]?.get("buildargs") ?? "")).toEqual({
    HTTP_PROXY: own.httpProxy,
    http_proxy: own.httpProxy,
    NO_PROXY: "localhost",
    no_proxy: "localhost",
  });
});
