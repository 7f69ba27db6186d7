import {
  AbortedError,
  type Advance,
  type CallResult,
  ConfigurationError,
  type ExecuteOptions,
  type ExecutorSession,
  type SessionBinding,
  type SessionRef,
} from "@codelet/core";
import { encodeValue } from "@codelet/core/value-codec";
import { sameJson } from "./request-digest.ts";
import { type RecordedError, type RecordedExecutor, revivedError, type TranscriptEvent } from "./transcript.ts";

type Event<Type extends TranscriptEvent["type"]> = Extract<TranscriptEvent, { type: Type }>;

interface ReplayStep {
  readonly onOutput: ExecuteOptions["onOutput"];
  readonly answers: Map<string, CallResult>;
  isInterrupted: boolean;
  /** What the host did that was not recorded, where it couldn't be told at once. */
  failure?: ConfigurationError;
  readonly end: () => void;
}

/** A session that says what another one has said, as long as it is asked the same. */
export class ReplaySession implements ExecutorSession {
  readonly #executor: RecordedExecutor;
  readonly #events: readonly TranscriptEvent[];
  /** Of the next event that was not played. */
  #position = 0;
  #step: ReplayStep | undefined;
  #isOver = false;
  /** Who asks twice before there is an answer hears the same. */
  #waiting: Promise<Advance> | undefined;
  /** Wakes `#play` when something has come that it may have waited for. */
  #wake = (): void => {};
  readonly snapshot?: () => Promise<SessionRef>;
  readonly detach?: () => Promise<SessionRef>;
  readonly reference?: SessionRef;
  readonly lastKey: string | undefined;
  readonly resume?: (options?: ExecuteOptions) => void;
  readonly putFile?: (path: string, content: Uint8Array | AsyncIterable<Uint8Array>) => Promise<void>;
  readonly getFile?: (path: string) => AsyncGenerator<Uint8Array, void, undefined>;

  constructor(executor: RecordedExecutor, events: readonly TranscriptEvent[], lastKey?: string) {
    this.#executor = executor;
    this.#events = events;
    this.lastKey = lastKey;
    const { recovery, fileTransfer } = executor.capabilities;
    if (recovery.snapshot !== false) this.snapshot = () => this.#save("snapshot");
    if (recovery.pinned) {
      this.reference = this.#newReference();
      this.detach = () => this.#save("detach").finally(() => this.#close());
      this.resume = (options) => this.#resume(options);
    }
    if (!fileTransfer) return;
    this.putFile = (path, content) => this.#putFile(path, content);
    this.getFile = (path) => this.#getFile(path);
  }

  start(code: string, options?: ExecuteOptions): void {
    this.#checkIdle();
    const event = this.#take("start");
    if (event.code !== code) throw mismatch(`the code ${excerpt(event.code)}`, `the code ${excerpt(code)}`);
    this.#begin(options);
  }

