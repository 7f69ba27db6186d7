import { accessSync, constants } from "node:fs";
import { isRoot } from "../unprivileged-user.ts";
import { ordinaryUser } from "./other-host.ts";

/**
 * Makes this process one of an ordinary user, for good: Vitest runs each test file in a process of its own. Returns why the user can't run tests,
 * undefined where it can.
 */
export function becomeOrdinaryUser(): string | undefined {
  if (!isRoot()) return undefined;
  process.setgroups?.([]);
  process.setgid?.(ordinaryUser);
  process.setuid?.(ordinaryUser);
  process.env.HOME = "/nonexistent";
  try {
    for (const path of [process.execPath, new URL(import.meta.url).pathname]) accessSync(path, constants.R_OK);
    return undefined;
  } catch {
    const reason = "an ordinary user can't read Node or this checkout";
    console.info(`SKIPPED: the tests of an ordinary user: ${reason}`);
    return reason;
  }
}
