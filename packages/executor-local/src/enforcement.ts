import { release } from "node:os";
import type { ExecutorCapabilities } from "@codelet/core";
import { cgroupParents } from "./cgroup-parents.ts";
import type { ResolvedLocalOptions } from "./options.ts";

/** Who holds a session to its limits on this machine. */
export type Enforcement = Pick<ExecutorCapabilities["limits"], "memory" | "processes">;

/** Since then a process limit counts the processes of one user namespace, before all of the user's. @see https://docs.kernel.org/ (ucounts, 5.14) */
const firstKernelWithNamespaceCounts = [5, 14] as const;

export function enforcementOf({ sandbox }: Pick<ResolvedLocalOptions, "sandbox">): Enforcement {
  if (process.platform !== "linux") return { memory: "none", processes: "none" };
  const parents = cgroupParents();
  const processes = parents.pids ? "cgroup" : sandbox !== "none" && countsByNamespace(release()) ? "rlimit" : "host-watch";
  return { memory: parents.memory ? "cgroup" : "host-watch", processes };
}

export function countsByNamespace(kernel: string): boolean {
  const [major = 0, minor = 0] = kernel.split(".").map(Number);
  const [firstMajor, firstMinor] = firstKernelWithNamespaceCounts;
  return major > firstMajor || (major === firstMajor && minor >= firstMinor);
}
