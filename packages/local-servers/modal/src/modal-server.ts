import { setTimeout as sleep } from "node:timers/promises";
import { createServer, ServerError, type ServiceDefinition, Status } from "nice-grpc";
import { loadDefinitions } from "./definitions.ts";
import { FaultPlan, type Faults } from "./faults.ts";
import { ended, Machine, type MachineDefinition } from "./machine.ts";
import type { ExecRequest, MachineExec } from "./machine-exec.ts";

export interface ModalServer {
  /** `MODAL_SERVER_URL`. */
  readonly url: string;
  readonly tokenId: string;
  readonly tokenSecret: string;
  readonly faults: Faults;
  /** Ids of the sandboxes that live. */
  readonly sandboxes: readonly string[];
  /** What images and sandboxes were asked for with, in order. */
  readonly asked: readonly { readonly method: string; readonly request: unknown }[];
  /** Ends every process that was started. */
  close(): Promise<void>;
}

interface Context {
  readonly signal: AbortSignal;
  readonly metadata: { get(name: string): unknown };
}
type Handler = (request: never, context: Context) => unknown;

const maxMessageBytes = 100 * 2 ** 20;

/** Modal's protocol (its control plane and its router of commands) on a port of the loopback interface, for the real `modal`. It runs what it is told to as you. */
export async function startModalServer(): Promise<ModalServer> {
  const { control, router } = await loadDefinitions();
  const [tokenId, tokenSecret] = ["ak-local", `as-${Math.random().toString(36).slice(2)}`];
  const machines = new Map<string, Machine>();
  const plan = new FaultPlan();
  const streams = new Set<AbortController>();
  const asked: { readonly method: string; readonly request: unknown }[] = [];
  let url = "";
  let count = 0;

  const machine = (id: string): Machine => {
    const found = machines.get(id);
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `the sandbox ${id} was not found`);
    return found;
  };
  const exec = ({ taskId, execId }: { readonly taskId: string; readonly execId: string }): MachineExec => {
    const found = byTask(taskId).execs.get(execId);
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `the exec ${execId} was not found`);
    return found;
  };
  const byTask = (taskId: string): Machine => {
    const found = [...machines.values()].find((candidate) => candidate.taskId === taskId);
    if (found === undefined) throw new ServerError(Status.NOT_FOUND, `the task ${taskId} was not found`);
    if (found.result !== undefined) throw new ServerError(Status.FAILED_PRECONDITION, "the sandbox has finished");
    return found;
  };
  const access = (): unknown => ({ jwt: jwt(), url: url.replace("http:", "https:") });

  const controlCalls: Readonly<Record<string, Handler>> = {
    authTokenGet: () => ({ token: jwt() }),
    appGetOrCreate: ({ appName }: { appName: string }) => ({ appId: `ap-${appName}` }),
    environmentGetOrCreate: () => ({
      environmentId: "en-1",
      metadata: { name: "main", settings: { imageBuilderVersion: "2025.06", webhookSuffix: "" } },
    }),
    imageGetOrCreate(request: unknown) {
      asked.push({ method: "imageGetOrCreate", request });
      return { imageId: "im-1", result: { status: 1 } };
    },
    secretGetOrCreate: () => ({ secretId: "st-1" }),
    async sandboxCreateV2(request: SandboxCreate) {
      asked.push({ method: "sandboxCreateV2", request });
      const { definition = {}, secretSources = [] } = request;
      await sleep(plan.startDelayMs);
      const number = ++count;
      const environment = Object.assign({}, ...secretSources.map(({ env }) => env?.contents ?? {}));
      const made = new Machine(`sb-local-${number}`, `ta-${number}`, definition, environment);
      machines.set(made.id, made);
      return { sandboxId: made.id, taskId: made.taskId, tunnels: [], commandRouterAccess: access() };
    },
    sandboxGetTaskIdV2: ({ sandboxId }: OfSandbox) => ({ taskId: machine(sandboxId).taskId }),
    sandboxGetCommandRouterAccess: ({ sandboxId }: OfSandbox) => machine(sandboxId) && access(),
    sandboxTerminateV2({ sandboxId }: OfSandbox) {
      machine(sandboxId).end(ended.terminated);
      return {};
    },
    async sandboxWaitV2({ sandboxId, timeout }: OfSandbox & { readonly timeout: number }) {
      const waited = machine(sandboxId);
      await waited.ended(timeout * 1_000);
      return { result: waited.result, metadata: { appId: "ap-1" } };
    },
  };
  const routerCalls: Readonly<Record<string, Handler>> = {
    taskExecStart({ taskId, execId, ...request }: OfExec & ExecRequest) {
      byTask(taskId).exec(execId, request);
      return {};
    },
    async taskExecStdinWrite(request: OfExec & { readonly offset: number; readonly data: Uint8Array; readonly eof: boolean }) {
      await exec(request).write(Number(request.offset), request.data, request.eof);
      return {};
    },
    async *taskExecStdioRead(request: OfExec & { readonly offset?: number; readonly fileDescriptor: number }, { signal }: Context) {
      const dropped = new AbortController();
      streams.add(dropped);
      try {
        // The request's 0 is stdout.
        const output = exec(request).read(request.fileDescriptor + 1, Number(request.offset ?? 0), AbortSignal.any([signal, dropped.signal]));
        for await (const data of output) yield { data };
        if (dropped.signal.aborted) throw new ServerError(Status.UNAVAILABLE, "the stream was dropped");
      } finally {
        streams.delete(dropped);
      }
    },
    taskExecPoll: (request: OfExec) => exec(request).exit ?? {},
    async taskExecWait(request: OfExec) {
      const waited = exec(request);
      while (waited.exit === undefined) await waited.change();
      return waited.exit;
    },
  };

  const check = (method: string, { metadata }: Context): boolean => {
    const isRefused = plan.isTokenExpired || (metadata.get("x-modal-token-secret") ?? tokenSecret) !== tokenSecret;
    if (isRefused) throw new ServerError(Status.UNAUTHENTICATED, "the token is not valid");
    const fault = plan.take(method);
    if (fault?.isDone === false) throw new ServerError(fault.status, `fault ${fault.status}`);
    return fault !== undefined;
  };
  const server = createServer({ "grpc.max_receive_message_length": maxMessageBytes, "grpc.max_send_message_length": maxMessageBytes });
  server.add(control, implement(control, controlCalls, check) as never);
  server.add(router, implement(router, routerCalls, check) as never);
  url = `http://127.0.0.1:${await server.listen("127.0.0.1:0")}`;

  const faults: Faults = {
    dropStreams() {
      for (const stream of streams) stream.abort();
    },
    respond: (status, options) => plan.plan(status, false, options),
    loseAnswers: (options) => plan.plan(Status.UNAVAILABLE, true, options),
    slowStart(milliseconds) {
      plan.startDelayMs = milliseconds;
    },
    killSandbox(id) {
      for (const candidate of machines.values()) if (id === undefined || candidate.id === id) candidate.end(ended.terminated);
    },
    expireToken() {
      plan.isTokenExpired = true;
    },
    clear: () => plan.clear(),
  };
  return {
    url,
    tokenId,
    tokenSecret,
    faults,
    asked,
    get sandboxes() {
      return [...machines.values()].filter(({ result }) => result === undefined).map(({ id }) => id);
    },
    async close() {
      for (const candidate of machines.values()) candidate.end(ended.terminated);
      server.forceShutdown();
    },
  };
}

