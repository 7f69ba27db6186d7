import { spawn } from "node:child_process";
import { pythonRunner } from "@codelet/bridge";
import { ConfigurationError } from "@codelet/core";
import { findCommand } from "./find-command.ts";

/** What this machine's interpreter said about itself, once per process. */
export interface Interpreter {
  /** The real executable behind a version manager's shim; of a virtual environment, the environment's own. */
  readonly executable: string;
  readonly version: readonly [number, number, number];
  /** `sys.prefix` and `sys.exec_prefix`: of the virtual environment, where there is one. */
  readonly prefix: string;
  readonly execPrefix: string;
  /** Every prefix, base ones included. */
  readonly prefixes: readonly string[];
  /** `sys.path` after the site packages were found, without the user's own. */
  readonly path: readonly string[];
  /** The bridge's runner as marshalled code of this very interpreter: compiling it for each session would cost more than starting Python. */
  readonly runner: Uint8Array;
}

const oldestVersion = [3, 9] as const;
const answerTimeoutMs = 20_000;
const maxAnswerBytes = 16 * 2 ** 20;

/** Runs outside the sandbox, as the user's own interpreter does every day. Written so that Python 2 can run it too and be told apart. */
const questions = `
import base64, json, marshal, os, sys
answer = {"version": list(sys.version_info[:3])}
if sys.version_info >= (3, 9):
    code = compile(sys.stdin.buffer.read(), "<codelet>", "exec", dont_inherit=True, optimize=0)
    prefixes = [sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    answer.update(executable=sys.executable, prefix=sys.prefix, execPrefix=sys.exec_prefix, prefixes=prefixes)
    answer.update(path=[entry for entry in sys.path if entry], runner=base64.b64encode(marshal.dumps(code)).decode())
os.write(3, json.dumps(answer).encode())
`;

const known = new Map<string, Promise<Interpreter>>();

/** Asks the interpreter for its prefixes and compiles the runner with it. A failure is a {@link ConfigurationError} and is asked again next time. */
export function describeInterpreter(python: string): Promise<Interpreter> {
  const file = python.startsWith("/") ? python : findCommand(python);
  if (file === undefined) return Promise.reject(notFound(python));
  const answer = known.get(file) ?? ask(file, python);
  known.set(file, answer);
  answer.catch(() => known.delete(file));
  return answer;
}

async function ask(file: string, python: string): Promise<Interpreter> {
  const { frames, stderr, reason } = await run(file);
  const answer = parse(frames);
  if (answer === undefined) {
    if (reason.startsWith("ENOENT")) throw notFound(python);
    throw new ConfigurationError(`The Python at ${file} does not run (${reason}). ${lastLine(stderr)}`.trim(), { details: { python: file, reason } });
  }
  const [major = 0, minor = 0] = answer.version;
  if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])) {
    const version = answer.version.join(".");
    throw new ConfigurationError(
      `The Python at ${file} is ${version}; @codelet/executor-local needs ${oldestVersion.join(".")} or newer. Set \`python\` to a newer one, or use @codelet/executor-wasm, which brings its own.`,
      { details: { python: file, version } },
    );
  }
  return { ...answer, runner: Buffer.from(answer.runner, "base64") };
}

function run(file: string): Promise<{ frames: string; stderr: string; reason: string }> {
  const { promise, resolve } = Promise.withResolvers<{ frames: string; stderr: string; reason: string }>();
  // Variables that change what an interpreter imports are left out; a shim needs the rest to find its version.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("PYTHON")));
  const child = spawn(file, ["-s", "-c", questions], {
    env,
    cwd: "/",
    stdio: ["pipe", "ignore", "pipe", "pipe"],
    timeout: answerTimeoutMs,
    killSignal: "SIGKILL",
  });
  const stderr = collect(child.stderr);
  const frames = collect(child.stdio[3] as NodeJS.ReadableStream);
  child.once("error", (error: NodeJS.ErrnoException) => resolve({ frames: "", stderr: "", reason: `${error.code}: ${error.message}` }));
  child.once("close", (code, signal) => resolve({ frames: frames(), stderr: stderr(), reason: signal ?? `exit code ${code}` }));
  child.stdin?.on("error", () => {}); // An interpreter that is too old ends without reading.
  child.stdin?.end(pythonRunner);
  return promise;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxAnswerBytes) chunks.push(chunk);
  });
  stream?.on("error", () => {});
  return () => Buffer.concat(chunks).toString();
}

type Answer = Omit<Interpreter, "runner"> & { readonly runner: string };

function parse(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null && "version" in answer && Array.isArray(answer.version) ? (answer as Answer) : undefined;
  } catch {
    return undefined;
  }
}

function notFound(python: string): ConfigurationError {
  return new ConfigurationError(
    `No Python found as \`${python}\`. Install one (Debian, Ubuntu: apt install python3), set \`python\` to its path, or use @codelet/executor-wasm, which brings its own.`,
    { details: { python } },
  );
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)?.slice(0, 500) ?? "";
}
