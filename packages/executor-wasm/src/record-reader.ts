import { recordHeaderBytes, recordKind } from "./sandbox/record-format.ts";

export interface RecordReceivers {
  /** Bytes of the frame stream, as they come. */
  frames(chunk: Uint8Array): void;
  output(stream: "stdout" | "stderr", chunk: Uint8Array): void;
  checkpoint(payload: Uint8Array): void;
  /** The process sent what it can't have sent by itself: code wrote to its descriptor. */
  broken(reason: string): void;
}

const newline = 0x0a;
const nothing = new Uint8Array(0);

/**
 * Takes the stream of a sandbox apart into frames and records. Code in the sandbox can write to it too: a checkpoint counts only while one is awaited, and
 * what is kept here never exceeds `maxCheckpointBytes`.
 */
export class RecordReader {
  readonly #receivers: RecordReceivers;
  #header = new Uint8Array(0);
  #kind = 0;
  #left = 0;
  #kept: Uint8Array[] = [];
  #isLineStart = true;
  #isBroken = false;
  /** Bytes that the next checkpoint may have; 0 while none is awaited. */
  maxCheckpointBytes = 0;

  constructor(receivers: RecordReceivers) {
    this.#receivers = receivers;
  }

  read(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#isBroken) {
      if (this.#left > 0) rest = this.#readPayload(rest);
      else if (this.#header.length > 0 || (this.#isLineStart && (rest[0] ?? 0) < 0x20 && rest[0] !== newline)) rest = this.#readHeader(rest);
      else rest = this.#readFrames(rest);
    }
  }

  #readFrames(chunk: Uint8Array): Uint8Array {
    // A record can only follow a newline, and most chunks end with one: look for the first newline that a control character follows.
    let end = chunk.indexOf(newline);
    while (end >= 0 && end + 1 < chunk.length && (chunk[end + 1] ?? 0) >= 0x20) end = chunk.indexOf(newline, end + 1);
    this.#isLineStart = end >= 0;
    if (end < 0 || end === chunk.length - 1) {
      this.#receivers.frames(chunk);
      return nothing;
    }
    this.#receivers.frames(chunk.subarray(0, end + 1));
    return chunk.subarray(end + 1);
  }

  #readHeader(chunk: Uint8Array): Uint8Array {
    const missing = recordHeaderBytes - this.#header.length;
    this.#header = Buffer.concat([this.#header, chunk.subarray(0, missing)]);
    if (this.#header.length < recordHeaderBytes) return chunk.subarray(chunk.length);
    this.#kind = this.#header[0] ?? 0;
    this.#left = new DataView(this.#header.buffer, this.#header.byteOffset).getUint32(1, true);
    this.#header = new Uint8Array(0);
    const isOutput = this.#kind === recordKind.stdout || this.#kind === recordKind.stderr;
    if (!isOutput && !(this.#kind === recordKind.checkpoint && this.#left <= this.maxCheckpointBytes)) this.#break(`record of kind ${this.#kind}`);
    return chunk.subarray(missing);
  }

  #readPayload(chunk: Uint8Array): Uint8Array {
    const part = chunk.subarray(0, this.#left);
    this.#left -= part.length;
    if (this.#kind !== recordKind.checkpoint) this.#receivers.output(this.#kind === recordKind.stdout ? "stdout" : "stderr", part);
    else {
      this.#kept.push(part);
      if (this.#left === 0) {
        const payload = Buffer.concat(this.#kept);
        this.#kept = [];
        this.maxCheckpointBytes = 0;
        this.#receivers.checkpoint(payload);
      }
    }
    return chunk.subarray(part.length);
  }

  #break(reason: string): void {
    this.#isBroken = true;
    this.#receivers.broken(`The sandbox sent an unexpected ${reason}.`);
  }
}
