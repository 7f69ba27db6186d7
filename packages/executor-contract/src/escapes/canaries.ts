import { createHash } from "node:crypto";
import { once } from "node:events";
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import path from "node:path";
import { eventually } from "../within.ts";

const port = 41_777;
const portWaitMs = 90_000;
const canaryFile = "/tmp/escape_canary.txt";
const canaryText = "CANARY-FILE-5d1e07";

/** What must never be seen outside this process. The corpus looks for these names. */
export const canaryEnvironment: Readonly<Record<string, string>> = {
  SECRET_CANARY: "CANARY-ENV-91f3a2",
  HF_TOKEN: "CANARY-HF-77b0c4",
  E2B_API_KEY: "CANARY-E2B-c20d55",
};

/** The text in the cause of the tool that fails. */
export const hostInfoCanary = "CANARY-HOSTINFO-3ae810";

/** Secrets laid out for one attack, and traps that tell whether it reached the host. */
export interface Canaries {
  /** One line per trap that went off. */
  sprung(): readonly string[];
  remove(): Promise<void>;
}

/**
 * Lays out file, environment and loopback server. The fixed port of the corpus is the lock between test processes: who holds it may use the
 * fixed files too.
 */
export async function layCanaries(): Promise<Canaries> {
  const requests: string[] = [];
  const server = await listen((url) => requests.push(url));
  try {
    for (const file of [...strayFiles(), canaryFile]) rmSync(file, { recursive: true, force: true });
    writeFileSync(canaryFile, canaryText);
  } catch (error) {
    server.close(); // another user's files are there: the next case says so too, and doesn't wait for the port
    throw error;
  }
  const environment = { ...process.env };
  Object.assign(process.env, canaryEnvironment);
  const prototypes = prototypeKeys();
  let rejections = 0;
  const count = (): void => void rejections++;
  process.on("unhandledRejection", count);
  return {
    sprung: () => [
      ...requests.map((url) => `net: a request for ${url} reached the host`),
      ...strayFiles().map((file) => `file-write: ${file} was made on the host`),
      ...(isFileWhole() ? [] : [`file-write: ${canaryFile} was changed`]),
      ...(prototypeKeys() === prototypes ? [] : ["host-proto: a prototype of the host was changed"]),
      ...("__pwned" in globalThis ? ["host-proto: globalThis.__pwned is set"] : []),
      ...(rejections === 0 ? [] : [`host-health: ${rejections} unhandled rejections`]),
    ],
    async remove() {
      process.off("unhandledRejection", count);
      for (const name of Object.keys(canaryEnvironment)) restore(name, environment[name]);
      for (const file of [...strayFiles(), canaryFile]) rmSync(file, { recursive: true, force: true });
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Every canary's text in the given ones. */
export function canariesIn(texts: readonly string[]): readonly string[] {
  return texts
    .flatMap((text) => [...text.matchAll(/CANARY-[A-Z0-9]+(-[0-9a-f]{6})?/g)].map(([canary]) => canary))
    .filter((canary) => canary !== "CANARY-SESSION");
}

async function listen(onRequest: (url: string) => void): Promise<Server> {
  const server = createServer((request, response) => {
    onRequest(String(request.url));
    response.end("CANARY-HTTP-e4410b");
  });
  let isListening = false;
  let lastError: unknown;
  server.on("listening", () => (isListening = true));
  server.on("error", (error) => (lastError = error));
  const tryAgain = (): boolean => {
    if (!isListening) server.listen(port, "127.0.0.1");
    return isListening;
  };
  if (!(await eventually(portWaitMs, tryAgain))) throw new Error(`the corpus needs port ${port} of the loopback interface`, { cause: lastError });
  return server;
}

/** What attacks leave where the sandbox has no file system of its own. */
function strayFiles(): readonly string[] {
  return readdirSync("/tmp")
    .map((name) => path.join("/tmp", name))
    .filter((file) => /^\/tmp\/(escape_pwned_|escape_fill|escape_inodes|leak_a\.txt$)/.test(file) || isShadowModule(file));
}

/** py-044 lays a module of the name of one from the library. Somebody else's file of that name is left alone. */
function isShadowModule(file: string): boolean {
  return file === "/tmp/json.py" && readFileSync(file, "utf8").includes("SystemExit('shadowed')");
}

function isFileWhole(): boolean {
  try {
    return lstatSync(canaryFile).isFile() && hash(readFileSync(canaryFile, "utf8")) === hash(canaryText);
  } catch {
    return false;
  }
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function prototypeKeys(): string {
  return JSON.stringify(
    [Object.prototype, Array.prototype, Function.prototype, Promise.prototype].map((prototype) => Reflect.ownKeys(prototype).map(String)),
  );
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}
