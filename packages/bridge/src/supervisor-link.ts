import { ExecutorCrashedError, ProtocolError } from "@codelet/core";
import type { Carrier, SupervisionOptions } from "./carrier.ts";
import { Deferred } from "./deferred.ts";
import { checkedMs } from "./session-options.ts";
import { maxPayloadChars, type SupervisorLine, SupervisorLineDecoder, supervisorLine } from "./supervisor-lines.ts";

export interface SupervisorEvents {
  line(kind: string, payload: string): void;
  lost(error: ExecutorCrashedError | ProtocolError): void;
}

const defaultSilenceTimeoutMs = 20_000;
const defaultReadyTimeoutMs = 60_000;
const defaultMaxReconnects = 5;
const reconnectDelayMs = 200;
const helloTimeoutMs = 10_000;
const pingIntervalMs = 5_000;
/** Lines that the supervisor has not acknowledged yet. */
const maxKeptChars = 128 * 1024 * 1024;
/** Text of one `send`: providers bound the size of their requests. */
const maxSendChars = 256 * 1024;
const acknowledgeEvery = 16;

/** Numbered lines over a carrier, each exactly once and in order, also when the connection breaks and comes back. */
export class SupervisorLink {
  readonly #carrier: Carrier;
  readonly #events: SupervisorEvents;
  readonly #decoder = new SupervisorLineDecoder();
  readonly #silenceTimeoutMs: number;
  readonly #readyTimeoutMs: number;
  readonly #maxReconnects: number;
  #sent = 0;
  #seen = 0;
  #unacknowledged = 0;
  #kept: { readonly number: number; readonly line: string }[] = [];
  #keptChars = 0;
  #outgoing = "";
  #sending = false;
  #state: "new" | "live" | "reconnecting" | "closed" = "new";
  /** Lines that were under way when the connection broke may come twice. */
  #mayRepeat = false;
  #hello: Deferred<void> | undefined;
  /** Until the supervisor has answered, what comes may be the torn rest of an older connection; unacknowledged, it comes again. */
  #isGreeted = false;
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(carrier: Carrier, events: SupervisorEvents, options: SupervisionOptions) {
    this.#carrier = carrier;
    this.#events = events;
    this.#silenceTimeoutMs = checkedMs("silenceTimeoutMs", options.silenceTimeoutMs ?? defaultSilenceTimeoutMs, 1);
    this.#readyTimeoutMs = checkedMs("readyTimeoutMs", options.readyTimeoutMs ?? defaultReadyTimeoutMs, 1);
    this.#maxReconnects = checkedMs("maxReconnects", options.maxReconnects ?? defaultMaxReconnects, 0);
    carrier.onData((chunk) => this.#receive(chunk));
    carrier.onLost((reason) => void this.#reconnect(reason));
  }

  /** Greets the supervisor. Rejects with `executor-crashed` when it does not answer. */
  async open(): Promise<void> {
    await this.#greet(this.#readyTimeoutMs);
    this.#state = "live";
    this.#timer = setInterval(() => this.#tick(), Math.min(pingIntervalMs, this.#silenceTimeoutMs / 2));
    this.#timer.unref();
  }

  send(kind: string, payload = ""): void {
    if (this.#state === "closed") return;
    const line = supervisorLine(++this.#sent, kind, payload);
    this.#kept.push({ number: this.#sent, line });
    this.#keptChars += line.length;
    if (this.#keptChars > maxKeptChars) this.#fail(new ExecutorCrashedError("The supervisor acknowledges nothing."));
    else if (this.#state === "live") this.#write(line);
  }

  sendFrame(frame: string): void {
    let start = 0;
    for (; frame.length - start > maxPayloadChars; start += maxPayloadChars) this.send("p", frame.slice(start, start + maxPayloadChars));
    this.send("f", frame.slice(start));
  }

  async close(): Promise<void> {
    if (this.#state !== "closed") this.#end();
    await this.#carrier.close();
  }

  #end(): void {
    this.#state = "closed";
    clearInterval(this.#timer);
    this.#hello?.reject(new ExecutorCrashedError("The connection to the supervisor was given up."));
    this.#hello = undefined;
    this.#kept = [];
    this.#outgoing = "";
  }

  #fail(error: ExecutorCrashedError | ProtocolError): void {
    if (this.#state === "closed") return;
    this.#end();
    void this.#carrier.close();
    this.#events.lost(error);
  }

  // Out

  #write(text: string): void {
    this.#outgoing += text;
    if (!this.#sending) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#sending = true;
    try {
      while (this.#outgoing !== "") {
        const cut = this.#outgoing.length > maxSendChars ? this.#outgoing.lastIndexOf("\n", maxSendChars) + 1 : this.#outgoing.length;
        const text = this.#outgoing.slice(0, cut);
        this.#outgoing = this.#outgoing.slice(cut);
        await this.#carrier.send(text);
      }
    } catch (error) {
      void this.#reconnect(`sending failed: ${String(error)}`);
    } finally {
      this.#sending = false;
    }
  }

  #tick(): void {
    if (this.#state !== "live") return;
    if (performance.now() - this.#heardAt > this.#silenceTimeoutMs) void this.#reconnect("it is silent");
    else this.#write(supervisorLine(undefined, "g", ""));
  }

  // In

  #receive(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#heardAt = performance.now();
    try {
      for (const line of this.#decoder.decode(chunk)) this.#handle(line);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#fail(error);
    }
  }

  #handle({ number, kind, payload }: SupervisorLine): void {
    if (number === undefined) {
      this.#handleControl(kind, payload);
      return;
    }
    if (!this.#isGreeted) return;
    if (number <= this.#seen && this.#mayRepeat) return;
    if (number !== this.#seen + 1) throw new ProtocolError(`The supervisor sent line ${number} where ${this.#seen + 1} was due.`);
    this.#seen = number;
    if (this.#hello === undefined) this.#mayRepeat = false;
    if (++this.#unacknowledged >= acknowledgeEvery || kind !== "p") {
      this.#unacknowledged = 0;
      if (this.#state === "live") this.#write(supervisorLine(undefined, "a", String(this.#seen)));
    }
    this.#events.line(kind, payload);
  }

  #handleControl(kind: string, payload: string): void {
    if (kind === "a") {
      this.#forget(count(payload));
    } else if (kind === "h") {
      this.#forget(count(/"seen": ?(\d+)/.exec(payload)?.[1] ?? ""));
      const hello = this.#hello;
      this.#isGreeted = true;
      this.#hello = undefined;
      hello?.resolve();
    } else if (kind !== "b") throw new ProtocolError("The supervisor sent a line of an unknown kind.");
  }

  #forget(number: number): void {
    if (number > this.#sent) throw new ProtocolError("The supervisor acknowledged what was not sent.");
    let first = 0;
    for (; (this.#kept[first]?.number ?? Number.POSITIVE_INFINITY) <= number; first++) this.#keptChars -= this.#kept[first]?.line.length ?? 0;
    if (first > 0) this.#kept.splice(0, first);
  }

  // The connection

  async #greet(timeoutMs: number): Promise<void> {
    const hello = new Deferred<void>();
    this.#hello = hello;
    const timer = setTimeout(() => hello.reject(new ExecutorCrashedError(`The supervisor did not answer in ${timeoutMs} ms.`)), timeoutMs);
    try {
      this.#write(supervisorLine(undefined, "h", JSON.stringify({ v: 1, seen: this.#seen })));
      await hello.promise;
    } finally {
      clearTimeout(timer);
      this.#hello = undefined;
    }
  }

  async #reconnect(reason: string): Promise<void> {
    if (this.#state !== "live") this.#hello?.reject(new ExecutorCrashedError(`The connection to the supervisor is lost: ${reason}.`));
    if (this.#state !== "live") return;
    this.#state = "reconnecting";
    for (let attempt = 0; attempt < this.#maxReconnects && this.#carrier.reconnect !== undefined; attempt++) {
      try {
        this.#outgoing = "";
        this.#decoder.reset();
        this.#mayRepeat = true;
        this.#isGreeted = false;
        await this.#carrier.reconnect();
        await this.#greet(helloTimeoutMs);
        if (this.#isClosed()) return;
        this.#state = "live";
        this.#heardAt = performance.now();
        this.#write(this.#kept.map(({ line }) => line).join(""));
        return;
      } catch {
        if (this.#isClosed()) return;
        await new Promise((resolve) => setTimeout(resolve, reconnectDelayMs * 2 ** attempt));
      }
    }
    this.#fail(new ExecutorCrashedError(`The connection to the supervisor is lost: ${reason}.`));
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}

function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ProtocolError("The supervisor sent a malformed line.");
  return Number(text);
}
