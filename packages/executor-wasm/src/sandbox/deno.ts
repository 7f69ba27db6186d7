/** The part of Deno that the sandbox uses, taken before user code could see it. */
export interface Deno {
  readonly args: readonly string[];
  readonly pid: number;
  readonly ppid: number;
  readonly stdin: { readSync(into: Uint8Array): number | null };
  readonly stdout: { writeSync(bytes: Uint8Array): number };
  readonly stderr: { writeSync(bytes: Uint8Array): number };
  readonly permissions: { revokeSync(descriptor: { name: string }): { state: string } };
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  readFileSync(path: string): Uint8Array<ArrayBuffer>;
  writeFileSync(path: string, bytes: Uint8Array): void;
  exit(code: number): never;
  addSignalListener(signal: string, listener: () => void): void;
  kill(pid: number, signal: string): void;
}

export const deno: Deno = (globalThis as unknown as { Deno: Deno }).Deno;

/** Writes all of it: `writeSync` may take a part only when the pipe is full. */
export function writeFully(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += stream.writeSync(written === 0 ? bytes : bytes.subarray(written));
}
