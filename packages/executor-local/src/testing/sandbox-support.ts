import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { isRoot } from "../unprivileged-user.ts";
import { whySandboxMissing } from "./why-sandbox-missing.ts";

/** Why the sandbox can't start on this machine; undefined where it can. Tests that need it say so and are skipped. */
export const sandboxMissing: string | undefined = await whySandboxMissing();

/** Debian's own interpreter, for the tests that need one outside every home, with numpy, pandas and PIL where they are installed. */
export const systemPython: string | undefined = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : undefined;

if (systemPython === undefined) console.info("SKIPPED: everything that needs the system's Python: there is no /usr/bin/python3");

/** Whether a host can be started in a pid namespace, as a container's is. */
export const canMakePidNamespace: boolean = isRoot() && spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "true"]).status === 0;
if (!canMakePidNamespace) console.info("SKIPPED: hosts in a container: only root makes pid namespaces, where its own container lets it");
