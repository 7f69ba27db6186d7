import { localExecutor } from "../local-executor.ts";
import type { LocalExecutorOptions } from "../options.ts";

/** Why an executor can't start on this machine, which is printed too; undefined where it can. */
export async function whySandboxMissing(options: LocalExecutorOptions = {}): Promise<string | undefined> {
  try {
    const session = await localExecutor(options).open();
    await session[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    const message = (error as Error).message;
    console.info(`SKIPPED: everything that needs the local sandbox (${options.sandbox ?? "required"}): ${message}`);
    return message;
  }
}
