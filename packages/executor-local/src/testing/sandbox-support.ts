import { existsSync } from "node:fs";
import { whySandboxMissing } from "./why-sandbox-missing.ts";

/** Why the sandbox can't start on this machine; undefined where it can. Tests that need it say so and are skipped. */
export const sandboxMissing: string | undefined = await whySandboxMissing();

/** Debian's own interpreter, for the tests that need one outside every home, with numpy, pandas and PIL where they are installed. */
export const systemPython: string | undefined = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : undefined;
