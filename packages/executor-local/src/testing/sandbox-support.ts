import { existsSync } from "node:fs";
import { localExecutor } from "../local-executor.ts";

/** Why the sandbox can't start on this machine; undefined where it can. Tests that need it say so and are skipped. */
export const sandboxMissing: string | undefined = await reason();

/** Debian's own interpreter, for the tests that need one outside every home, with numpy, pandas and PIL where they are installed. */
export const systemPython: string | undefined = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : undefined;

async function reason(): Promise<string | undefined> {
  try {
    const session = await localExecutor().open();
    await session[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    console.info(`SKIPPED: everything that needs the local sandbox: ${message}`);
    return message;
  }
}