  #resume(options?: ExecuteOptions): void {
    this.#checkIdle();
    this.#take("resume");
    this.#begin(options);
  }

  #begin({ onOutput, signal }: ExecuteOptions = {}): void {
    const onAbort = (): void => this.interrupt("aborted");
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#step = { onOutput, answers: new Map(), isInterrupted: false, end: () => signal?.removeEventListener("abort", onAbort) };
  }

  next(): Promise<Advance> {
    this.#waiting ??= this.#play().finally(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  async #play(): Promise<Advance> {
    if (this.#step === undefined) throw this.#isOver ? disposedError() : new ConfigurationError("No step is running: call start first.");
    for (;;) {
      const step = this.#step;
      if (step === undefined) throw new AbortedError("The session was disposed of.");
      if (step.failure !== undefined) throw step.failure;
      const event = this.#events[this.#position];
      if (this.#mustWait(event, step)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#position++;
      if (event?.type === "output") step.onOutput?.({ stream: event.stream, text: event.text });
      else if (event?.type === "advance") return this.#advance(event, step);
      else if (event?.type !== "deliver" && event?.type !== "interrupt") throw mismatch(nameOf(event), "next");
    }
  }

  #mustWait(event: TranscriptEvent | undefined, step: ReplayStep): boolean {
    if (event?.type === "interrupt") return !step.isInterrupted;
    return event?.type === "deliver" && event.results.some(({ id }) => !step.answers.has(id));
  }

  #advance(event: Event<"advance">, step: ReplayStep): Advance {
    if ("advance" in event && event.advance.type === "calls") return event.advance;
    step.end();
    this.#step = undefined;
    if ("error" in event) throw revivedError(event.error);
    return event.advance;
  }

  deliver(results: readonly CallResult[]): void {
    if (this.#isOver) throw disposedError();
    const step = this.#step;
    if (step === undefined) return;
    const recorded = this.#ofStep("deliver").flatMap((event) => event.results);
    for (const result of results) {
      const expected = recorded.find(({ id }) => id === result.id);
      if (expected === undefined) continue; // the recorded code had given up on the call by then
      if (!sameJson(expected, result)) throw mismatch(`the answer ${excerpt(expected)}`, `the answer ${excerpt(result)}`);
      step.answers.set(result.id, result);
    }
    this.#wake();
  }

  interrupt(reason: "timeout" | "aborted"): void {
    const step = this.#step;
    if (step === undefined) return;
    if (!step.isInterrupted && this.#ofStep("interrupt").length === 0)
      step.failure ??= mismatch("no interrupt of this step", `an interrupt (${reason})`);
    step.isInterrupted = true;
    this.#wake();
  }

  async bind(binding: SessionBinding): Promise<void> {
    this.#checkIdle();
    const event = this.#take("bind");
    if (event.error === undefined && !sameJson(event.binding, binding)) throw mismatch("another binding", `the binding ${excerpt(binding)}`);
    throwRecorded(event);
  }

  async #save(type: "snapshot" | "detach"): Promise<SessionRef> {
    if (this.#isOver) throw disposedError();
    if (type === "snapshot") this.#checkIdle();
    const event = type === "snapshot" ? this.#take(type) : this.#events.slice(this.#position).find((later) => later.type === type);
    if (event === undefined) throw mismatch("no detaching", "a detaching");
    throwRecorded(event as Event<"detach">);
    return this.#newReference();
  }

  async #putFile(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
    this.#checkIdle();
    let bytes = 0;
    if (content instanceof Uint8Array) bytes = content.length;
    else for await (const chunk of content) bytes += chunk.length;
    const event = this.#take("put-file");
    if (event.path !== path) throw mismatch(`the file ${event.path}`, `the file ${path}`);
    throwRecorded(event);
    if (event.bytes !== bytes) throw mismatch(`${event.bytes} bytes of ${path}`, `${bytes} bytes`);
  }

  async *#getFile(path: string): AsyncGenerator<Uint8Array, void, undefined> {
    this.#checkIdle();
    for (;;) {
      const event = this.#take("get-file");
      if (event.path !== path) throw mismatch(`the file ${event.path}`, `the file ${path}`);
      throwRecorded(event);
      if (event.data === undefined) return;
      yield event.data;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }

  #close(): void {
    this.#isOver = true;
    this.#step?.end();
    this.#step = undefined;
    this.#wake();
  }

  /** The next event, which has to be of this type. What came too late to matter in the recording is passed over. */
  #take<Type extends TranscriptEvent["type"]>(type: Type): Event<Type> {
    const isPast = (event: TranscriptEvent | undefined): boolean =>
      event?.type === "interrupt" || event?.type === "output" || event?.type === "deliver" || (event?.type === "get-file" && type !== "get-file");
    while (isPast(this.#events[this.#position])) this.#position++;
    const event = this.#events[this.#position];
    if (event?.type !== type) throw mismatch(nameOf(event), type);
    this.#position++;
    return event as Event<Type>;
  }

  /** The events of a type from here to the end of the step. */
  #ofStep<Type extends TranscriptEvent["type"]>(type: Type): readonly Event<Type>[] {
    const rest = this.#events.slice(this.#position);
    const end = rest.findIndex((event) => event.type === "start" || event.type === "resume");
    return rest.slice(0, end === -1 ? rest.length : end).filter((event): event is Event<Type> => event.type === type);
  }

  #newReference(): SessionRef {
    return { executor: this.#executor.name, data: { replayed: this.#position } };
  }

  #checkIdle(): void {
    if (this.#isOver) throw disposedError();
    if (this.#step !== undefined) throw new ConfigurationError("A step is running: take its end from next() first.");
  }
}

function throwRecorded({ error }: { readonly error?: RecordedError }): void {
  if (error !== undefined) throw revivedError(error);
}

function mismatch(expected: string, got: string): ConfigurationError {
  return new ConfigurationError(`The transcript goes on with ${expected}, but the host came with ${got}. Record it again.`);
}

function nameOf(event: TranscriptEvent | undefined): string {
  if (event === undefined) return "nothing";
  return event.type === "unrecorded" ? `what was not recorded (${event.reason})` : event.type;
}

const maxCharacters = 200;

function excerpt(value: unknown): string {
  const text = JSON.stringify(encodeValue(value));
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text;
}

function disposedError(): ConfigurationError {
  return new ConfigurationError("The session is disposed of.");
}
