/** What keeps runs and conversations as JSON, and goes on from it: loaded together, by whoever needs any of it. */
export { loadThread, saveThread } from "./saved-conversation.ts";
export { newContinuation, readSuspendedRun } from "./suspension.ts";
