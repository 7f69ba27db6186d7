import { randomUUID } from "node:crypto";
import { type Carrier, carrierSession, supervisorBoot } from "@codelet/bridge";
import type { Execution, ExecutorSession } from "@codelet/core";
import { type Exchange, jsonBody, sendEmpty, sendError, sendJson } from "./exchange.ts";
import type { Machine } from "./machine.ts";

/** A Python of its own, as one of Jupyter's kernels is. */
interface CodeContext {
  readonly id: string;
  readonly cwd: string;
  readonly session: Promise<ExecutorSession>;
  executions: number;
  /** The step before: kernels run one after the other. */
  last: Promise<void>;
}

const contexts = new WeakMap<Machine, Map<string, CodeContext>>();
const defaultContext = "default";
const home = "/home/user";
/** Nobody but the client ends a step. */
const stepTimeoutMs = 2 ** 31 - 1;

const fields: Readonly<Record<string, string>> = {
  "text/plain": "text",
  "text/html": "html",
  "text/markdown": "markdown",
  "text/latex": "latex",
  "image/svg+xml": "svg",
  "image/png": "png",
  "image/jpeg": "jpeg",
};

/** What listens on port 49999 of a code interpreter's sandbox: `/execute` and `/contexts`. */
export async function answerCodeInterpreter(exchange: Exchange, machine: Machine): Promise<void> {
  const { method, path } = exchange;
  const known = contextsOf(machine);
  if (path === "/execute") return execute(exchange, machine, known);
  if (path === "/contexts" && method === "GET") return sendJson(exchange, 200, [...known.values()].map(describe));
  if (path === "/contexts" && method === "POST") {
    const { cwd = home } = jsonBody(exchange) as { readonly cwd?: string };
    return sendJson(exchange, 200, describe(await openContext(machine, randomUUID(), cwd)));
  }
  const [, id = "", restart] = /^\/contexts\/([^/]+)(\/restart)?$/.exec(path) ?? [];
  const context = known.get(id);
  if (context === undefined) return sendError(exchange, 404, `Context ${id} not found`);
  known.delete(id);
  await (await context.session)[Symbol.asyncDispose]();
  if (restart !== undefined) await openContext(machine, id, context.cwd);
  sendEmpty(exchange);
}

async function execute(exchange: Exchange, machine: Machine, known: ReadonlyMap<string, CodeContext>): Promise<void> {
  const request = jsonBody(exchange) as {
    readonly code: string;
    readonly context_id?: string;
    readonly language?: string;
    readonly env_vars?: object;
  };
  if (request.language !== undefined && request.language !== "python") return sendError(exchange, 500, "the local server runs Python only");
  const id = request.context_id ?? defaultContext;
  const context = known.get(id) ?? (id === defaultContext ? await openContext(machine, id, home) : undefined);
  if (context === undefined) return sendError(exchange, 404, `Context ${id} not found`);
  const before = context.last;
  const run = async (): Promise<void> => {
    await before;
    await answerExecution(exchange, context, request.code, request.env_vars);
  };
  context.last = run();
  await context.last;
}

async function answerExecution({ response }: Exchange, context: CodeContext, code: string, variables: object | undefined): Promise<void> {
  const send = (message: object): void => void response.write(`${JSON.stringify(message)}\n`);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  send({ type: "number_of_executions", execution_count: ++context.executions });
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const session = await context.session;
  if (variables !== undefined) {
    await session.bind({ variables: { _environment: variables as Record<string, string> } });
    session.start("import os\nos.environ.update(_environment)");
    await session.next();
  }
  session.start(code, {
    signal: gone.signal,
    timeoutMs: stepTimeoutMs,
    onOutput: ({ stream, text }) => send({ type: stream, text, timestamp: new Date().toISOString() }),
  });
  const advance = await session.next();
  if (advance.type === "done") for (const message of messagesOf(advance.execution)) send(message);
  send({ type: "end_of_execution" });
  response.end();
}

function* messagesOf({ outputs, value, valueText, error }: Execution): Iterable<object> {
  const isRichValue = valueText !== undefined && outputs.at(-1)?.["text/plain"] !== undefined && outputs.length > 0;
  for (const [index, output] of outputs.entries()) {
    const shown = Object.entries(output).flatMap(([type, content]) => (fields[type] === undefined ? [] : [[fields[type], content]]));
    yield { type: "result", is_main_result: isRichValue && index === outputs.length - 1, ...Object.fromEntries(shown) };
  }
  // As Jupyter prints it, but for the quotes of a text, which E2B takes off.
  const text = typeof value === "string" ? value : valueText;
  if (text !== undefined && !isRichValue) yield { type: "result", is_main_result: true, text };
  if (error !== undefined) yield { type: "error", name: error.name, value: error.message, traceback: error.traceback ?? "" };
}

async function openContext(machine: Machine, id: string, cwd: string): Promise<CodeContext> {
  const { argv, input } = supervisorBoot();
  const [cmd = "python3", ...args] = argv;
  const kernel = await machine.start({ cmd: machine.options.python ?? cmd, args, cwd }, true);
  let receive: (chunk: Uint8Array) => void = () => {};
  let lost: (reason: string) => void = () => {};
  kernel.subscribe((event) => {
    if ("end" in event) lost(event.end.status);
    else if ("stdout" in event.data) receive(Buffer.from(event.data.stdout, "base64"));
  });
  const carrier: Carrier = {
    send: (text) => kernel.write(Buffer.from(text)),
    onData: (callback) => {
      receive = callback;
    },
    onLost: (callback) => {
      lost = callback;
    },
    close: async () => kernel.signal("SIGTERM"),
  };
  await kernel.write(Buffer.from(input));
  const context: CodeContext = {
    id,
    cwd,
    session: carrierSession({ executor: "code-interpreter", open: {}, carrier }),
    executions: 0,
    last: Promise.resolve(),
  };
  contextsOf(machine).set(id, context);
  await context.session;
  return context;
}

function contextsOf(machine: Machine): Map<string, CodeContext> {
  const known = contexts.get(machine) ?? new Map<string, CodeContext>();
  contexts.set(machine, known);
  return known;
}

function describe({ id, cwd }: CodeContext): object {
  return { id, language: "python", cwd };
}
