import { ProtocolError } from "@codelet/core";

/** One line of the supervisor's protocol; `number` is undefined for lines that are not kept. */
export interface SupervisorLine {
  readonly number: number | undefined;
  /** One letter; python/codelet_bridge/supervisor.py lists what each means. */
  readonly kind: string;
  readonly payload: string;
}

const magic = "@codelet ";
/** The longest line that a supervisor writes, with room for its numbers. */
const maxLineChars = 70_000;

/** Longer frames travel in parts: what providers do with long lines differs. */
export const maxPayloadChars = 48_000;

/** A host signs its lines: those of one that was followed may still be under way. */
export function hostLine(host: string, number: number | undefined, kind: string, payload: string): string {
  return `${magic}${host} ${number ?? "-"} ${kind} ${payload}\n`;
}

/** Cuts a stream into lines. Lines without the magic are noise of the provider's and are skipped. Throws ProtocolError for malformed ones. */
export class SupervisorLineDecoder {
  #rest = "";

  decode(chunk: Uint8Array): SupervisorLine[] {
    const texts = (this.#rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1")).split("\n");
    this.#rest = texts.pop() ?? "";
    if (this.#rest.length > maxLineChars) this.#rest = this.#rest.startsWith(magic) ? this.#tooLong() : "";
    return texts.filter((text) => text.startsWith(magic)).map(parse);
  }

  /** A new connection begins with a new line. */
  reset(): void {
    this.#rest = "";
  }

  #tooLong(): never {
    throw new ProtocolError("The supervisor sent a line that is too long.");
  }
}

function parse(text: string): SupervisorLine {
  const match = /^@codelet (-|[1-9]\d{0,14}) ([a-z]) (.*)$/.exec(text);
  if (match === null || text.length > maxLineChars) throw new ProtocolError("The supervisor sent a malformed line.");
  const [, number, kind, payload] = match as unknown as [string, string, string, string];
  return { number: number === "-" ? undefined : Number(number), kind, payload };
}

/** Tells hosts of one supervisor apart. */
export function newHostName(): string {
  return Math.random().toString(36).slice(2);
}

/** Digits as a number. Throws ProtocolError for anything else. */
export function count(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new ProtocolError("The supervisor sent a malformed line.");
  return Number(text);
}
