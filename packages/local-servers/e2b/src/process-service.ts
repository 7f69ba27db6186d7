import { setTimeout as sleep } from "node:timers/promises";
import { beginStream, endStream, envelope, openEnvelope, sendConnectError } from "./connect-protocol.ts";
import { type Exchange, type JsonObject, jsonBody, sendJson } from "./exchange.ts";
import type { FaultPlan } from "./faults.ts";
import type { Machine } from "./machine.ts";
import type { MachineProcess, ProcessConfig, ProcessEvent } from "./machine-process.ts";

const defaultKeepaliveSeconds = 90;

/** envd's `process.Process`, by Connect's JSON codec. @see https://github.com/e2b-dev/infra/tree/main/packages/envd/internal/services/process */
export async function answerProcess(exchange: Exchange, machine: Machine, faults: FaultPlan): Promise<void> {
  const call = exchange.path.slice("/process.Process/".length);
  if (call === "Start") return start(exchange, machine, faults);
  if (call === "List") {
    const processes = [...machine.processes.values()].map(({ pid, config }) => ({ pid, config }));
    return sendJson(exchange, 200, { processes });
  }
  const isStream = call === "Connect";
  const request = isStream ? openEnvelope(exchange.body) : jsonBody(exchange);
  const { pid } = (request.process ?? {}) as { readonly pid?: number };
  const found = machine.processes.get(pid ?? 0);
  if (found === undefined) {
    const message = `process with pid ${pid} not found`;
    if (!isStream) return sendConnectError(exchange, "not_found", message);
    beginStream(exchange);
    return endStream(exchange, { code: "not_found", message });
  }
  switch (call) {
    case "Connect":
      return stream(exchange, found, faults);
    case "SendInput":
      return sendInput(exchange, found, request);
    case "CloseStdin":
      found.closeInput();
      return sendJson(exchange, 200, {});
    case "SendSignal":
      found.signal(request.signal === "SIGNAL_SIGTERM" ? "SIGTERM" : "SIGKILL");
      await Promise.race([found.ended, sleep(200)]);
      return sendJson(exchange, 200, {});
    default:
      return sendConnectError(exchange, "unimplemented", `the local server has no ${call}`);
  }
}

async function start(exchange: Exchange, machine: Machine, faults: FaultPlan): Promise<void> {
  const request = openEnvelope(exchange.body);
  let started: MachineProcess;
  try {
    started = await machine.start(request.process as ProcessConfig, request.stdin !== false);
  } catch (error) {
    beginStream(exchange);
    return endStream(exchange, { code: "invalid_argument", message: String(error) });
  }
  // As in envd: the deadline of the call is the deadline of the process, whether or not anybody still listens.
  const deadlineMs = Number(exchange.request.headers["connect-timeout-ms"] ?? 0);
  if (deadlineMs > 0) {
    const timer = setTimeout(() => started.signal("SIGKILL"), deadlineMs);
    void started.ended.then(() => clearTimeout(timer));
  }
  stream(exchange, started, faults);
}

/** What the process writes from now on. What it wrote while nobody listened is gone. */
function stream(exchange: Exchange, watched: MachineProcess, faults: FaultPlan): void {
  const { request, response } = exchange;
  beginStream(exchange);
  const send = (event: unknown): void => void response.write(envelope({ event }));
  const keepalive = setInterval(() => send({ keepalive: {} }), 1_000 * Number(request.headers["keepalive-ping-interval"] ?? defaultKeepaliveSeconds));
  const unsubscribe = watched.subscribe((event: ProcessEvent) => {
    const fate = "data" in event ? faults.takeOutput() : "whole";
    if (fate === "torn") response.write(tear(event));
    if (fate !== "whole") {
      unsubscribe();
      // What has been written before must have left, or the wrong piece were lost.
      setImmediate(() => response.destroy());
      return;
    }
    send(event);
    if ("end" in event) endStream(exchange);
  });
  response.on("close", () => {
    clearInterval(keepalive);
    unsubscribe();
  });
  send({ start: { pid: watched.pid } });
}

/** The message is whole for the protocol, and its bytes end in the middle of a line. */
function tear(event: ProcessEvent): Buffer {
  const data = (event as { readonly data: Readonly<Record<string, string>> }).data;
  const halves = Object.entries(data).map(([name, text]) => {
    const bytes = Buffer.from(text, "base64");
    return [name, bytes.subarray(0, Math.ceil(bytes.length / 2)).toString("base64")];
  });
  return envelope({ event: { data: Object.fromEntries(halves) } });
}

async function sendInput(exchange: Exchange, target: MachineProcess, request: JsonObject): Promise<void> {
  const { stdin = "" } = request.input as { readonly stdin?: string };
  try {
    await target.write(Buffer.from(stdin, "base64"));
  } catch (error) {
    return sendConnectError(exchange, "internal", `error writing to stdin: ${(error as Error).message}`);
  }
  sendJson(exchange, 200, {});
}
