export { type BridgeLimits, defaultBridgeLimits } from "./bridge-limits.ts";
export { bridgeSession } from "./bridge-session.ts";
export { pythonRunner } from "./python-runner.ts";
export type { BridgeSessionOptions, ConnectOptions } from "./session-options.ts";
export type { WorkerChannel, WorkerExit } from "./worker-channel.ts";
