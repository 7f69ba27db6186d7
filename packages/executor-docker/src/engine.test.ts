import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { dockerExecutor } from "./docker-executor.ts";
import { addressOfClient, connectEngine, engineError, engineTypeOf, likelyEngineType } from "./engine.ts";

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

function addContext(name: string, host: string, content = JSON.stringify({ Name: name, Endpoints: { docker: { Host: host } } })): void {
  const meta = join(folder, "contexts", "meta", createHash("sha256").update(name).digest("hex"));
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(meta, "meta.json"), content);
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

it.each([
  ["tcp://far.example", "1", { protocol: "https", host: "far.example", port: 2376 }],
  ["tcp://far.example", "0", { protocol: "https", host: "far.example", port: 2376 }],
  ["tcp://far.example:2376", "", { protocol: "http", host: "far.example", port: 2376 }],
  ["far.example:7000", "", { protocol: "http", host: "far.example", port: 7000 }],
  ["far.example", "", { protocol: "http", host: "far.example", port: 2375 }],
])("reads DOCKER_HOST=%s with DOCKER_TLS_VERIFY=%s as Docker's client does", (host, verify, target) => {
  vi.stubEnv("DOCKER_HOST", host);
  vi.stubEnv("DOCKER_TLS_VERIFY", verify);
  expect(targetOf()).toEqual(target);
});

it("asks the engine that is named as DOCKER_TLS_VERIFY says, also without DOCKER_HOST", () => {
  vi.stubEnv("DOCKER_TLS_VERIFY", "1");
  expect(targetOf("tcp://engine.example")).toEqual({ protocol: "https", host: "engine.example", port: 2376 });
});

it.each(["ftp://engine.example", "tcp://"])("refuses the address %s", (engine) => {
  expect(() => connectEngine(engine)).toThrow(expect.objectContaining({ code: "configuration", message: expect.stringContaining("is none") }));
});

it.each([
  ["docker", [{ Name: "Engine" }]],
  ["docker", undefined],
  ["podman", [{ Name: "Podman Engine" }, { Name: "Conmon" }]],
])("takes an engine for %s by its components %j, and tells it from others by its address", async (type, components) => {
  const server = createServer((_, response) =>
    response.setHeader("content-type", "application/json").end(JSON.stringify({ Components: components })),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const engine = connectEngine(`tcp://${address}`);
  expect([await engineTypeOf(engine), addressOfClient(engine)]).toEqual([type, address]);
  server.close();
});

it("takes a socket for Podman's by where it leads", () => {
  for (const name of ["podman.sock", "engine.sock"]) writeFileSync(join(folder, name), "");
  symlinkSync(join(folder, "podman.sock"), join(folder, "docker.sock"));
  expect(likelyEngineType(join(folder, "engine.sock"))).toBe("docker");
  expect(likelyEngineType(`unix://${join(folder, "docker.sock")}`)).toBe("podman");
});

it("asks the engine of a context without what DOCKER_TLS_VERIFY says of DOCKER_HOST's", () => {
  addContext("far", "tcp://far.example");
  vi.stubEnv("DOCKER_CONTEXT", "far");
  vi.stubEnv("DOCKER_TLS_VERIFY", "1");
  expect(targetOf()).toEqual({ protocol: "http", host: "far.example", port: 2375 });
});

it.each(["", "not JSON", "null", "7", "[]", "{}", '{"Endpoints":null}', '{"Endpoints":{"docker":null}}', '{"Endpoints":{"docker":{"Host":7}}}'])(
  "says that a context whose file holds %j can't be read",
  (meta) => {
    addContext("broken", "unix:///run/broken.sock", meta);
    vi.stubEnv("DOCKER_CONTEXT", "broken");
    expect(() => connectEngine(undefined)).toThrow(
      expect.objectContaining({ code: "configuration", message: expect.stringMatching(/^The context broken of `docker` can't be read/) }),
    );
  },
);

it("asks no other engine than that of a context that can't be read, and says what to do", async () => {
  useContext("gone");
  expect(likelyEngineType(undefined)).toBe("docker");
  await expect(dockerExecutor().open()).rejects.toMatchObject({
    code: "configuration",
    message: "The context gone of `docker` can't be read: choose another with `docker context use`, or name the `engine`.",
  });
  expect(likelyEngineType("unix:///run/podman/podman.sock")).toBe("podman");
});

it.each(["", "{}", "not JSON", "null", "7", '{"currentContext":7}', '{"currentContext":"default"}'])(
  "takes the usual socket with the configuration %j",
  (config) => {
    const usual = targetOf();
    writeFileSync(join(folder, "config.json"), config);
    expect(targetOf()).toEqual(usual);
  },
);

it.each<readonly [object | undefined, string]>([
  [
    { code: "EACCES", message: "connect EACCES /run/docker.sock" },
    "connect EACCES /run/docker.sock. This user may not use the Docker engine's socket",
  ],
  [{ code: "EPERM", message: "" }, "EPERM. This user may not use the Docker engine's socket"],
  [{ code: "ECONNREFUSED", message: "" }, "ECONNREFUSED. No Docker engine answers"],
  [{ statusCode: 308, message: "(HTTP code 308)" }, "(HTTP code 308). What answers at the engine's address redirects"],
  [{ statusCode: 500, message: "(HTTP code 500)", json: { message: "disk full" } }, "disk full. Make room."],
  [{ statusCode: 500, code: "odd", message: "(HTTP code 500)", json: null }, "(HTTP code 500). Make room."],
  [undefined, "Make room."],
])("says of %j what to do", (thrown, said) => {
  const { code, message } = engineError(thrown, "start it", "Make room") as { readonly code?: string; readonly message: string };
  expect(code).toBe("configuration");
  expect(message).toMatch(/^Docker could not start it: /);
  expect(message).toContain(said);
});
