import { setTimeout as sleep } from "node:timers/promises";
import { AbortedError, ExecutorCrashedError, ProtocolError } from "@codelet/core";
import { type Carrier, maxSendChars, type SupervisionOptions } from "./carrier.ts";
import { inTime } from "./in-time.ts";
import { KeptLines } from "./kept-lines.ts";
import { connectionLost, isFinal, type LinkFailure } from "./link-failure.ts";
import { checkedMs } from "./session-options.ts";
import type { SupervisorEvents } from "./supervisor-events.ts";
import { count, hostLine, maxPayloadChars, newHostName, type SupervisorLine, SupervisorLineDecoder } from "./supervisor-lines.ts";

const defaultSilenceTimeoutMs = 20_000;
const defaultReadyTimeoutMs = 60_000;
const defaultMaxReconnects = 5;
const reconnectDelayMs = 200;
const helloTimeoutMs = 10_000;
const pingIntervalMs = 5_000;
const minPingIntervalMs = 100;
const pingsPerPatience = 3;
/** Lines that the supervisor has not acknowledged yet. */
const maxKeptChars = 128 * 1024 * 1024;
const acknowledgeEvery = 16;
/** What stands before it in a line is the torn rest of an older connection; no payload holds it. */
const torn = "\u0018";
const detachLookMs = 20;

/** Numbered lines over a carrier, each exactly once and in order, also when the connection breaks and comes back. */
export class SupervisorLink {
  readonly #carrier: Carrier;
  readonly #events: SupervisorEvents;
  readonly #decoder = new SupervisorLineDecoder();
  readonly #silenceTimeoutMs: number;
  readonly #readyTimeoutMs: number;
  readonly #maxReconnects: number;
  /** Hosts that follow each other are told apart by it. */
  #host: string = newHostName();
  /** Absent: closing ends the machine. */
  #leftBecause: "detached" | "superseded" | undefined;
  #seen = 0;
  #unacknowledged = 0;
  readonly #kept = new KeptLines();
  #outgoing = "";
  #sending = false;
  #state: "new" | "live" | "reconnecting" | "closed" = "new";
  /** Once a connection broke: what was under way comes again, and after two hellos in a row twice. */
  #mayRepeat = false;
  #hello: PromiseWithResolvers<string> | undefined;
  /** Until the supervisor has answered, what comes may be the torn rest of an older connection; unacknowledged, it comes again. */
  #isGreeted = false;
  #heardAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #failure: LinkFailure | undefined;

