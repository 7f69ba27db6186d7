export { type AccessKeyOptions, accessKey } from "./access-key.ts";
export { type BridgeLimits, defaultBridgeLimits } from "./bridge-limits.ts";
export { bridgeSession } from "./bridge-session.ts";
export type { Carrier, SupervisionOptions } from "./carrier.ts";
export { type CarrierSessionOptions, carrierSession } from "./carrier-session.ts";
export { complaintAfter } from "./complaint.ts";
export { endMachine } from "./end-machine.ts";
export { type HttpStdioOptions, httpStdio } from "./http-stdio.ts";
export { type ImportSdkOptions, importSdk } from "./import-sdk.ts";
export { type CommandEnd, installPackages, pipInstall } from "./install-packages.ts";
export { type MachineCapabilities, type MachineProvider, machineExecutor, type PinnedMachines, type StartedMachine } from "./machine-executor.ts";
export { machineGone } from "./machine-gone.ts";
export {
  isAccessKey,
  type NumberBounds,
  type OptionReader,
  type OptionReaders,
  option,
  type ResolvedOptions,
  readOptions,
  unexpectedOption,
} from "./options.ts";
export { pythonRunner } from "./python-runner.ts";
export { pythonSupervisor } from "./python-supervisor.ts";
export { type ReferencePart, readReference } from "./read-reference.ts";
export { limitReached, providersFault, type SdkErrorMeaning, type SdkErrorOptions, sdkError, usersFault } from "./sdk-error.ts";
export type { BridgeSessionOptions, ConnectOptions } from "./session-options.ts";
export { SharedWork, type WorkOptions } from "./shared-work.ts";
export { type Stdio, type StdioCarrierOptions, stdioCarrier } from "./stdio-carrier.ts";
export { type Supervision, superviseCarrier } from "./supervise-carrier.ts";
export { type SupervisorBoot, type SupervisorBootOptions, shellCommand, supervisorBoot } from "./supervisor-boot.ts";
export { throwIfAborted } from "./unless-aborted.ts";
export type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
