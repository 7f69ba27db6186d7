import { contractGroups, type GroupName } from "@codelet/executor-contract";

/** Half of the contract's time: in a file of its own, to run beside the other half. */
export const hostileGroups: readonly GroupName[] = ["limits", "crashes", "escapes"];

export const otherGroups: readonly GroupName[] = contractGroups.filter((group) => !hostileGroups.includes(group));
