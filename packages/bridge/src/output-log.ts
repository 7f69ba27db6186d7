import type { OutputChunk } from "@codelet/core";

type StreamName = "stdout" | "stderr";
const streamNames = ["stdout", "stderr"] as const;

interface Bound {
  readonly bytes: number;
  readonly when: string;
}

/** Output of programs that outlive their step goes to the next step's log, up to this size. */
const betweenSteps: Bound = { bytes: 8 * 1024, when: "between two steps" };

/** Standard output and error of the running step as one text, capped, with the live chunks and the markers that close a step. */
export class OutputLog {
  readonly #inStep: Bound;
  readonly #markPrefix: string;
  readonly #streams: Readonly<Record<StreamName, Stream>> = { stdout: new Stream(), stderr: new Stream() };
  #text = "";
  #bound: Bound = betweenSteps;
  #bytesLeft: number = betweenSteps.bytes;
  #truncated = false;
  #live: ((chunk: OutputChunk) => void) | undefined;
  #step = 0;
  /** The step whose marker the streams look for. */
  #markedStep = 0;
  #awaited: readonly StreamName[] = [];
  #drained: (() => void) | undefined;

  constructor(maxBytes: number, markPrefix: string) {
    this.#inStep = { bytes: maxBytes, when: "in one step" };
    this.#markPrefix = markPrefix;
  }

  /** A step starts; its marker will close a stream that the worker could not see drained. */
  begin(step: number, live: ((chunk: OutputChunk) => void) | undefined): void {
    this.#bindTo(this.#inStep);
    this.#live = live;
    this.#step = step;
  }

  append(name: StreamName, chunk: Uint8Array): void {
    this.#expectMarker();
    const stream = this.#streams[name];
    for (const part of stream.take(chunk)) this.#write(name, stream, part);
    this.#checkDrained();
  }

  /** Calls back, now or later, when the markers of these streams were seen. */
  whenMarked(names: readonly StreamName[], drained: () => void): void {
    this.#awaited = names;
    this.#drained = drained;
    this.#expectMarker();
    this.#checkDrained();
  }

  /** The step's text; what comes from now on belongs to the next one. */
  end(): string {
    this.#showRest();
    const text = this.#text;
    this.#text = "";
    this.#live = undefined;
    this.#drained = undefined;
    this.#bindTo(betweenSteps);
    return text;
  }

  #bindTo(bound: Bound): void {
    this.#bound = bound;
    this.#bytesLeft = bound.bytes;
    this.#truncated = false;
  }

  #showRest(): void {
    for (const name of streamNames) {
      const stream = this.#streams[name];
      for (const part of stream.rest()) this.#write(name, stream, part);
      const tail = stream.flush();
      if (tail !== "") this.#emit(name, tail);
    }
  }

  /** When output comes: most steps print nothing. */
  #expectMarker(): void {
    if (this.#markedStep === this.#step) return;
    this.#markedStep = this.#step;
    const marker = Buffer.from(`${this.#markPrefix}${this.#step}\u001e\n`, "latin1");
    for (const name of streamNames) this.#streams[name].expect(marker);
  }

  #checkDrained(): void {
    if (!this.#awaited.every((name) => this.#streams[name].marked)) return;
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }

  #write(name: StreamName, stream: Stream, bytes: Uint8Array): void {
    if (this.#truncated) return;
    const kept = bytes.length > this.#bytesLeft ? bytes.subarray(0, this.#bytesLeft) : bytes;
    this.#bytesLeft -= kept.length;
    const text = stream.decode(kept);
    if (text !== "") this.#emit(name, text);
    if (kept.length === bytes.length) return;
    this.#truncated = true;
    this.#emit(name, `\n[output truncated: more than ${this.#bound.bytes} bytes ${this.#bound.when}]\n`);
  }

  #emit(stream: StreamName, text: string): void {
    this.#text += text;
    try {
      this.#live?.({ stream, text });
    } catch {
      // A listener's fault is its owner's: it must cost neither the step nor, from a stream's event, the process.
    }
  }
}

/** Finds the step's marker in a stream of chunks, wherever it is cut. */
class Stream {
  readonly #decoder = new TextDecoder();
  marked = false;
  #marker: Buffer = Buffer.alloc(0);
  #held: Buffer | undefined;

  expect(marker: Buffer): void {
    this.#marker = marker;
    this.marked = false;
  }

  /** What of the stream can be shown by now. */
  take(chunk: Uint8Array): Uint8Array[] {
    if (this.marked || this.#marker.length === 0) return [chunk];
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#held !== undefined) bytes = Buffer.concat([this.#held, bytes]);
    this.#held = undefined;
    const at = bytes.indexOf(this.#marker);
    if (at >= 0) {
      this.marked = true;
      return [bytes.subarray(0, at), bytes.subarray(at + this.#marker.length)];
    }
    const start = this.#possibleStart(bytes);
    if (start < bytes.length) this.#held = Buffer.from(bytes.subarray(start));
    return [bytes.subarray(0, start)];
  }

  rest(): Uint8Array[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [held];
  }

  decode(bytes: Uint8Array): string {
    return this.#decoder.decode(bytes, { stream: true });
  }

  /** What a character that was never completed becomes. */
  flush(): string {
    return this.#decoder.decode();
  }

  /** Where a marker may begin that the next chunk completes. */
  #possibleStart(bytes: Buffer): number {
    const first = this.#marker[0] ?? 0;
    let start = bytes.indexOf(first, Math.max(0, bytes.length - this.#marker.length + 1));
    while (start >= 0 && !this.#marker.subarray(0, bytes.length - start).equals(bytes.subarray(start))) start = bytes.indexOf(first, start + 1);
    return start < 0 ? bytes.length : start;
  }
}
