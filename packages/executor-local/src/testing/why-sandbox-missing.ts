import { spawnSync } from "node:child_process";
import { localExecutor } from "../local-executor.ts";
import type { LocalExecutorOptions } from "../options.ts";

/** Why an executor can't start on this machine, which is printed too; undefined where it can. */
export async function whySandboxMissing(options: LocalExecutorOptions = {}): Promise<string | undefined> {
  try {
    const session = await localExecutor(options).open();
    await session[Symbol.asyncDispose]();
    return undefined;
  } catch (error) {
    if (options.sandbox === undefined && canEnclosePython()) throw error; // the fault is ours: skipped tests would hide it
    const message = (error as Error).message;
    console.info(`SKIPPED: everything that needs the local sandbox (${options.sandbox ?? "required"}): ${message}`);
    return message;
  }
}

/** Whether this machine has a Python and a bubblewrap that can do what the sandbox is made of, in a command that is not ours. */
function canEnclosePython(): boolean {
  const walls = ["--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"];
  const isNewEnough = ["python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))"];
  return ["x64", "arm64"].includes(process.arch) && spawnSync("bwrap", [...walls, ...isNewEnough]).status === 0;
}
