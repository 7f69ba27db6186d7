/**
 * What is loaded where a run is not an agent's alone: somebody decides on a call, another agent answers it, somebody goes on later with what was left, or there
 * is no agent at all. In one piece, since each that a bundler has to split off costs what every run loads some bytes.
 */
export { authorize } from "./authorize.ts";
export { callAgent } from "./call-agent.ts";
export { untrustedIn, warnOfLeaks } from "./data-flow.ts";
export { performCode } from "./perform-code.ts";
export { loadThread, saveThread } from "./saved-conversation.ts";
export { newContinuation, readSuspendedRun } from "./suspension.ts";
