import type { ExecutorCapabilities } from "@codelet/core";
import type { CaseContext } from "./case-context.ts";

/** One promise of the contract. */
export interface ContractCase {
  /** The behaviour in the present tense. Together with its group it is the name that a deviation declares. */
  readonly name: string;
  /** What the manifest has to claim; a case whose need is not claimed is skipped and counted. */
  readonly needs?: readonly Need[] | undefined;
  readonly timeoutMs?: number | undefined;
  /** Leaves a session as it was, variables apart: it may get one that other gentle cases have used, and gives it on. */
  readonly isGentle?: boolean | undefined;
  run(context: CaseContext): Promise<void>;
}

/** The same cases, marked as gentle. */
export function gentle(cases: readonly ContractCase[]): readonly ContractCase[] {
  return cases.map((testCase) => ({ ...testCase, isGentle: true }));
}

/** The switches of the manifest. */
export type Need =
  | "threads"
  | "processes"
  | "richOutput"
  | "fileTransfer"
  | "snapshot"
  | "pinned"
  | "replay"
  | "isolation"
  | "noNetwork"
  | "ownFiles"
  | "ownProcesses"
  | "noProcesses"
  | "memoryLimit"
  | "processLimit"
  | "outputLimit";

/** True where the manifest claims it, or else what the manifest says. */
type Switch = (claims: ExecutorCapabilities) => true | string;

const needs: Readonly<Record<Need, Switch>> = {
  threads: (claims) => claims.threads || "capabilities.threads is false",
  processes: (claims) => claims.processes !== "none" || 'capabilities.processes is "none"',
  richOutput: (claims) => claims.richOutput || "capabilities.richOutput is false",
  fileTransfer: (claims) => claims.fileTransfer || "capabilities.fileTransfer is false",
  snapshot: (claims) => claims.recovery.snapshot !== false || "capabilities.recovery.snapshot is false",
  pinned: (claims) => claims.recovery.pinned || "capabilities.recovery.pinned is false",
  replay: (claims) => claims.recovery.replay !== false || "capabilities.recovery.replay is false",
  isolation: (claims) => claims.isolation > 0 || "capabilities.isolation is 0",
  noNetwork: (claims) => claims.network === "none" || `capabilities.network is "${claims.network}"`,
  ownFiles: (claims) => claims.files !== "host" || 'capabilities.files is "host"',
  ownProcesses: (claims) => claims.processes !== "host" || 'capabilities.processes is "host"',
  noProcesses: (claims) => claims.processes === "none" || `capabilities.processes is "${claims.processes}"`,
  memoryLimit: (claims) => claims.limits.memory !== "none" || 'capabilities.limits.memory is "none"',
  processLimit: (claims) => isProcessLimit(claims.limits.processes) || `capabilities.limits.processes is "${claims.limits.processes}"`,
  outputLimit: (claims) => claims.limits.output || "capabilities.limits.output is false",
};

/** Why a case doesn't apply to an executor, in the words of its manifest. */
export function unmetNeed(wanted: readonly Need[] | undefined, claims: ExecutorCapabilities): string | undefined {
  for (const need of wanted ?? []) {
    const answer = needs[need](claims);
    if (answer !== true) return answer;
  }
  return undefined;
}

function isProcessLimit(limit: ExecutorCapabilities["limits"]["processes"]): boolean {
  return limit === "cgroup" || limit === "host-watch" || limit === "rlimit";
}
