export { type BridgeLimits, defaultBridgeLimits } from "./bridge-limits.ts";
export { bridgeSession } from "./bridge-session.ts";
export type { Carrier, SupervisionOptions } from "./carrier.ts";
export { pythonRunner } from "./python-runner.ts";
export { pythonSupervisor } from "./python-supervisor.ts";
export type { BridgeSessionOptions, ConnectOptions } from "./session-options.ts";
export { type Supervision, superviseCarrier } from "./supervise-carrier.ts";
export type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
