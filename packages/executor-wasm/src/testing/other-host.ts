import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { WasmExecutorOptions } from "../options.ts";

const program = fileURLToPath(new URL("./evaluate-program.ts", import.meta.url));

/** The value of a step in another process; `reference` is the file of a state to restore. */
export async function evaluateElsewhere(options: WasmExecutorOptions, code: string, reference?: string): Promise<unknown> {
  const parameters = [program, JSON.stringify(options), code, ...(reference === undefined ? [] : [reference])];
  const { stdout } = await promisify(execFile)(process.execPath, parameters);
  return JSON.parse(stdout);
}
