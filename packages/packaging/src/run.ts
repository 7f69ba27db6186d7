import { execFile } from "node:child_process";
import { promisify } from "node:util";

const TIMEOUT_MS = 110_000;

/** Runs a command as a user's own shell would, without what npm and pnpm left in our environment, and rejects with all it printed. */
export async function run(command: string, parameters: readonly string[], cwd: string): Promise<string> {
  const kept = /^npm_config_(registry|cache|cafile|https?_proxy|proxy|noproxy|userconfig)$/i;
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(p?npm_|NODE_OPTIONS|VITEST|NODE_PATH)/i.test(name) || kept.test(name)),
  );
  try {
    const { stdout } = await promisify(execFile)(command, parameters, { cwd, env: environment, timeout: TIMEOUT_MS, maxBuffer: 1 << 26 });
    return stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`${command} ${parameters.join(" ")} failed\n${stdout}${stderr}`, { cause: error });
  }
}
