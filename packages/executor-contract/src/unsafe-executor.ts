import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Duplex } from "node:stream";
import {
  type Advance,
  type CallResult,
  type Execution,
  type Executor,
  ExecutorCrashedError,
  type ExecutorSession,
  type OpenSessionOptions,
  type SandboxCall,
} from "@codelet/core";
import { decodeValue, encodeValue } from "@codelet/core/value-codec";

/** Bare CPython with everything that the host has. For tests of this suite only: what attacks do when nothing stops them. */
export function unsafeExecutor(): Executor {
  return {
    name: "unsafe",
    language: "python",
    capabilities: {
      isolation: 0,
      network: "full",
      files: "host",
      processes: "host",
      threads: false,
      packages: "host",
      richOutput: false,
      fileTransfer: false,
      recovery: { pinned: false, snapshot: false, replay: false },
      limits: { memory: "none", processes: "none", output: false },
    },
    open: async (options) => new UnsafeSession(options),
  };
}

const worker = `
import json, os, socket, sys, traceback
channel = socket.socket(fileno=3).makefile("rw")
def send(frame):
    channel.write(json.dumps(frame, default=repr) + "\\n")
    channel.flush()
class Ended(BaseException): pass
def stub(name):
    def call(*args, **kwargs):
        send({"call": name, "args": args, "kwargs": kwargs})
        answer = json.loads(channel.readline())
        if "error" in answer: raise RuntimeError(answer["error"]["message"])
        return answer["value"]
    return call
def final_answer(value):
    send({"final": value})
    raise Ended
space = {"__name__": "__main__", "final_answer": final_answer}
for line in channel:
    frame = json.loads(line)
    for name in frame.get("tools", []): space[name] = stub(name)
    for name, value in frame.get("variables", {}).items(): space[name] = value
    if "code" not in frame: continue
    value, error = None, None
    try:
        import ast
        tree = ast.parse(frame["code"])
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<step>", "exec"), space)
        if last is not None: value = eval(compile(ast.Expression(last.value), "<step>", "eval"), space)
    except Ended: pass
    except BaseException as e: error = {"name": type(e).__name__, "message": str(e), "traceback": traceback.format_exc()}
    try: sys.stdout.flush()
    except Exception: pass
    send({"done": True, "value": value, "error": error})
`;

class UnsafeSession implements ExecutorSession {
  readonly #child: ChildProcess;
  readonly #channel: Duplex;
  readonly #frames: AsyncIterator<string>;
  readonly #ended: Promise<unknown>;
  readonly #folder = mkdtempSync(path.join(tmpdir(), "codelet-unsafe-"));
  #logs = "";
  #calls = 0;
  #final: Execution["finalAnswer"];

  constructor({ tools = [], variables = {} }: OpenSessionOptions = {}) {
    this.#child = spawn("python3", ["-c", worker], { cwd: this.#folder, stdio: ["ignore", "pipe", "pipe", "pipe"] });
    this.#channel = this.#child.stdio[3] as Duplex;
    this.#channel.on("error", () => {});
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on("data", (chunk) => (this.#logs += chunk));
    this.#frames = createInterface({ input: this.#channel })[Symbol.asyncIterator]();
    this.#ended = new Promise((resolve) => this.#child.once("close", resolve));
    this.#send({ tools: tools.map(({ name }) => name), variables: encodeValue(variables) });
  }

  start(code: string, { timeoutMs = 30_000 } = {}): void {
    this.#logs = "";
    this.#final = undefined;
    setTimeout(() => this.#child.kill("SIGKILL"), timeoutMs).unref();
    this.#send({ code });
  }

  async next(): Promise<Advance> {
    for (;;) {
      const { value: line, done } = await this.#frames.next();
      if (done) throw new ExecutorCrashedError("the interpreter is gone");
      const frame = JSON.parse(line) as {
        call?: string;
        args: [];
        kwargs: object;
        final?: unknown;
        value: unknown;
        error: Execution["error"] | null;
      };
      if (frame.call !== undefined) {
        const call = { id: String(++this.#calls), tool: frame.call, args: decodeValue(frame.args), kwargs: decodeValue(frame.kwargs) } as SandboxCall;
        return { type: "calls", calls: [call], cancelled: [] };
      }
      if ("final" in frame) this.#final = { value: decodeValue(frame.final) };
      else return { type: "done", execution: await this.#execution(frame.value, frame.error ?? undefined) };
    }
  }

  deliver([result]: readonly CallResult[]): void {
    this.#send("value" in (result ?? {}) ? { value: encodeValue((result as { value: unknown }).value) } : result);
  }

  interrupt(): void {
    this.#child.kill("SIGKILL");
  }

  async bind({ variables = {}, tools = [] }: { variables?: OpenSessionOptions["variables"]; tools?: OpenSessionOptions["tools"] }): Promise<void> {
    this.#send({ tools: tools.map(({ name }) => name), variables: encodeValue(variables) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    this.#channel.destroy();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    await this.#ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The output has a way of its own and may come after the end of the step. */
  async #execution(value: unknown, error: Execution["error"]): Promise<Execution> {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { value: decodeValue(value), logs: this.#logs, outputs: [], finalAnswer: this.#final, error, stateLost: false, durationMs: 0 };
  }

  #send(frame: unknown): void {
    this.#channel.write(`${JSON.stringify(frame)}\n`);
  }
}
