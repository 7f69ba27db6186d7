import { ConfigurationError, ExecutorCrashedError, ProtocolError } from "@codelet/core";
import type { Carrier, SupervisionOptions } from "./carrier.ts";
import type { LeftStep } from "./session-options.ts";
import type { SupervisorEvents } from "./supervisor-events.ts";
import { SupervisorLink } from "./supervisor-link.ts";
import type { WorkerChannel, WorkerExit } from "./worker-channel.ts";

/** How long a supervisor may take to end a worker; a lost one ends it by itself, as an orphan. */
const killTimeoutMs = 3_000;

/** A supervisor that has answered: it starts one worker after the other. The caller owns it and disposes of it. */
export interface Supervision extends AsyncDisposable {
  /** Starts a worker, and ends the one before: what `bridgeSession` takes as `connect`. The first one may be the one that was left. */
  connect(): Promise<WorkerChannel>;
  /** The last step of the worker that another host left; absent when there is no such worker. */
  readonly left?: LeftStep | undefined;
  /** The key of the step that another host started last, `""` where it started none; absent where that is not known. */
  readonly lastKey?: string | undefined;
  /** Leaves the supervisor and its worker to another host, for so many milliseconds. Rejects with `executor-crashed` when that host would find nothing. */
  detach(keepMs: number): Promise<void>;
  /** Gives up the connection only: what another host has left waits on as it did. Never rejects. */
  leave(): Promise<void>;
}

/** Talks to `pythonSupervisor` over a carrier. Rejects with `executor-crashed`, and gives the carrier up, when it does not answer. */
export async function superviseCarrier(carrier: Carrier, options: SupervisionOptions = {}): Promise<Supervision> {
  let worker: SupervisedWorker | undefined;
  let ended: WorkerExit | undefined;
  const events: SupervisorEvents = {
    line: (kind, payload) => worker?.receive(kind, payload),
    beat: (cpuMs) => worker?.beat(cpuMs),
    lost(error) {
      ended = { message: error.message, failure: error.code };
      worker?.end(ended);
    },
  };
  const link = await newLink(carrier, events, options);
  let left: LeftStep | undefined;
  let lastKey: string | undefined;
  try {
    const hello = parseHello(await link.open(options));
    left = readLeftStep(hello);
    lastKey = typeof hello?.last === "string" ? hello.last : undefined;
  } catch (error) {
    // What another host has left is not ended by an attempt to take it over: that may be made again, until the supervisor's patience is over.
    await (options.adopt === true && carrier.detach !== undefined ? link.leave() : link.close());
    throw error;
  }
  if (left !== undefined) worker = new SupervisedWorker(link, true);
  let isUntaken = left !== undefined;
  return {
    left,
    lastKey,
    async connect() {
      if (ended !== undefined) throw new (ended.failure === "configuration" ? ConfigurationError : ExecutorCrashedError)(ended.message);
      if (isUntaken && worker !== undefined) {
        isUntaken = false;
        return worker;
      }
      await worker?.kill();
      worker = new SupervisedWorker(link);
      return worker;
    },
    async detach(keepMs) {
      await link.detach(keepMs);
      ended ??= { message: "the session was detached", failure: "executor-crashed" };
    },
    async leave() {
      ended ??= { message: "the session was left", failure: "executor-crashed" };
      await link.leave();
      worker?.end(ended);
    },
    async [Symbol.asyncDispose]() {
      ended ??= { message: "the supervision was ended", failure: "executor-crashed" };
      await link.close();
      worker?.end(ended);
    },
  };
}

async function newLink(carrier: Carrier, events: SupervisorEvents, options: SupervisionOptions): Promise<SupervisorLink> {
  try {
    return new SupervisorLink(carrier, events, options);
  } catch (error) {
    await carrier.close();
    throw error;
  }
}

class SupervisedWorker implements WorkerChannel {
  readonly #link: SupervisorLink;
  readonly #ended = Promise.withResolvers<WorkerExit>();
  #isLive = true;
  #started: boolean;
  #cpuMs: number | undefined;
  #frames: (chunk: Uint8Array) => void = () => {};
  #output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void = () => {};

  constructor(link: SupervisorLink, isStarted = false) {
    this.#link = link;
    this.#started = isStarted;
    if (!isStarted) link.send("s");
  }

  write(text: string): void {
    for (const frame of text.split("\n")) if (frame !== "") this.#link.sendFrame(frame);
  }

  /** The supervisor takes every frame at once, and itself ends a worker that reads none. */
  unreadBytes(): number {
    return 0;
  }

  onFrames(receive: (chunk: Uint8Array) => void): void {
    this.#frames = receive;
  }

  onOutput(receive: (stream: "stdout" | "stderr", chunk: Uint8Array) => void): void {
    this.#output = receive;
  }

  onClose(closed: (exit: WorkerExit) => void): void {
    void this.#ended.promise.then(closed);
  }

  interrupt(): void {
    if (this.#isLive) this.#link.send("i");
  }

  replayStep(): void {
    this.#link.send("r");
  }

  beat(cpuMs: number): void {
    if (this.#started) this.#cpuMs = cpuMs;
  }

  cpuTimeMs(): number | undefined {
    return this.#cpuMs;
  }

  async kill(): Promise<void> {
    if (!this.#isLive) return;
    this.#link.send("k");
    const timer = setTimeout(() => this.end({ message: "the supervisor did not answer", failure: "executor-crashed" }), killTimeoutMs);
    await this.#ended.promise;
    clearTimeout(timer);
  }

  end(exit: WorkerExit): void {
    this.#isLive = false;
    this.#ended.resolve(exit);
  }

  receive(kind: string, payload: string): void {
    if (kind === "s") this.#started = true;
    if (!this.#started || !this.#isLive) return; // the last words of the worker before
    if (kind === "f") this.#frames(Buffer.from(`${payload}\n`, "latin1"));
    else if (kind === "p") this.#frames(Buffer.from(payload, "latin1"));
    else if (kind === "o" || kind === "e") this.#output(kind === "o" ? "stdout" : "stderr", Buffer.from(payload, "base64"));
    else if (kind === "x")
      this.end({ message: /"message": ?"([^"\\]*)"/.exec(payload)?.[1] ?? "unknown", memoryExceeded: /"memory": ?true/.test(payload) });
    else if (kind !== "s") throw new ProtocolError("The supervisor sent a line of an unknown kind.");
  }
}

/** A hello's account of the worker that was left. Throws ProtocolError. */
function readLeftStep(hello: Hello | undefined): LeftStep | undefined {
  const left = hello?.left;
  if (left === undefined || left === null) return undefined;
  const { step, running, calls, numbers, complete } = left as Readonly<Record<string, unknown>>;
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!isCount(step) || !isCount(calls) || typeof running !== "boolean" || typeof numbers !== "object" || numbers === null)
    throw new ProtocolError("The supervisor describes no step.");
  const given: readonly unknown[] = Object.values(numbers);
  if (!given.every((number) => isCount(number) && number >= 1 && number <= calls) || new Set(given).size < given.length)
    throw new ProtocolError("The supervisor describes no step.");
  if (complete !== true) return undefined;
  return { number: step, isRunning: running, calls, callNumbers: { __proto__: null, ...numbers } as unknown as Readonly<Record<string, number>> };
}

interface Hello {
  readonly left?: unknown;
  readonly last?: unknown;
}

function parseHello(text: string): Hello | undefined {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    throw new ProtocolError("The supervisor sent a malformed hello.");
  }
}
