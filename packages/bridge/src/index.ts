export { checkAccessKey, isAccessKey } from "./access-keys.ts";
export { type BridgeLimits, defaultBridgeLimits } from "./bridge-limits.ts";
export { bridgeSession } from "./bridge-session.ts";
export type { Carrier, SupervisionOptions } from "./carrier.ts";
export { type CarrierSessionOptions, carrierSession, machineOf } from "./carrier-session.ts";
export { endMachine } from "./end-machine.ts";
export { type HttpCarrierOptions, httpCarrier } from "./http-carrier.ts";
export { type MachineGoneOptions, machineGone } from "./machine-gone.ts";
export { checkOptionNames, type ResolvedOptions } from "./option-names.ts";
export {
  checkEnvironment,
  checkInteger,
  checkName,
  checkNumber,
  checkTextList,
  checkTexts,
  type NumberBounds,
  unexpectedOption,
} from "./option-values.ts";
export { checkPackageNames, pipInstall } from "./package-names.ts";
export { pythonRunner } from "./python-runner.ts";
export { pythonSupervisor } from "./python-supervisor.ts";
export { type SdkFailureOptions, sdkFailure } from "./sdk-failure.ts";
export type { BridgeSessionOptions, ConnectOptions } from "./session-options.ts";
export { type Supervision, superviseCarrier } from "./supervise-carrier.ts";
export { type SupervisorBoot, type SupervisorBootOptions, shellCommand, supervisorBoot } from "./supervisor-boot.ts";
export { throwIfAborted, unlessAborted } from "./unless-aborted.ts";
export type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