  constructor(carrier: Carrier, events: SupervisorEvents, options: SupervisionOptions) {
    this.#carrier = carrier;
    this.#events = events;
    this.#silenceTimeoutMs = checkedMs("silenceTimeoutMs", options.silenceTimeoutMs ?? defaultSilenceTimeoutMs, 1);
    this.#readyTimeoutMs = checkedMs("readyTimeoutMs", options.readyTimeoutMs ?? defaultReadyTimeoutMs, 1);
    this.#maxReconnects = checkedMs("maxReconnects", options.maxReconnects ?? defaultMaxReconnects, 0);
    carrier.onData((chunk) => this.#receive(chunk));
    carrier.onLost((reason, cause) => void this.#reconnect(reason, cause));
  }

  /** Greets the supervisor; returns what it answers. Rejects with `executor-crashed` when it does not, with `aborted` when it is not wanted any more. */
  async open({ adopt, signal }: Pick<SupervisionOptions, "adopt" | "signal">): Promise<string> {
    const onAbort = (): void => this.#hello?.reject(new AbortedError(signal?.reason));
    signal?.addEventListener("abort", onAbort, { once: true });
    let answer: string;
    try {
      answer = await this.#meet(adopt, signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
    this.#throwIfOver(); // what came with the answer
    this.#state = "live";
    const patienceMs = 1_000 * Number(/"patience": ?(\d+(?:\.\d+)?)/.exec(answer)?.[1] ?? Number.POSITIVE_INFINITY); // before it ends as an orphan
    const intervalMs = Math.min(pingIntervalMs, this.#silenceTimeoutMs / 2, Math.max(minPingIntervalMs, patienceMs / pingsPerPatience));
    this.#timer = setInterval(() => this.#tick(), intervalMs);
    this.#timer.unref();
    return answer;
  }

  async #meet(adopt: boolean | undefined, signal: AbortSignal | undefined): Promise<string> {
    const endsAt = performance.now() + this.#readyTimeoutMs;
    for (let attempt = 0; ; attempt++) {
      try {
        this.#throwIfOver(signal);
        if (attempt > 0 && adopt) this.#host = newHostName();
        if (attempt > 0) await this.#carrier.reconnect?.();
        this.#throwIfOver(signal);
        return await this.#greet(endsAt - performance.now(), this.#readyTimeoutMs, adopt);
      } catch (error) {
        const delayMs = reconnectDelayMs * 2 ** attempt;
        const isLate = performance.now() + delayMs >= endsAt;
        const isLast = isLate || attempt >= this.#maxReconnects || this.#carrier.reconnect === undefined || isFinal(error);
        if (signal?.aborted || this.#isClosed() || isLast) throw error;
        await sleep(delayMs, undefined, { signal }).catch(() => {}); // the next attempt says why
      }
    }
  }

  #throwIfOver(signal?: AbortSignal): void {
    if (signal?.aborted) throw new AbortedError(signal.reason);
    if (this.#failure !== undefined) throw this.#failure;
  }

  send(kind: string, payload = ""): void {
    if (this.#state === "closed") return;
    const line = this.#kept.add((number) => hostLine(this.#host, number, kind, payload));
    if (this.#kept.chars > maxKeptChars) this.#fail(new ExecutorCrashedError("The supervisor acknowledges nothing."));
    else if (this.#state === "live") this.#write(line);
  }

  sendFrame(frame: string): void {
    let start = 0;
    for (; frame.length - start > maxPayloadChars; start += maxPayloadChars) this.send("p", frame.slice(start, start + maxPayloadChars));
    this.send("f", frame.slice(start));
  }

  async close(): Promise<void> {
    if (this.#state !== "closed") this.#end();
    await this.#giveUpCarrier();
  }

  /** Gives up the connection only, without a word to the supervisor. */
  async leave(): Promise<void> {
    if (this.#state !== "closed") this.#end();
    this.#leftBecause = "superseded";
    await this.#giveUpCarrier();
  }

  /** What can't be left has no other host, whatever the sandbox says. */
  async #giveUpCarrier(): Promise<void> {
    if (this.#leftBecause === undefined || this.#carrier.detach === undefined) await this.#carrier.close();
    else await this.#carrier.detach(this.#leftBecause);
  }

  /** Gives up the connection once everything has arrived: the supervisor waits for another host. Rejects with `executor-crashed` when it doesn't answer. */
  async detach(keepMs: number): Promise<void> {
    this.send("d", String(keepMs / 1_000));
    for (let waitedMs = 0; !this.#kept.isEmpty && this.#state !== "closed"; waitedMs += detachLookMs) {
      if (waitedMs >= helloTimeoutMs) throw new ExecutorCrashedError("The supervisor acknowledges nothing.");
      await sleep(detachLookMs);
    }
    if (this.#state === "closed") throw this.#failure ?? new ExecutorCrashedError("The connection to the supervisor is lost.");
    this.#end();
    this.#leftBecause = "detached";
    await this.#giveUpCarrier();
  }

  #end(): void {
    this.#state = "closed";
    clearInterval(this.#timer);
    this.#hello?.reject(this.#failure ?? new ExecutorCrashedError("The connection to the supervisor was given up."));
    this.#hello = undefined;
    this.#kept.clear();
    this.#outgoing = "";
  }

  #fail(error: LinkFailure, leftBecause?: "superseded"): void {
    if (this.#state === "closed") return;
    this.#failure = error;
    this.#end();
    this.#leftBecause = leftBecause;
    void this.#giveUpCarrier();
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
      void this.#reconnect(`sending failed: ${String(error)}`, error);
    } finally {
      this.#sending = false;
    }
  }

  #tick(): void {
    if (this.#state !== "live") return;
    if (performance.now() - this.#heardAt > this.#silenceTimeoutMs) void this.#reconnect("it is silent");
    else this.#write(hostLine(this.#host, undefined, "g", ""));
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
    if (++this.#unacknowledged >= acknowledgeEvery || kind !== "p") {
      this.#unacknowledged = 0;
      if (this.#state === "live") this.#write(hostLine(this.#host, undefined, "a", String(this.#seen)));
    }
    this.#events.line(kind, payload);
  }

  #handleControl(kind: string, payload: string): void {
    if (kind === "a") {
      if (this.#isGreeted) this.#kept.forget(count(payload)); // before, it may be another host's
    } else if (kind === "h") {
      const hello = this.#hello;
      if (!payload.includes(`"${this.#host}"`)) {
        const error = new ExecutorCrashedError("Another host has taken the session over.");
        // The late hello of a host that has given up: this one asks again, by another name. Later, what comes is another host's, and so is the machine.
        if (this.#state === "new" && !this.#isGreeted) hello?.reject(error);
        else this.#fail(error, "superseded");
        return;
      }
      const seen = /"seen": ?(\d+)/.exec(payload)?.[1];
      if (seen === undefined) return; // tells an earlier host, on a stream that both hear, that this one has followed it
      this.#kept.forget(count(seen));
      this.#isGreeted = true;
      this.#mayRepeat = true; // also when a provider has brought the hello twice
      this.#hello = undefined;
      hello?.resolve(payload);
    } else if (kind === "b") this.#events.beat(payload === "" ? 0 : count(payload));
    else throw new ProtocolError("The supervisor sent a line of an unknown kind.");
  }

  // The connection

  /** `timeoutMs` of `limitMs` are left. */
  async #greet(timeoutMs: number, limitMs: number, adopt = false): Promise<string> {
    const hello = Promise.withResolvers<string>();
    this.#hello = hello;
    const late = (): Error => new ExecutorCrashedError(`The supervisor did not answer in ${limitMs} ms.`);
    try {
      this.#decoder.reset();
      this.#write(torn + hostLine(this.#host, undefined, "h", JSON.stringify({ v: 1, seen: this.#seen, host: this.#host, adopt })));
      return await inTime(hello.promise, Math.max(1, timeoutMs), late);
    } finally {
      this.#hello = undefined;
    }
  }

  async #reconnect(reason: string, cause?: unknown): Promise<void> {
    let failure = this.#carrier.reconnect === undefined ? cause : undefined;
    if (this.#state !== "live") this.#hello?.reject(connectionLost(reason, failure));
    if (this.#state !== "live") return;
    this.#state = "reconnecting";
    let why = "";
    for (let attempt = 0; attempt < this.#maxReconnects && this.#carrier.reconnect !== undefined; attempt++) {
      try {
        this.#outgoing = "";
        this.#isGreeted = false;
        await this.#carrier.reconnect();
        if (this.#isClosed()) return void (await this.#giveUpCarrier());
        await this.#greet(helloTimeoutMs, helloTimeoutMs);
        if (this.#isClosed()) return;
        this.#state = "live";
        this.#heardAt = performance.now();
        this.#write(String(this.#kept));
        return;
      } catch (error) {
        if (this.#isClosed()) return;
        failure = error;
        why = `, and can't be had again: ${(error as Error).message.replace(/\.$/, "")}`;
        if (isFinal(error)) break;
        await sleep(reconnectDelayMs * 2 ** attempt);
        if (this.#isClosed()) return;
      }
    }
    this.#fail(connectionLost(reason.replace(/\.$/, "") + why, failure));
  }

  #isClosed(): boolean {
    return this.#state === "closed";
  }
}
