import { execFileSync } from "node:child_process";
import { python } from "./child-channel.ts";

const known = new Map<string, boolean>();

/** Whether the Python of the tests is without a module; then its tests are skipped, and the reason is printed. */
export function isMissing(module: string): boolean {
  const before = known.get(module);
  if (before !== undefined) return before;
  const isThere = canImport(module);
  if (!isThere) console.log(`SKIPPED what needs ${module}: ${python} has none.`);
  known.set(module, !isThere);
  return !isThere;
}

function canImport(module: string): boolean {
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
