import {
  AbortedError,
  type Clock,
  ConfigurationError,
  type Executor,
  type ExecutorCapabilities,
  type ExecutorSession,
  type OpenSessionOptions,
  type PlainValue,
  type RichOutput,
  type ToolSignature,
  type Value,
} from "@codelet/core";
import { checkOptions } from "./check-options.ts";
import { FakeSession } from "./fake-session.ts";
import { clockTimer, realTimer } from "./step-timer.ts";

/** What a handler has of the step that it plays. Its functions need no `this`. */
export interface FakeStep {
  readonly code: string;
  /** The session's variables, also those of earlier steps. The handler may change them. */
  readonly variables: Record<string, Value>;
  readonly tools: ReadonlyMap<string, ToolSignature>;
  /** Aborted when the step is stopped or the session disposed of. */
  readonly signal: AbortSignal;
  /**
   * Calls a host tool: with a list, by position; with an object, by name. The result comes without Python's distinctions. Rejects with an error that has the host error's name when the host answers
   * with one, `NameError` for a tool that the session doesn't have, and when the step is stopped.
   */
  call(tool: string, args?: readonly Value[] | Readonly<Record<string, Value>>): Promise<PlainValue>;
  /** Writes a line to the logs. */
  print(text: string): void;
  display(output: RichOutput): void;
  /** Answers the task and ends the step, as `final_answer` does in Python: it throws. The first answer counts. */
  finalAnswer(value: Value): never;
}

/**
 * Plays one step; its result is the step's value. What it throws becomes the step's error, with three exceptions: an error of code
 * `executor-crashed` or `protocol` kills the session as a crash does, and one named `SessionDied` loses the variables.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: before TypeScript 6, `() => {}` is no function that returns undefined where a value may be returned too
export type FakeHandler = (step: FakeStep) => Value | undefined | void | Promise<Value | undefined | void>;

/** What {@link fakeExecutor} may be told. */
export interface FakeExecutorOptions {
  /** @default "fake" */
  readonly name?: string | undefined;
  /** What the agent's prompts call the code. @default "python" */
  readonly language?: "python" | "javascript" | undefined;
  /** What timeouts are measured by. @default real time */
  readonly clock?: Clock | undefined;
  /** Milliseconds that a stopped handler has to settle before its variables count as lost. Minimum 0. @default 100 */
  readonly graceMs?: number | undefined;
  /** Characters of one step's logs. Minimum 0. @default 100_000 */
  readonly maxLogCharacters?: number | undefined;
}

/** An executor that plays a function, and how many sessions it has. */
export interface FakeExecutor extends Executor {
  /** Sessions opened so far. */
  readonly openedSessions: number;
  /** Sessions not yet disposed of. */
  readonly openSessions: number;
}

const defaultGraceMs = 100;
const defaultMaxLogCharacters = 100_000;

const optionNames = { name: true, language: true, clock: true, graceMs: true, maxLogCharacters: true } as const;

const capabilities: ExecutorCapabilities = {
  isolation: 0,
  network: "full",
  files: "host",
  processes: "host",
  threads: true,
  packages: "fixed",
  richOutput: true,
  fileTransfer: false,
  recovery: { pinned: false, snapshot: false, replay: false },
  limits: { memory: "none", processes: "none", output: true },
};

/**
 * An executor whose code is a JavaScript function of yours, in this process: no isolation, no interpreter, about ten microseconds per step. It keeps
 * the whole contract of a session: parallel calls, timeouts of the code's own time, interrupts, logs, answers, crashes.
 *
 * @example
 * const executor = fakeExecutor(async ({ call, print, finalAnswer }) => {
 *   const price = await call("get_price", { item: "tea" });
 *   print(`price: ${price}`);
 *   finalAnswer(price);
 * });
 */
export function fakeExecutor(handler: FakeHandler, options: FakeExecutorOptions = {}): FakeExecutor {
  const {
    name = "fake",
    language = "python",
    clock,
    graceMs = defaultGraceMs,
    maxLogCharacters = defaultMaxLogCharacters,
  } = checkOptions("fakeExecutor", options, optionNames);
  if (typeof handler !== "function") throw new TypeError(`Expected \`handler\` to be a function, got ${typeof handler}`);
  for (const [option, value] of Object.entries({ graceMs, maxLogCharacters })) {
    if (!(value >= 0)) throw new TypeError(`Expected \`${option}\` to be a number >= 0, got \`${value}\` (${typeof value})`);
  }
  const timer = clock === undefined ? realTimer : clockTimer(clock);
  let openedSessions = 0;
  let openSessions = 0;
  return {
    name,
    language,
    capabilities,
    get openedSessions() {
      return openedSessions;
    },
    get openSessions() {
      return openSessions;
    },
    async open(open: OpenSessionOptions = {}): Promise<ExecutorSession> {
      if (open.signal?.aborted) throw new AbortedError(open.signal.reason);
      if (open.restore !== undefined) throw new ConfigurationError(`The executor ${name} can't restore a session.`, { details: { sandbox: "gone" } });
      openedSessions++;
      openSessions++;
      return new FakeSession({ handler, timer, graceMs, maxLogCharacters, open, onDispose: () => openSessions-- });
    },
  };
}
