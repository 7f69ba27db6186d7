import { ExecutorCrashedError, ProtocolError } from "@codelet/core";
import type { Carrier, SupervisionOptions } from "./carrier.ts";
import { SupervisorLink } from "./supervisor-link.ts";
import type { WorkerChannel, WorkerExit } from "./worker-channel.ts";

/** How long a supervisor may take to end a worker; a lost one ends it by itself, as an orphan. */
const killTimeoutMs = 3_000;

/** A supervisor that has answered: it starts one worker after the other. The caller owns it and disposes of it. */
export interface Supervision extends AsyncDisposable {
  /** Starts a worker, and ends the one before: what `bridgeSession` takes as `connect`. */
  connect(): Promise<WorkerChannel>;
}

/** Talks to `pythonSupervisor` over a carrier. Rejects with `executor-crashed`, and gives the carrier up, when it does not answer. */
export async function superviseCarrier(carrier: Carrier, options: SupervisionOptions = {}): Promise<Supervision> {
  let worker: SupervisedWorker | undefined;
  let failure: WorkerExit | undefined;
  const link = new SupervisorLink(
    carrier,
    {
      line: (kind, payload) => worker?.receive(kind, payload),
      lost(error) {
        failure = error instanceof ProtocolError ? { message: error.message, protocolBroken: true } : { message: error.message, carrierLost: true };
        worker?.end(failure);
      },
    },
    options,
  );
  try {
    await link.open();
  } catch (error) {
    await link.close();
    throw error;
  }
  return {
    async connect() {
      if (failure !== undefined) throw new ExecutorCrashedError(failure.message);
      await worker?.kill();
      worker = new SupervisedWorker(link);
      return worker;
    },
    async [Symbol.asyncDispose]() {
      failure ??= { message: "the supervision was ended", carrierLost: true };
      await link.close();
      worker?.end(failure);
    },
  };
}

class SupervisedWorker implements WorkerChannel {
  readonly #link: SupervisorLink;
  readonly #ended: Promise<WorkerExit>;
  #end: (exit: WorkerExit) => void = () => {};
  #isLive = true;
  #started = false;
  #frames: (chunk: Uint8Array) => void = () => {};
  #output: (stream: "stdout" | "stderr", chunk: Uint8Array) => void = () => {};

  constructor(link: SupervisorLink) {
    this.#link = link;
    this.#ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    link.send("s");
  }

  write(text: string): void {
    for (const frame of text.split("\n")) if (frame !== "") this.#link.sendFrame(frame);
  }

  onFrames(receive: (chunk: Uint8Array) => void): void {
    this.#frames = receive;
  }

  onOutput(receive: (stream: "stdout" | "stderr", chunk: Uint8Array) => void): void {
    this.#output = receive;
  }

  onClose(closed: (exit: WorkerExit) => void): void {
    void this.#ended.then(closed);
  }

  interrupt(): void {
    if (this.#isLive) this.#link.send("i");
  }

  async kill(): Promise<void> {
    if (!this.#isLive) return;
    this.#link.send("k");
    const timer = setTimeout(() => this.end({ message: "the supervisor did not answer", carrierLost: true }), killTimeoutMs);
    await this.#ended;
    clearTimeout(timer);
  }

  end(exit: WorkerExit): void {
    this.#isLive = false;
    this.#end(exit);
  }

  receive(kind: string, payload: string): void {
    if (kind === "s") this.#started = true;
    if (!this.#started || !this.#isLive) return; // the last words of the worker before
    if (kind === "f") this.#frames(Buffer.from(`${payload}\n`, "latin1"));
    else if (kind === "p") this.#frames(Buffer.from(payload, "latin1"));
    else if (kind === "o" || kind === "e") this.#output(kind === "o" ? "stdout" : "stderr", Buffer.from(payload, "base64"));
    else if (kind === "x") this.end({ message: /"message": ?"([^"\\]*)"/.exec(payload)?.[1] ?? "unknown" });
    else if (kind !== "s") throw new ProtocolError("The supervisor sent a line of an unknown kind.");
  }
}
