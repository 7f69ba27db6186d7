import { deno, writeFully } from "./deno.ts";
import { recordHeaderBytes } from "./record-format.ts";

/** Kind and format: `record-format.ts`. */
export function writeRecord(kind: number, ...parts: readonly Uint8Array[]): void {
  const header = new Uint8Array(recordHeaderBytes);
  header[0] = kind;
  new DataView(header.buffer).setUint32(
    1,
    parts.reduce((sum, part) => sum + part.length, 0),
    true,
  );
  const [first] = parts;
  if (parts.length === 1 && first !== undefined && first.length <= smallBytes) {
    const whole = new Uint8Array(recordHeaderBytes + first.length); // one system call, for a line of output
    whole.set(header);
    whole.set(first, recordHeaderBytes);
    writeFully(deno.stdout, whole);
    return;
  }
  writeFully(deno.stdout, header);
  for (const part of parts) writeFully(deno.stdout, part);
}

const smallBytes = 4096;
