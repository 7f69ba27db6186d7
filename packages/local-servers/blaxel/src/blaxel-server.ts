import { once } from "node:events";
import { createServer, request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { FaultPlan, type Faults } from "./faults.ts";
import { Machine } from "./machine.ts";
import type { ProcessRequest, TailedProcess } from "./tailed-process.ts";

export interface BlaxelServer {
  /** `BL_RUN_URL`; `BL_API_URL` is this with `/v0`. */
  readonly url: string;
  readonly apiKey: string;
  readonly faults: Faults;
  /** Names of the sandboxes that live. */
  readonly sandboxes: readonly string[];
  /** What was asked for, such as `"GET /v0/sandboxes"`, in order. */
  readonly requests: readonly string[];
  /** The specifications that sandboxes were asked for with, in order. */
  readonly specs: readonly unknown[];
  /** Ends every process that was started. */
  close(): Promise<void>;
}

const keepAliveMs = 15_000;

/** Blaxel's protocol on a port of the loopback interface, for the real `@blaxel/core`. It runs what it is told to as you: trusted code only. */
export async function startBlaxelServer(): Promise<BlaxelServer> {
  const apiKey = `bl_local_${Math.random().toString(36).slice(2)}`;
  const machines = new Map<string, Machine>();
  const plan = new FaultPlan();
  const requests: string[] = [];
  const specs: unknown[] = [];
  let count = 0;
  const server = createServer((request, response) => {
    void serve(request, response).catch((error: Error) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, { error: error.message });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const record = ({ name, spec }: Machine): unknown => ({
    metadata: { name, workspace: "local", url: `${url}/sbx/${name}` },
    spec,
    status: "DEPLOYED",
  });
  const end = (machine: Machine): void => {
    machines.delete(machine.name);
    machine.end();
  };

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? "/", url);
    const path = decodeURIComponent(pathname);
    requests.push(`${request.method} ${path}`);
    const inside = /^\/sbx\/([^/]+)(\/.*)$/.exec(path);
    const fault = plan.take(inside?.[2] ?? path);
    if (fault?.status !== undefined) return send(response, fault.status, { code: fault.status, error: `fault ${fault.status}` });
    if (fault !== undefined) response.writeHead = cut(response);
    const key = (request.headers["x-blaxel-authorization"] ?? request.headers.authorization ?? "").toString().replace(/^Bearer /, "");
    if (key !== apiKey || plan.isTokenExpired) return send(response, 401, { code: 401, error: "the API key is not valid" });
    if (inside === null) return control(request, response, path);
    const machine = machines.get(inside[1] as string);
    if (machine === undefined) return send(response, 404, { code: 404, error: "the sandbox was not found" });
    machine.streams.add(response);
    response.on("close", () => machine.streams.delete(response));
    const port = /^\/port\/(\d+)(\/.*)$/.exec(inside[2] as string);
    if (port !== null) return proxy(request, response, machine.address, Number(port[1]), `${port[2]}${search}`);
    await useMachine(request, response, machine, inside[2] as string);
  }

  async function control(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (path === "/v0/sandboxes" && request.method === "POST") {
      const { metadata, spec } = JSON.parse((await read(request)).toString()) as { metadata?: { name?: string }; spec?: unknown };
      specs.push(spec);
      const name = metadata?.name ?? `sandbox-${++count}`;
      if (machines.has(name)) return send(response, 409, { code: 409, error: "a sandbox of this name exists" });
      await sleep(plan.startDelayMs);
      const machine = new Machine(name, spec);
      machines.set(name, machine);
      return send(response, 200, record(machine));
    }
    if (path === "/v0/sandboxes") return send(response, 200, [...machines.values()].map(record));
    const machine = machines.get(/^\/v0\/sandboxes\/([^/]+)$/.exec(path)?.[1] ?? "");
    if (machine === undefined) return send(response, 404, { code: 404, error: "not found" });
    if (request.method === "DELETE") end(machine);
    return send(response, 200, record(machine));
  }

  const faults: Faults = {
    dropStreams() {
      for (const { streams } of machines.values()) for (const stream of streams) stream.destroy();
    },
    respond: (status, options) => plan.plan(status, options),
    loseAnswers: (options) => plan.plan(undefined, options),
    slowStart(milliseconds) {
      plan.startDelayMs = milliseconds;
    },
    killSandbox(name) {
      for (const machine of [...machines.values()]) if (name === undefined || machine.name === name) end(machine);
    },
    expireToken() {
      plan.isTokenExpired = true;
    },
    clear: () => plan.clear(),
  };
  return {
    url,
    apiKey,
    faults,
    requests,
    specs,
    get sandboxes() {
      return [...machines.keys()];
    },
    async close() {
      for (const machine of [...machines.values()]) end(machine);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function useMachine(request: IncomingMessage, response: ServerResponse, machine: Machine, path: string): Promise<void> {
  if (path === "/health") return send(response, 200, { status: "ok" });
  if (path.startsWith("/filesystem/")) return useFile(request, response, machine, path.slice("/filesystem".length));
  if (path === "/process" && request.method === "GET")
    return send(
      response,
      200,
      Array.from(machine.processes.values(), (process) => process.describe()),
    );
  if (path === "/process" && request.method === "POST") {
    const asked = JSON.parse((await read(request)).toString()) as ProcessRequest;
    const started = machine.start(asked);
    if (started === undefined) return send(response, 409, { error: `a process named ${asked.name} runs already` });
    if (asked.waitForCompletion) await started.ended;
    return send(response, 200, started.describe());
  }
  const [, identifier = "", rest = ""] = /^\/process\/([^/]+)(\/.*)?$/.exec(path) ?? [];
  const process = machine.find(identifier);
  if (process === undefined) return send(response, 404, { error: "the process was not found" });
  if (rest === "/logs/stream") return streamLogs(response, process);
  if (rest === "/stdin" && request.method === "POST") {
    const data = await read(request);
    if (process.child.stdin?.writable !== true) return send(response, 409, { error: "stdin is not available" });
    process.child.stdin.write(data);
  } else if (rest === "/stdin") process.child.stdin?.end();
  else if (request.method === "DELETE") process.kill(rest === "/kill" ? "SIGKILL" : "SIGTERM");
  send(response, 200, request.method === "GET" ? process.describe() : { message: "ok" });
}

async function useFile(request: IncomingMessage, response: ServerResponse, machine: Machine, path: string): Promise<void> {
  try {
    if (request.method === "PUT") {
      const { content = "" } = JSON.parse((await read(request)).toString()) as { content?: string };
      await machine.write(path, content);
      return send(response, 200, { message: "ok", path });
    }
    send(response, 200, { path, content: await machine.read(path) });
  } catch (error) {
    send(response, 404, { error: (error as Error).message });
  }
}

/** Each chunk has its stream's name before it, also in the middle of a line: Blaxel's does this, which is why it carries no protocol. */
function streamLogs(response: ServerResponse, process: TailedProcess): void {
  response.writeHead(200, { "content-type": "text/plain" });
  const stop = process.follow(([stream, chunk]) => response.write(`${stream}:${chunk}`));
  const keepAlive = setInterval(() => response.write("[keepalive]\n"), keepAliveMs);
  response.on("close", () => {
    clearInterval(keepAlive);
    stop();
  });
  void process.ended.then(() => response.end());
}

function proxy(request: IncomingMessage, response: ServerResponse, host: string, port: number, path: string): void {
  const headers = { ...request.headers, host: "localhost" };
  const inner = forward({ host, port, path, method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    response.flushHeaders();
    answer.on("data", (chunk: Buffer) => response.write(chunk));
    answer.on("end", () => response.end());
    answer.on("error", () => response.destroy());
  });
  inner.on("error", () => (response.headersSent ? response.destroy() : send(response, 502, { error: "nothing answers on the port" })));
  response.on("close", () => inner.destroy());
  request.pipe(inner);
}

/** In place of an answer: what was asked for has been done. */
function cut(response: ServerResponse): ServerResponse["writeHead"] {
  return () => {
    response.destroy();
    return response;
  };
}

function send(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
