export { type BridgeLimits, defaultBridgeLimits } from "./bridge-limits.ts";
export { type BridgeSessionOptions, bridgeSession, type ConnectOptions } from "./bridge-session.ts";
export { pythonRunner } from "./python-runner.ts";
export type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
