import { networkInterfaces } from "node:os";
import { listProcesses } from "../host-processes.ts";

const maxProcesses = 60;

/** Why the dangerous part of the corpus must not run here, or undefined. `codelet-namespace` sets the variable, this checks that it is true. */
export function namespaceMissing(): string | undefined {
  if (process.env.CODELET_NAMESPACE !== "1")
    return "the whole corpus runs in a pid and network namespace of its own only: codelet-namespace <command>";
  const others = Object.keys(networkInterfaces()).filter((name) => name !== "lo");
  if (others.length > 0) return `this network namespace has ${others.join(", ")}`;
  if (listProcesses().length > maxProcesses) return "this pid namespace is full of other processes";
  return undefined;
}
