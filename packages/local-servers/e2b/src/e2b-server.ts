import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerCodeInterpreter } from "./code-interpreter.ts";
import { answerControl, type ControlState } from "./control-api.ts";
import { type Exchange, readExchange, sendEmpty, sendError } from "./exchange.ts";
import { FaultPlan, type Faults } from "./faults.ts";
import { answerFiles } from "./file-api.ts";
import { Machine } from "./machine.ts";
import { answerProcess } from "./process-service.ts";

export interface E2bServerOptions {
  /** Absolute path of the interpreter that is `python3` in every sandbox. @default the first one on the PATH of a login shell */
  readonly python?: string | undefined;
  /** Variables of every process of every sandbox. @default {} */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Templates that sandboxes can be made of. @default ["base", "code-interpreter-v1"] */
  readonly templates?: readonly string[] | undefined;
  /** Sees every request before it is answered. */
  readonly onRequest?: ((request: ReceivedRequest) => void) | undefined;
}

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** Absent for the control API. */
  readonly sandboxId?: string | undefined;
  readonly body: Buffer;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface E2bServer {
  /** What the SDK takes as `apiUrl` and as `sandboxUrl`. */
  readonly url: string;
  /** The only key that is accepted. */
  readonly apiKey: string;
  readonly faults: Faults;
  /** The sandboxes that exist, running or paused. */
  readonly sandboxes: ReadonlyMap<string, LocalSandbox>;
  /** Ends every process and connection, and removes every folder. */
  close(): Promise<void>;
}

export interface LocalSandbox {
  readonly id: string;
  readonly state: "running" | "paused" | "ended";
  /** Where its files are on this machine. */
  readonly folder: string;
  readonly endsAt: Date;
  readonly allowInternetAccess: boolean;
}

const codeInterpreterPort = "49999";

/**
 * Serves E2B's protocol on a port of the loopback interface. The real SDK talks to it, and it really runs what it is told to, as this user and without
 * isolation. The caller closes it.
 *
 * @example
 * const server = await startE2bServer();
 * const sandbox = await Sandbox.create({ apiKey: server.apiKey, apiUrl: server.url, sandboxUrl: server.url });
 */
export async function startE2bServer(options: E2bServerOptions = {}): Promise<E2bServer> {
  const { python, environment = {}, templates = ["base", "code-interpreter-v1"], onRequest } = options;
  const apiKey = `e2b_${"0123456789abcdef".repeat(3).slice(0, 40)}`;
  const machines = new Map<string, Machine>();
  const plan = new FaultPlan();
  const control: ControlState = {
    machines,
    templates,
    startDelayMs: () => plan.startDelayMs,
    create(created) {
      const machine: Machine = new Machine({ ...created, python, fixedEnvironment: environment, onEnd: () => machines.delete(machine.id) });
      machines.set(machine.id, machine);
      return machine;
    },
  };

  const answer = async (exchange: Exchange, sandboxId: string | undefined): Promise<void> => {
    const { headers } = exchange.request;
    if (sandboxId === undefined) {
      if (plan.isTokenExpired || headers["x-api-key"] !== apiKey) return sendError(exchange, 401, "invalid API key");
      return answerControl(exchange, control);
    }
    const machine = machines.get(sandboxId);
    if (machine?.state !== "running") return sendError(exchange, 502, "The sandbox was not found");
    machine.streams.add(exchange.response);
    exchange.response.on("close", () => machine.streams.delete(exchange.response));
    if (headers["e2b-sandbox-port"] === codeInterpreterPort) return answerCodeInterpreter(exchange, machine);
    if (exchange.path === "/health") return sendEmpty(exchange);
    if (plan.isTokenExpired || headers["x-access-token"] !== machine.token) return sendError(exchange, 401, "invalid access token");
    if (exchange.path === "/files") return answerFiles(exchange, machine);
    if (exchange.path.startsWith("/process.Process/")) return answerProcess(exchange, machine, plan);
    sendError(exchange, 404, `the local server has no ${exchange.method} ${exchange.path}`);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const exchange = await readExchange(request, response);
      const { method, path, body } = exchange;
      const sandboxId = request.headers["e2b-sandbox-id"] as string | undefined;
      onRequest?.({ method, path, sandboxId, body, headers: request.headers });
      const fault = plan.take(path);
      if (fault?.kind === "status") return sendError(exchange, fault.status, `planned by a test: ${fault.status}`);
      if (fault?.kind === "lose") response.write = response.end = (() => response.destroy()) as never;
      await answer(exchange, sandboxId);
    } catch (error) {
      if (response.headersSent || response.destroyed) response.destroy();
      else response.writeHead(500).end(String(error));
    }
  };

  const server = createServer((request, response) => void serve(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    sandboxes: machines,
    faults: faultsOf(plan, machines),
    async close() {
      for (const machine of [...machines.values()]) machine.end();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function faultsOf(plan: FaultPlan, machines: ReadonlyMap<string, Machine>): Faults {
  return {
    dropStreams() {
      for (const machine of machines.values()) machine.dropStreams();
    },
    respond: (status, options) => plan.respond(status, options),
    loseAnswers: (options) => plan.loseAnswers(options),
    loseOutput: (options) => plan.loseOutput(options),
    slowStart(milliseconds) {
      plan.startDelayMs = milliseconds;
    },
    killSandbox(id) {
      for (const machine of [...machines.values()]) if (id === undefined || machine.id === id) machine.end();
    },
    expireToken() {
      plan.isTokenExpired = true;
    },
    clear: () => plan.clear(),
  };
}
