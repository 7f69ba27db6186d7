import { fakeExecutor } from "@codelet/testing";
import { AbortedError, ConfigurationError, ExecutorCrashedError } from "../errors.ts";
import type { Advance, Execution, Executor, ExecutorSession, OpenSessionOptions, SandboxCall } from "../executor.ts";
import type { Value } from "../value.ts";

/** What a program has of the sandbox that it runs in. */
export interface LiveProgram {
  readonly code: string;
  readonly variables: Record<string, Value>;
  call(tool: string, args: readonly Value[]): Promise<Value>;
}

interface WaitingCall {
  readonly call: SandboxCall;
  settle(value: Value): void;
  fail(error: Error): void;
}

/** A sandbox that needs no host: its program goes on, and waits with its calls. */
export class LiveSandbox {
  readonly id: string;
  readonly variables: Record<string, Value>;
  /** Keys of the steps that were started in it, in order. */
  readonly started: string[] = [];
  host: object | undefined;
  isEnded = false;
  isDetached = false;
  /** Its interpreter; a new one has no variables. */
  hasInterpreter = true;
  readonly pending: Map<string, WaitingCall> = new Map();
  execution: Execution | undefined;
  isRunning = false;
  #steps = 0;
  #calls = 0;
  #news = Promise.withResolvers<void>();

  constructor(id: string, variables: Record<string, Value>) {
    this.id = id;
    this.variables = variables;
  }

  /** Until something happens, to the sandbox or to its host. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  start(program: (given: LiveProgram) => Promise<Value>, code: string, key: string): void {
    this.started.push(key);
    this.isRunning = true;
    this.execution = undefined;
    const step = ++this.#steps;
    this.#calls = 0;
    const call = (tool: string, args: readonly Value[]): Promise<Value> =>
      new Promise((settle, fail) => {
        const id = `${step}.${++this.#calls}`;
        this.pending.set(id, { call: { id, tool, args, kwargs: {} }, settle, fail });
        this.tell();
      });
    const plain = { logs: "", outputs: [], stateLost: false, durationMs: 0 };
    program({ code, variables: this.variables, call }).then(
      (value) =>
        this.#end(
          Array.isArray(value) && value[0] === "final" ? { ...plain, value: null, finalAnswer: { value: value[1] as Value } } : { ...plain, value },
        ),
      (error: Error) => this.#end({ ...plain, value: null, error: { name: error.name, message: error.message } }),
    );
  }

  #end(execution: Execution): void {
    this.execution = execution;
    this.isRunning = false;
    this.tell();
  }
}

/** An executor whose sandboxes outlive their hosts, and can't repeat programs; one host at a time, the later one wins. */
export function liveSandboxes(program: (given: LiveProgram) => Promise<Value>): { readonly executor: Executor; readonly sandboxes: LiveSandbox[] } {
  const { capabilities, ...fake } = fakeExecutor(() => null);
  const sandboxes: LiveSandbox[] = [];
  const executor: Executor = {
    ...fake,
    capabilities: { ...capabilities, recovery: { pinned: true, snapshot: false, replay: false } },
    async open({ restore, variables = {}, signal }: OpenSessionOptions = {}) {
      if (signal?.aborted) throw new AbortedError(signal.reason);
      if (restore === undefined) sandboxes.push(new LiveSandbox(`box-${sandboxes.length}`, { ...variables }));
      const sandbox = restore === undefined ? sandboxes.at(-1) : sandboxes.find(({ id }) => id === restore.data);
      if (sandbox === undefined || sandbox.isEnded) throw new ExecutorCrashedError("The sandbox is gone.", { details: { sandbox: "gone" } });
      return sessionIn(sandbox, program, restore !== undefined);
    },
  };
  return { executor, sandboxes };
}

function sessionIn(sandbox: LiveSandbox, program: (given: LiveProgram) => Promise<Value>, isFound: boolean): ExecutorSession {
  const host = {};
  sandbox.host = host;
  sandbox.isDetached = false;
  sandbox.tell();
  const hadInterpreter = sandbox.hasInterpreter;
  if (!hadInterpreter) for (const name of Object.keys(sandbox.variables)) delete sandbox.variables[name];
  sandbox.hasInterpreter = true;
  let isLost = !hadInterpreter;
  let isOver = false;
  const handedOut = new Set<string>();
  let isTaken = false;
  const { started } = sandbox;
  return {
    ...(isFound && { lastKey: started.at(-1) ?? "" }),
    reference: { executor: "fake", data: sandbox.id },
    start(code, { key = "" } = {}) {
      if (sandbox.isRunning) throw new ConfigurationError("A step is running.");
      handedOut.clear();
      isTaken = false;
      sandbox.start(program, code, key);
    },
    ...(isFound && hadInterpreter && { resume: () => {} }),
    /** One call at a time, as they come over a wire. */
    async next(): Promise<Advance> {
      for (;;) {
        if (isOver) throw new AbortedError("The session is over.");
        if (sandbox.isEnded || sandbox.host !== host) throw new ExecutorCrashedError("Another host has taken the session over.");
        const fresh = [...sandbox.pending.keys()].find((id) => !handedOut.has(id));
        if (fresh !== undefined) {
          handedOut.add(fresh);
          return { type: "calls", calls: [(sandbox.pending.get(fresh) as WaitingCall).call], cancelled: [] };
        }
        if (sandbox.execution !== undefined && !isTaken) {
          const { execution } = sandbox;
          isTaken = true;
          const stateLost = isLost;
          isLost = false;
          return { type: "done", execution: { ...execution, stateLost } };
        }
        await sandbox.news;
      }
    },
    deliver(results) {
      for (const result of results) {
        const waiting = handedOut.has(result.id) ? sandbox.pending.get(result.id) : undefined;
        sandbox.pending.delete(result.id);
        if ("error" in result) waiting?.fail(Object.assign(new Error(result.error.message), { name: result.error.name }));
        else waiting?.settle(result.value);
      }
    },
    interrupt: () => {
      for (const { fail } of sandbox.pending.values()) fail(new AbortedError());
      sandbox.pending.clear();
    },
    async bind({ variables = {} }) {
      if (sandbox.isEnded) throw new ExecutorCrashedError("The sandbox is gone.");
      Object.assign(sandbox.variables, variables);
    },
    async detach() {
      if (sandbox.host === host) sandbox.isDetached = true;
      isOver = true;
      sandbox.tell();
      return { executor: "fake", data: sandbox.id };
    },
    async [Symbol.asyncDispose]() {
      if (!isOver && sandbox.host === host) sandbox.isEnded = true;
      isOver = true;
      sandbox.tell();
    },
  };
}
