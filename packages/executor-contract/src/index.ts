export type { CaseContext } from "./case-context.ts";
export {
  type ContractOptions,
  contractGroups,
  type Deviation,
  type ExecutorModule,
  type Faults,
  type GroupName,
  type RegisterGroup,
  type RegisterTest,
  type ResolvedContractOptions,
} from "./contract-options.ts";
export { contractFunctions, contractTools } from "./contract-tools.ts";
export { type DrivenStep, type DriveOptions, driveStep, type HostCall, type HostFunction, nextCall, untilDone } from "./drive-step.ts";
export { escapeControl, type PositiveControlOptions } from "./escapes/positive-control.ts";
export { contractCaseNames, executorContract } from "./executor-contract.ts";
export { LeakedCanary } from "./leaked-canary.ts";
export { type RefusalOptions, refusalOf } from "./refusal-of.ts";
