/** What keeps runs and conversations as JSON, and goes on from it: loaded together, by whoever needs any of it. */
export { fromJournal } from "./catch-up.ts";
export { Recorder } from "./recorder.ts";
export { loadThread, saveThread } from "./saved-conversation.ts";
export { readSuspendedRun, suspendedRun } from "./suspension.ts";
