import { type ChildProcess, execFile, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LocalExecutorOptions } from "../options.ts";

const program = fileURLToPath(new URL("./evaluate-program.ts", import.meta.url));
/** Belongs to nobody on common systems, and is not the user that root becomes. */
export const ordinaryUser: number = 61_234;

/** The value of a step whose host is an ordinary user. The test itself has to run as root. */
export function evaluateAsUser(code: string, options: LocalExecutorOptions = {}): Promise<unknown> {
  const user = { uid: ordinaryUser, gid: ordinaryUser, cwd: "/", env: { PATH: "/usr/bin:/bin", HOME: "/nonexistent" } };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [program, JSON.stringify(options), JSON.stringify(code)], user, (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

/** The value of a step whose host inherited descriptors from its own parent, as from a script that holds a lock: the shell's redirections, such as `200</`. */
export function evaluateWithDescriptors(redirections: string, code: string, options: LocalExecutorOptions = {}): Promise<unknown> {
  return evaluateAfter(["bash", "-c", `exec ${redirections}; exec "$@"`, "bash"], code, options);
}

/** The value of a step whose host is in a pid namespace, such as a container's, in which the first processes have ended. The test itself has to run as root. */
export function evaluateInPidNamespace(code: string, options: LocalExecutorOptions = {}): Promise<unknown> {
  const endedProcesses = "for number in 1 2 3 4 5 6 7 8; do (:); done";
  return evaluateAfter(["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c", `${endedProcesses}; "$@"`, "sh"], code, options);
}

function evaluateAfter([file = "", ...args]: readonly string[], code: string, options: LocalExecutorOptions): Promise<unknown> {
  const command = [process.execPath, program, JSON.stringify(options), JSON.stringify(code)];
  return new Promise((resolve, reject) => {
    execFile(file, [...args, ...command], (error, stdout, stderr) => {
      if (error === null) resolve(JSON.parse(stdout));
      else reject(new Error(stderr, { cause: error }));
    });
  });
}

/** A host that runs the code until it is killed; resolves when its session is open. */
export function startHost(code: string, options: LocalExecutorOptions = {}): Promise<ChildProcess> {
  const host = fork(program, [JSON.stringify(options), JSON.stringify(code)], { stdio: "inherit" });
  return new Promise((resolve, reject) => {
    host.once("message", () => resolve(host));
    host.once("error", reject);
    host.once("exit", (exitCode) => reject(new Error(`The host ended with ${exitCode}.`)));
  });
}
