import { ModelCallError } from "@codelet/core";

export interface SizeLimits {
  /** Bytes of one event of a stream, or of an answer in one piece. */
  readonly maxEventBytes: number;
  /** Bytes of a whole stream. */
  readonly maxResponseBytes: number;
}

const lineFeed = 10;
const carriageReturn = 13;
const dataField = new TextEncoder().encode("data:");

/**
 * Counts the bytes of a response and throws `model-call` above a limit. The SDK reads lines and events of any length, and keeps comments until the
 * next event that has data: only that ends an event here too.
 */
export function sizeMeter(limits: SizeLimits, isEventStream: boolean): (chunk: Uint8Array) => void {
  const { maxEventBytes, maxResponseBytes } = limits;
  let total = 0;
  let eventBytes = 0;
  let column = 0;
  let isData = true;
  let hasData = false;
  let previous = 0;

  const countByte = (byte: number): void => {
    eventBytes++;
    if (byte === lineFeed && previous === carriageReturn) {
      // The second half of one line break.
    } else if (byte === lineFeed || byte === carriageReturn) {
      if (column === 0 && hasData) {
        eventBytes = 0;
        hasData = false;
      }
      column = 0;
      isData = true;
    } else {
      if (column < dataField.length) isData &&= byte === dataField[column];
      column++;
      if (column === dataField.length && isData) hasData = true;
    }
    previous = byte;
  };

  return (chunk) => {
    total += chunk.length;
    if (total > (isEventStream ? maxResponseBytes : maxEventBytes)) throw tooLarge(isEventStream ? "maxResponseBytes" : "maxEventBytes", limits);
    if (!isEventStream) return;
    for (const byte of chunk) {
      countByte(byte);
      if (eventBytes > maxEventBytes) throw tooLarge("maxEventBytes", limits);
    }
  };
}

function tooLarge(limit: keyof SizeLimits, limits: SizeLimits): ModelCallError {
  return new ModelCallError(`The server's answer is larger than \`${limit}\` (${limits[limit]} bytes).`, {
    retryable: false,
    details: { limit, max: limits[limit] },
  });
}
