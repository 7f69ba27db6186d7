/**
 * What is loaded where others have a part in a run: who decides on a call, an agent that answers one, whoever goes on later with what was left. In one piece,
 * since each that a bundler has to split off costs what every run loads some bytes.
 */
export { authorize } from "./authorize.ts";
export { callAgent } from "./call-agent.ts";
export { untrustedIn, warnOfLeaks } from "./data-flow.ts";
export { loadThread, saveThread } from "./saved-conversation.ts";
export { newContinuation, readSuspendedRun } from "./suspension.ts";
