import { ProtocolError } from "@codelet/core";

/** Numbered lines that the other side has not acknowledged, to be sent again when a connection drops. */
export class KeptLines {
  #lines: { readonly number: number; readonly line: string }[] = [];
  #sent = 0;
  #chars = 0;

  /** Their length in all. */
  get chars(): number {
    return this.#chars;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  /** The next line, made with its number, from 1. */
  add(make: (number: number) => string): string {
    const number = ++this.#sent;
    const line = make(number);
    this.#lines.push({ number, line });
    this.#chars += line.length;
    return line;
  }

  /** Those up to this number have arrived. Throws ProtocolError for one that was never given. */
  forget(number: number): void {
    if (number > this.#sent) throw new ProtocolError("The supervisor acknowledged what was not sent.");
    let first = 0;
    for (; (this.#lines[first]?.number ?? Number.POSITIVE_INFINITY) <= number; first++) this.#chars -= this.#lines[first]?.line.length ?? 0;
    if (first > 0) this.#lines.splice(0, first);
  }

  clear(): void {
    this.#lines = [];
  }

  toString(): string {
    return this.#lines.map(({ line }) => line).join("");
  }
}
