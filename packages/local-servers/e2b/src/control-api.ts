import { setTimeout as sleep } from "node:timers/promises";
import { type Exchange, type JsonObject, jsonBody, sendEmpty, sendError, sendJson } from "./exchange.ts";
import type { Machine, MachineOptions } from "./machine.ts";

/** What the control API works on. */
export interface ControlState {
  readonly machines: ReadonlyMap<string, Machine>;
  readonly templates: readonly string[];
  readonly startDelayMs: () => number;
  readonly create: (options: Omit<MachineOptions, "python" | "fixedEnvironment" | "onEnd">) => Machine;
}

const defaultTimeoutSeconds = 300;

/** `/sandboxes`: create, find, list, pause, resume, prolong, end. */
export async function answerControl(exchange: Exchange, state: ControlState): Promise<void> {
  const { method, path } = exchange;
  if (path === "/v2/sandboxes" && method === "POST") return create(exchange, state);
  if (path === "/v2/sandboxes" && method === "GET") return list(exchange, state);
  const [, id = "", action = ""] = /^(?:\/v2)?\/sandboxes\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
  const machine = state.machines.get(id);
  if (machine === undefined) return sendError(exchange, 404, `sandbox ${id} not found`);
  switch (`${method} ${action}`) {
    case "GET ":
      return sendJson(exchange, 200, describe(machine));
    case "DELETE ":
      machine.end();
      return sendEmpty(exchange);
    case "POST pause":
      if (machine.state === "paused") return sendError(exchange, 409, `sandbox ${id} is already paused`);
      machine.pause();
      return sendEmpty(exchange);
    case "POST connect":
      return connect(exchange, machine);
    case "POST timeout":
      machine.setTimeout(Number(jsonBody(exchange).timeout));
      return sendEmpty(exchange);
    case "PUT network":
      machine.allowInternetAccess = jsonBody(exchange).allow_internet_access !== false;
      return sendEmpty(exchange);
    default:
      return sendError(exchange, 404, `the local server has no ${method} ${path}`);
  }
}

async function create(exchange: Exchange, state: ControlState): Promise<void> {
  const request = jsonBody(exchange);
  const template = String(request.templateID);
  if (!state.templates.includes(template)) return sendError(exchange, 404, `template '${template}' not found`);
  await sleep(state.startDelayMs());
  if (exchange.response.destroyed) return;
  const network = (request.network ?? {}) as JsonObject;
  const machine = state.create({
    template,
    metadata: (request.metadata ?? {}) as Readonly<Record<string, string>>,
    environment: (request.envVars ?? {}) as Readonly<Record<string, string>>,
    timeoutSeconds: Number(request.timeout ?? defaultTimeoutSeconds),
    allowInternetAccess: request.allow_internet_access !== false,
    allowPublicTraffic: network.allowPublicTraffic !== false,
  });
  sendJson(exchange, 201, describe(machine));
}

function list(exchange: Exchange, { machines }: ControlState): void {
  const states = exchange.query.get("state")?.split(",") ?? ["running", "paused"];
  const metadata = [...new URLSearchParams(exchange.query.get("metadata") ?? "")];
  const matches = (machine: Machine): boolean =>
    states.includes(machine.state) && metadata.every(([key, value]) => machine.options.metadata[key] === value);
  sendJson(exchange, 200, [...machines.values()].filter(matches).map(describe));
}

/** A running sandbox may live longer for it, never shorter. */
function connect(exchange: Exchange, machine: Machine): void {
  const seconds = Number(jsonBody(exchange).timeout ?? defaultTimeoutSeconds);
  const isPaused = machine.state === "paused";
  if (isPaused) machine.resume();
  if (isPaused || Date.now() + seconds * 1_000 > machine.endsAt.getTime()) machine.setTimeout(seconds);
  sendJson(exchange, isPaused ? 201 : 200, describe(machine));
}

function describe(machine: Machine): JsonObject {
  const { id, token, options, startedAt, endsAt, state, allowInternetAccess } = machine;
  return {
    sandboxID: id,
    templateID: options.template,
    alias: options.template,
    clientID: "local",
    envdVersion: "0.6.4",
    envdAccessToken: token,
    domain: null,
    startedAt: startedAt.toISOString(),
    endAt: endsAt.toISOString(),
    cpuCount: 1,
    memoryMB: 512,
    diskSizeMB: 512,
    state,
    metadata: options.metadata,
    allowInternetAccess,
    network: { allowPublicTraffic: options.allowPublicTraffic },
  };
}