interface OfSandbox {
  readonly sandboxId: string;
}
interface OfExec {
  readonly taskId: string;
  readonly execId: string;
}
interface SandboxCreate {
  readonly definition?: MachineDefinition;
  readonly secretSources?: readonly { readonly env?: { readonly contents?: Readonly<Record<string, string>> } }[];
}

/** Every method of a service: those that nobody wrote answer that they are not implemented. */
function implement(
  service: ServiceDefinition,
  handlers: Readonly<Record<string, Handler>>,
  check: (method: string, context: Context) => boolean,
): unknown {
  const methods = (service as { readonly methods?: Readonly<Record<string, { readonly responseStream: boolean }>> }).methods ?? {};
  const find = (name: string): Handler => {
    const handler = handlers[name];
    if (handler === undefined) throw new ServerError(Status.UNIMPLEMENTED, `${name} is not implemented here`);
    return handler;
  };
  const unary = (name: string) => async (request: never, context: Context) => {
    const isLost = check(name, context);
    const answer = await find(name)(request, context);
    if (isLost) throw new ServerError(Status.UNAVAILABLE, "the answer was lost");
    return answer;
  };
  const streaming = (name: string) =>
    async function* (request: never, context: Context) {
      check(name, context);
      yield* find(name)(request, context) as AsyncIterable<unknown>;
    };
  return Object.fromEntries(Object.entries(methods).map(([name, { responseStream }]) => [name, responseStream ? streaming(name) : unary(name)]));
}

function jwt(): string {
  const expires = Math.floor(Date.now() / 1_000) + 3_600;
  return ["{}", JSON.stringify({ exp: expires }), "x"].map((part) => Buffer.from(part).toString("base64url")).join(".");
}
