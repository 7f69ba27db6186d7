import { ProtocolError } from "@codelet/core";
import type { BridgeLimits } from "./bridge-limits.ts";
import { scanJson } from "./frame-scan.ts";
import { checkFrame, type WorkerFrame } from "./worker-frames.ts";

const newline = 0x0a;
/** Shorter frames can't hold enough to hurt, whatever is in them. */
const scannedFromBytes = 16 * 1024;

/**
 * Hostile bytes to checked frames: size first, then depth and number of parts on the text, then JSON, then the exact shape, then the sequence
 * number, which counts up by one. Throws ProtocolError; a decoder that threw must not be used again.
 */
export class FrameDecoder {
  readonly #maxBytes: number;
  readonly #bounds: { readonly maxDepth: number; readonly maxNodes: number };
  /** The beginning of a frame whose end has not come yet, in a buffer that doubles: however small the chunks are, they cost what they hold. */
  #kept: Buffer = Buffer.alloc(0);
  #keptBytes = 0;
  /** Undefined where another host has read the first frames. */
  #sequence: number | undefined;

  constructor(limits: BridgeLimits, isLeft = false) {
    this.#maxBytes = limits.maxFrameBytes;
    this.#sequence = isLeft ? undefined : 0;
    // A tagged value takes up to three levels and, but for arrays of many dimensions, eight parts of JSON; the value decoder counts exactly.
    this.#bounds = { maxDepth: limits.maxDepth * 3 + 10, maxNodes: limits.maxNodes * 8 + 100 };
  }

  /** The frames that this chunk completes. */
  decode(chunk: Uint8Array): WorkerFrame[] {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const frames: WorkerFrame[] = [];
    let start = 0;
    for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
      if (this.#keptBytes > 0) frames.push(this.#frame(this.#joined(bytes.subarray(start, end))));
      else if (end > start) frames.push(this.#frame(bytes.subarray(start, end)));
      start = end + 1;
    }
    if (start < bytes.length) this.#keep(bytes.subarray(start));
    return frames;
  }

  #joined(last: Buffer): Buffer {
    this.#keep(last);
    const line = this.#kept.subarray(0, this.#keptBytes);
    this.#kept = Buffer.alloc(0);
    this.#keptBytes = 0;
    return line;
  }

  #keep(part: Buffer): void {
    const bytes = this.#keptBytes + part.length;
    this.#checkSize(bytes);
    if (bytes > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(bytes, 2 * this.#kept.length));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    part.copy(this.#kept, this.#keptBytes);
    this.#keptBytes = bytes;
  }

  #checkSize(bytes: number): void {
    if (bytes > this.#maxBytes) throw new ProtocolError(`The sandbox sent a frame of more than ${this.#maxBytes} bytes.`);
  }

  #frame(line: Buffer): WorkerFrame {
    this.#checkSize(line.length);
    let parts = line.length / 2; // at most: the shortest part is a digit and a comma
    if (line.length > scannedFromBytes) {
      const scanned = scanJson(line, this.#bounds);
      if (typeof scanned === "string") throw new ProtocolError(`The sandbox sent a frame over the limit of ${scanned}.`);
      parts = scanned;
    }
    let json: unknown;
    try {
      json = JSON.parse(line.toString("latin1"));
    } catch {
      throw new ProtocolError("The sandbox sent a frame that is no JSON.");
    }
    const frame = checkFrame(json);
    if (this.#sequence !== undefined && frame.s !== ++this.#sequence)
      throw new ProtocolError(`The sandbox sent frame ${frame.s} where ${this.#sequence} was due.`);
    if (frame.t === "call") {
      frame.bytes = line.length;
      frame.parts = parts;
    }
    return frame;
  }
}
