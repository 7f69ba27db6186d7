import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { connectEngine, likelyEngineType } from "./engine.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "codelet-docker-"));
  for (const name of ["DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"]) vi.stubEnv(name, "");
  vi.stubEnv("DOCKER_CONFIG", folder);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Where its requests go. */
function targetOf(engine?: string): object {
  const { socketPath, protocol, host, port } = connectEngine(engine).modem as unknown as Readonly<Record<string, unknown>>;
  return host === undefined ? { socketPath } : { protocol, host, port };
}

function addContext(name: string, host: string): void {
  const meta = join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"));
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, "meta.json"), JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } }));
}

const useContext = (name: string): void => writeFileSync(join(folder, "config.json"), JSON.stringify({ currentContext: name }));

it.each([
  ["/run/own.sock", { socketPath: "/run/own.sock" }],
  ["unix:///run/own.sock", { socketPath: "/run/own.sock" }],
  ["npipe:////./pipe/docker_engine", { socketPath: "//./pipe/docker_engine" }],
  ["tcp://engine.example", { protocol: "http", host: "engine.example", port: 2375 }],
  ["https://engine.example:7000", { protocol: "https", host: "engine.example", port: 7000 }],
])("asks the engine that is named, %s, whatever DOCKER_HOST says", (engine, target) => {
  expect(targetOf(engine)).toEqual(target);
  for (const other of ["tcp://other.example:2376", "unix:///run/other.sock"]) {
    vi.stubEnv("DOCKER_HOST", other);
    expect(targetOf(engine)).toEqual(target);
  }
});

it("asks that of Docker's context where nothing else is said, and DOCKER_HOST's before", () => {
  addContext("colima", "unix:///run/colima.sock");
  addContext("far", "tcp://far.example:2375");
  useContext("colima");
  expect(targetOf()).toEqual({ socketPath: "/run/colima.sock" });
  vi.stubEnv("DOCKER_CONTEXT", "far");
  expect(targetOf()).toEqual({ protocol: "http", host: "far.example", port: 2375 });
  vi.stubEnv("DOCKER_HOST", "unix:///run/own.sock");
  expect(targetOf()).toEqual({ socketPath: "/run/own.sock" });
  expect(targetOf("/run/named.sock")).toEqual({ socketPath: "/run/named.sock" });
});

it("asks no other engine than that of a context that can't be read, and says what to do", async () => {
  useContext("gone");
  expect(likelyEngineType(undefined)).toBe("docker");
  await expect(dockerExecutor().open()).rejects.toMatchObject({
    code: "configuration",
    message: "The context gone of `docker` can't be read: choose another with `docker context use`, or name the `engine`.",
  });
  expect(likelyEngineType("unix:///run/podman/podman.sock")).toBe("podman");
});

it.each(["", "{}", "not JSON", '{"currentContext":"default"}'])("takes the usual socket with the configuration %j", (config) => {
  const usual = targetOf();
  writeFileSync(join(folder, "config.json"), config);
  expect(targetOf()).toEqual(usual);
});
